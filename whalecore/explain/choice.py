"""Which engine makes an occlusion map."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.explain.allowance import with_memory
from whalecore.explain.engines import Engine, ExactEngine, ReferenceEngine, mebibytes
from whalecore.explain.folded import FoldedNetwork, fold
from whalecore.explain.room import clean_bytes, room_needed, weight_bytes
from whalecore.explain.tiling import Tiling
from whalecore.explain.work import GPU, PROCESSOR, brute_force_work
from whalecore.identifiers.ensemble import Ensemble
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Computing, OcclusionSettings

MOST_ON_CPU = 32
"""Patches computed together on a processor: more no longer fit its cache."""

MOST_ON_GPU = 1024

REFERENCE_BATCH = 16

MOST_WORK = 1.1
"""Estimated work of the tiles as a share of brute force's, up to which they are taken.

Above 1, because the estimate favours brute force: of ten networks, inputs and strides where it gave
tiles 0.94 to 1.4 times the speed, they had 1.3 to 1.8 times (two cores with AVX2).
"""


def make_engine(
    identifier: AnyIdentifier,
    images: Tensor,
    settings: OcclusionSettings,
    computing: Computing,
    limit: int | None = None,
) -> Engine:
    """The engine for some photos.

    Parameters
    ----------
    images : Tensor of shape (photos, 3, height, width), float32
        Prepared.
    limit : int, optional
        Most patches computed together; otherwise found from ``computing.memory``.

    Raises
    ------
    SettingsError
        If the exact engine is asked for and does not understand the network or does not fit into
        the memory allowed, or not even one covered photo does.
    """
    computing = with_memory(computing, images.device)
    if isinstance(identifier, Ensemble):
        # Here, because the engine of an ensemble asks for those of its parts.
        from whalecore.explain.ensemble import ensemble_engine

        return ensemble_engine(identifier, images, settings, computing, limit)
    memory = computing.memory * 2**20
    network = None
    if computing.engine != "reference":
        network = folded_form(identifier, computing.precision)
        if network is not None and not _agrees(identifier, images[:1]):
            network = None
        if network is None and computing.engine == "exact":
            raise SettingsError(
                "The exact engine understands torchvision's residual networks only, and this "
                "identifier is built otherwise: choose the engine 'reference' or 'auto'."
            )
    if network is not None:
        kept = _kept_weights(identifier, network)
        tiling, fitting = _tiling(network, images, settings, memory - kept, limit)
        device = images.device.type
        if tiling is not None and (computing.engine == "exact" or _pays(network, tiling, device)):
            return ExactEngine(network, images, settings, fitting, tiling)
        if computing.engine == "exact":
            raise _too_narrow(network, images, settings, kept, computing.memory)
        if tiling is None:
            _forget_folded(identifier)
        else:
            memory -= kept
    return ReferenceEngine(identifier, images, settings, limit or REFERENCE_BATCH, memory)


def photos_at_once(
    identifier: AnyIdentifier, images: Tensor, settings: OcclusionSettings, computing: Computing
) -> int:
    """How many of some photos can share an engine.

    Half of the memory that the folded weights leave is for the patches.

    Parameters are those of `make_engine`.
    """
    computing = with_memory(computing, images.device)
    if isinstance(identifier, Ensemble):
        from whalecore.explain.ensemble import share_of_memory

        computing = share_of_memory(identifier, computing)
        parts = [part.identifier for part in identifier.parts]
        return min(photos_at_once(part, images, settings, computing) for part in parts)
    network = folded_form(identifier, computing.precision)
    count = len(images)
    if network is None or computing.engine == "reference":
        return count
    tiling = Tiling(network, *images.shape[2:], settings, most=1)
    each = clean_bytes(network, tiling, photos=1)
    left = computing.memory * 2**20 - _kept_weights(identifier, network)
    return max(1, min(count, left // 2 // each))


def folded_form(identifier: AnyIdentifier, precision: str = "float32") -> FoldedNetwork | None:
    """The identifier's network for the exact engine, made once; None if it is of another kind."""
    network = getattr(identifier, "network", None)
    if not isinstance(network, torch.nn.Module):
        return None
    forms = getattr(identifier, "prepared_forms", {})
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    name = f"folded {dtype}"
    if name not in forms:
        forms[name] = fold(network, dtype)
    return forms[name]


