"""Occlusion maps of several photos whose patches share batches, which keeps a GPU busy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch

from whalecore.errors import SettingsError
from whalecore.explain.inputs import columns_of
from whalecore.explain.occlusion import (
    PAUSE,
    MapsInTheMaking,
    engine_blocks,
    make_engine_within_memory,
)
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Computing, OcclusionMaps, OcclusionSettings, silent


def maps_growing_together(
    identifier: AnyIdentifier,
    photos: Sequence[torch.Tensor],
    individuals: Sequence[Sequence[str]],
    settings: OcclusionSettings,
    computing: Computing | None = None,
) -> Iterator[list[OcclusionMaps]]:
    """Compute the exact maps of several photos coarse to fine, each phase for all photos at once.

    The maps are those that `whalecore.explain.occlusion.growing_maps` gives photo by photo. Where
    the memory is too short for all photos, they are finished one after the other.

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
    """
    if not settings.exact:
        raise SettingsError(
            "Maps of several photos are computed together with accuracy 1 only: compute fast "
            "maps one photo at a time."
        )
    computing = computing or Computing()
    prepared = [photo.to(identifier.device) for photo in photos]
    engine = make_engine_within_memory(identifier, torch.stack(prepared), settings, computing)
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
    try:
        yield from _levels_together(all_photos)
        return
    except torch.OutOfMemoryError:
        # Answered further down, where the error no longer holds on to the memory.
        del engine
    yield from _one_after_the_other(all_photos)


def _levels_together(all_photos: list[MapsInTheMaking]) -> Iterator[list[OcclusionMaps]]:
    first, shown = all_photos[0], time.monotonic()
    for level, phases in enumerate(first.grid.phases_by_level()):
        for phase in phases:
            for block in engine_blocks(first.engine, phase, first.computing.precision):
                for making in all_photos:
                    making.take(block)
            if time.monotonic() - shown > PAUSE and phase is not phases[-1]:
                yield [making.so_far() for making in all_photos]
                shown = time.monotonic()
        if level == 0:
            for making in all_photos:
                making.measure_deviation()
        if phases:
            yield [making.so_far() for making in all_photos]
            shown = time.monotonic()


def _one_after_the_other(all_photos: list[MapsInTheMaking]) -> Iterator[list[OcclusionMaps]]:
    for making in all_photos:
        making.engine = None
    torch.cuda.empty_cache()
    for making in all_photos:
        making.make_engine()
        for _ in making.levels(silent):
            yield [one.so_far() for one in all_photos]
        making.engine = None
