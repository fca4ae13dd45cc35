"""Occlusion maps of several photos whose patches share batches, which keeps a GPU busy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from whalecore.errors import SettingsError
from whalecore.explain.allowance import with_memory
from whalecore.explain.choice import lowered_precision, make_engine, photos_at_once
from whalecore.explain.engines import Engine
from whalecore.explain.inputs import columns_of
from whalecore.explain.occlusion import PAUSE, MapsInTheMaking, engine_blocks
from whalecore.explain.shortage import is_shortage, too_little_memory
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

    The maps are those that `whalecore.explain.occlusion.growing_maps` gives photo by photo. Where
    ``computing.memory`` does not hold all photos, or the memory there is runs out, the finer
    levels of some photos come after those of others.

    Parameters
    ----------
    photos : sequence of Tensor of shape (3, height, width)
        Prepared.
    individuals : sequence of sequence of str
        Of each photo, those that are explained.

    Yields
    ------
    list of OcclusionMaps
        One per photo, after each level and in long ones every few seconds; of the last all are
        finished.

    Raises
    ------
    SettingsError
        If fast maps are asked for, which choose their positions photo by photo, or not even one
        covered photo fits.
    """
    if not settings.exact:
        raise SettingsError(
            "Maps of several photos are computed together with accuracy 1 only: compute fast "
            "maps one photo at a time."
        )
    prepared = torch.stack([photo.to(identifier.device) for photo in photos])
    names = [tuple(one) for one in individuals]
    computing = with_memory(computing or Computing(), identifier.device)
    sharing = _Sharing(identifier, prepared, names, settings, computing)
    yield from sharing.levels()


class _Sharing:
    """Photos that share an engine: all of them, or some after others where memory is short."""

    def __init__(
        self,
        identifier: AnyIdentifier,
        prepared: torch.Tensor,
        names: list[tuple[str, ...]],
        settings: OcclusionSettings,
        computing: Computing,
    ) -> None:
        self._identifier, self._prepared, self._names = identifier, prepared, names
        self._settings, self._computing = settings, computing
        self._at_once = photos_at_once(identifier, prepared, settings, computing)
        self._limit: int | None = None
        self._engine: Engine | None = None
        self._engine_of = range(0)
        self._makings: list[MapsInTheMaking] = []

    def levels(self) -> Iterator[list[OcclusionMaps]]:
        """The coarsest level of all photos, and then the finer ones."""
        for _ in self._computed(slice(0, 1)):
            pass
        if self._computing.precision != "float32":
            self._release()
            for making in self._makings:
                making.measure_deviation()
        yield self._so_far()
        for _ in self._computed(slice(1, None)):
            yield self._so_far()

    def _so_far(self) -> list[OcclusionMaps]:
        return [making.so_far() for making in self._makings]

    def _computed(self, levels: slice) -> Iterator[None]:
        """Compute some levels of all photos, stopping where something can be shown."""
        first = 0
        while first < len(self._prepared):
            group = range(first, min(first + self._at_once, len(self._prepared)))
            short = False
            try:
                yield from self._of_group(group, levels)
            except (RuntimeError, MemoryError) as error:
                # Answered further down, where the error no longer holds on to the memory.
                short = is_shortage(error)
                if not short:
                    raise
            if short:
                self._take_less()
            else:
                first = group.stop

    def _of_group(self, group: range, levels: slice) -> Iterator[None]:
        engine = self._engine_for(group)
        makings, shown = self._makings[group.start : group.stop], time.monotonic()
        precision = makings[0].computing.precision
        for phases in engine.grid.phases_by_level()[levels]:
            missing = [phase for phase in phases if not makings[0].phase_known(phase)]
            for phase in missing:
                for block in engine_blocks(engine, phase, precision):
                    for making in makings:
                        making.take(block)
                if time.monotonic() - shown > PAUSE and phase is not missing[-1]:
                    yield
                    shown = time.monotonic()
            if missing:
                yield
                shown = time.monotonic()

    def _engine_for(self, group: range) -> Engine:
        """The engine of some photos, which then take part in it."""
        if self._engine is None or group != self._engine_of:
            self._release()
            some = self._prepared[group.start : group.stop]
            with torch.inference_mode(), lowered_precision(self._computing.precision):
                self._engine = make_engine(
                    self._identifier, some, self._settings, self._computing, self._limit
                )
            self._engine_of = group
            # Smaller batches later shall not change the kind of engine.
            self._computing = replace(self._computing, engine=self._engine.name)
            for number, photo in enumerate(group):
                self._take_part(photo, number)
        return self._engine

    def _take_part(self, photo: int, number: int) -> None:
        if photo < len(self._makings):
            self._makings[photo].engine = self._engine
            self._makings[photo].number = number
            return
        self._makings.append(
            MapsInTheMaking(
                self._identifier,
                self._prepared[photo],
                self._names[photo],
                columns_of(self._identifier, self._names[photo]),
                self._settings,
                self._computing,
                self._engine,
                number,
            )
        )

    def _take_less(self) -> None:
        """Compute fewer patches together, or where each photo has but one, fewer photos."""
        if self._engine is not None and self._engine.limit > self._at_once:
            self._limit = self._engine.limit // 2
        elif self._at_once > 1:
            self._at_once = -(-self._at_once // 2)
        else:
            raise too_little_memory(self._prepared.device)
        self._release()

    def _release(self) -> None:
        """Let go of the engine, which holds the memory that the next one needs."""
        self._engine = None
        for making in self._makings:
            making.engine = None
        if self._prepared.is_cuda:
            torch.cuda.empty_cache()
