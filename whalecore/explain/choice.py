"""Which engine makes an occlusion map."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.explain.engines import Engine, ExactEngine, ReferenceEngine
from whalecore.explain.folded import FoldedNetwork, fold
from whalecore.explain.work import brute_force_work, largest_map
from whalecore.identifiers.ensemble import Ensemble
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Computing, OcclusionSettings

MOST_ON_CPU = 32
"""Patches computed together on a processor: more no longer fit its cache."""

MOST_ON_GPU = 1024

REFERENCE_BATCH = 16

TENSORS_ALIVE = 6
"""Of the size of the largest tile, while a block is computed."""


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
        If the exact engine is asked for and does not understand the network.
    """
    if isinstance(identifier, Ensemble):
        # Here, because the engine of an ensemble asks for those of its parts.
        from whalecore.explain.ensemble import ensemble_engine

        return ensemble_engine(identifier, images, settings, computing, limit)
    if computing.engine == "reference":
        return ReferenceEngine(identifier, images, settings, limit or REFERENCE_BATCH)
    network = folded_form(identifier, computing.precision)
    if network is not None:
        engine = ExactEngine(network, images, settings, limit or _limit(network, images, computing))
        agrees = _agrees(identifier, images)
        if agrees and (computing.engine == "exact" or _pays(engine, images)):
            return engine
    if computing.engine == "exact":
        raise SettingsError(
            "The exact engine understands torchvision's residual networks only, and this "
            "identifier is built otherwise: choose the engine 'reference' or 'auto'."
        )
    return ReferenceEngine(identifier, images, settings, limit or REFERENCE_BATCH)


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


def _pays(engine: ExactEngine, images: Tensor) -> bool:
    """Whether tiles are less work than photos: on tiny ones, soon everything has changed."""
    height, width = images.shape[2:]
    brute = brute_force_work(engine.network, height, width, REFERENCE_BATCH)
    return images.is_cuda or engine.work < brute


def _limit(network: FoldedNetwork, images: Tensor, computing: Computing) -> int:
    """Patches whose tiles fit into the memory allowed."""
    # No tile is larger than its map.
    height, width = images.shape[2:]
    bytes_each = torch.finfo(network.dtype).bits // 8
    size = TENSORS_ALIVE * bytes_each * largest_map(network, height, width)
    most = MOST_ON_CPU if images.device.type == "cpu" else MOST_ON_GPU
    return max(1, min(most, computing.memory * 2**20 // size))
