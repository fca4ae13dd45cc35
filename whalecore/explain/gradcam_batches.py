"""Grad-CAM of many photos, as many at once as the memory allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.explain.alive import AliveBytes
from whalecore.explain.allowance import with_memory
from whalecore.explain.gradcam import grad_cams_of
from whalecore.explain.shortage import is_shortage, too_little_memory
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Computing


def grad_cams_in_batches(
    identifier: AnyIdentifier,
    photos: Sequence[torch.Tensor],
    individuals: Sequence[Sequence[str]],
    layers: Sequence[str],
    computing: Computing | None = None,
) -> dict[str, np.ndarray]:
    """Return what `grad_cams_of` gives, in batches that fit into the memory.

    Where the memory there is runs out all the same, batches become smaller.

    Parameters
    ----------
    photos : sequence of Tensor of shape (3, height, width)
        Prepared.
    computing : Computing, optional
        Its memory is what counts here.

    Raises
    ------
    SettingsError
        As `grad_cams_of`, or where there is too little memory for a single photo.
    """
    computing = with_memory(computing or Computing(), identifier.device)
    fitting = computing.memory * 2**20 // _bytes_of_one(identifier, photos[0], layers)
    at_once = max(1, min(len(photos), fitting))
    found: list[dict[str, np.ndarray]] = []
    first = 0
    while first < len(photos):
        some = slice(first, first + at_once)
        cams = _unless_short(identifier, photos[some], individuals[some], layers)
        if cams is not None:
            found.append(cams)
            first = some.stop
        elif at_once > 1:
            at_once //= 2
        else:
            raise _too_little(identifier)
    return {layer: np.concatenate([one[layer] for one in found]) for layer in layers}


def _unless_short(
    identifier: AnyIdentifier,
    photos: Sequence[torch.Tensor],
    individuals: Sequence[Sequence[str]],
    layers: Sequence[str],
) -> dict[str, np.ndarray] | None:
    """The maps of some photos at once; None where the memory does not suffice."""
    try:
        return grad_cams_of(identifier, torch.stack(list(photos)), individuals, layers)
    except (RuntimeError, MemoryError) as error:
        if not is_shortage(error):
            raise
    # Where the error no longer holds on to the memory.
    if identifier.device.type == "cuda":
        torch.cuda.empty_cache()
    return None


def _bytes_of_one(identifier: AnyIdentifier, photo: torch.Tensor, layers: Sequence[str]) -> int:
    """Bytes that one photo takes at most, measured once and kept with the identifier."""
    forms = getattr(identifier, "prepared_forms", {})
    name = f"Grad-CAM bytes {','.join(sorted(layers))}"
    if name not in forms:
        with AliveBytes() as alive:
            if _unless_short(identifier, [photo], [identifier.individuals[:1]], layers) is None:
                raise _too_little(identifier)
        forms[name] = alive.most
    return forms[name]


def _too_little(identifier: AnyIdentifier) -> SettingsError:
    return too_little_memory(identifier.device, "the Grad-CAM of a single photo")