# The precision of products is one setting for all threads of the process: while one thread has
# set it, no other may compute in another.
_PRECISION = RLock()


@contextmanager
def lowered_precision(precision: str) -> Iterator[None]:
    """Allow or forbid the shorter numbers (tf32) that a GPU multiplies faster.

    Other threads wait until this one is done.
    """
    allowed = precision == "tf32"
    with _PRECISION:
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high" if allowed else "highest")
        try:
            with torch.backends.cudnn.flags(enabled=True, allow_tf32=allowed):
                yield
        finally:
            torch.set_float32_matmul_precision(before)


def _agrees(identifier: AnyIdentifier, images: Tensor) -> bool:
    """Whether the folded network gives the identifier's own logits: it might do more than that.

    Asked with the first photo; the answer is kept beside the folded network.
    """
    forms = getattr(identifier, "prepared_forms", {})
    if "agrees" not in forms:
        # In full precision: shorter numbers alone may change a logit by more than is allowed here.
        with lowered_precision("float32"):
            own = identifier.logits(images).float()
            folded = folded_form(identifier).logits(images)
        forms["agrees"] = bool((own - folded).abs().max() <= 1e-3 * (1 + own.abs().max()))
    return forms["agrees"]


def _pays(network: FoldedNetwork, tiling: Tiling, device: str) -> bool:
    """Whether tiles are less work than photos.

    They are not on tiny photos, where soon everything has changed, and where hardly any positions
    can be computed together.
    """
    costs = GPU if device == "cuda" else PROCESSOR
    brute = brute_force_work(network, *tiling.size, REFERENCE_BATCH, costs)
    return tiling.work(costs) < MOST_WORK * brute


def _kept_weights(identifier: AnyIdentifier, network: FoldedNetwork) -> int:
    """Bytes of the identifier's folded forms; that of float32 is kept beside one of bfloat16."""
    forms = getattr(identifier, "prepared_forms", {}).values()
    return sum(map(weight_bytes, {network, *(one for one in forms if _is_folded(one))}))


def _forget_folded(identifier: AnyIdentifier) -> None:
    """Give back the memory of forms that are of no use: brute force needs it."""
    forms = getattr(identifier, "prepared_forms", {})
    for name in [name for name, one in forms.items() if _is_folded(one)]:
        del forms[name]


def _is_folded(form: object) -> bool:
    return isinstance(form, FoldedNetwork)


def _tiling(
    network: FoldedNetwork,
    images: Tensor,
    settings: OcclusionSettings,
    memory: int,
    limit: int | None,
) -> tuple[Tiling | None, int]:
    """As many patches together as fit into so many bytes; None where not even one fits.

    A ``limit`` comes from an engine that did fit.
    """
    photos = len(images)
    most = limit or (MOST_ON_CPU if images.device.type == "cpu" else MOST_ON_GPU)
    while True:
        tiling = Tiling(network, *images.shape[2:], settings, max(1, most // photos))
        if limit or room_needed(network, tiling, photos) <= memory:
            return tiling, most
        if most <= photos:
            return None, most
        most //= 2


def _too_narrow(
    network: FoldedNetwork, images: Tensor, settings: OcclusionSettings, kept: int, memory: int
) -> SettingsError:
    tiling = Tiling(network, *images.shape[2:], settings, most=1)
    least = mebibytes(kept + room_needed(network, tiling, len(images)))
    return SettingsError(
        f"The exact engine needs {least} MiB of memory for a photo of this size, and {memory} "
        "are allowed: allow more memory."
    )
