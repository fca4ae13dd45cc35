"""Occlusion maps of several photos whose patches share batches, which keeps a GPU busy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch

from whalecore.errors import SettingsError
from whalecore.explain.choice import lowered_precision, make_engine
from whalecore.explain.inputs import columns_of
from whalecore.explain.occlusion import PAUSE, MapsInTheMaking, engine_blocks
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Computing, OcclusionMaps, OcclusionSettings


def maps_growing_together(
    identifier: AnyIdentifier,
    photos: Sequence[torch.Tensor],
    individuals: Sequence[Sequence[str]],
    settings: OcclusionSettings,
    computing: Computing | None = None,
) -> Iterator[list[OcclusionMaps]]:
    """Compute the exact maps of several photos coarse to fine, each phase for all photos at once.

    The maps are those that `whalecore.explain.occlusion.growing_maps` gives photo by photo.

    Parameters
    ----------
    photos : sequence of Tensor of shape (3, height, width)
        Prepared.
    individuals : sequence of sequence of str
        Of each photo, those that are explained.

    Yields
    ------
    list of OcclusionMaps
        One per photo, after each level and in long ones every few seconds; the last is finished.

    Raises
    ------
    SettingsError
        If fast maps are asked for, which choose their positions photo by photo.
    torch.OutOfMemoryError
        If the memory does not hold all photos; what was yielded can be continued one by one.
    """
    if not settings.exact:
        raise SettingsError(
            "Maps of several photos are computed together with accuracy 1 only: compute fast "
            "maps one photo at a time."
        )
    computing = computing or Computing()
    prepared = [photo.to(identifier.device) for photo in photos]
    with torch.inference_mode(), lowered_precision(computing.precision):
        engine = make_engine(identifier, torch.stack(prepared), settings, computing)
    all_photos = [
        MapsInTheMaking(
            identifier,
            photo,
            tuple(names),
            columns_of(identifier, names),
            settings,
            computing,
            engine,
            number,
        )
        for number, (photo, names) in enumerate(zip(prepared, individuals, strict=True))
    ]
    first, shown = all_photos[0], time.monotonic()
    for level, phases in enumerate(engine.grid.phases_by_level()):
        for phase in phases:
            for block in engine_blocks(engine, phase, first.computing.precision):
                for making in all_photos:
                    making.take(block)
            if time.monotonic() - shown > PAUSE and phase is not phases[-1] and level:
                yield [making.so_far() for making in all_photos]
                shown = time.monotonic()
        if level == 0:
            for making in all_photos:
                making.measure_deviation()
        if phases:
            yield [making.so_far() for making in all_photos]
            shown = time.monotonic()
