"""Occlusion maps of several identifiers together.

At every place each part's engine computes its own logits; what they are combined to is the
ensemble's answer there. So the maps are those of brute force on the ensemble, and where all members
know the same individuals, maps of the score are the mean of the members' maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.explain.choice import REFERENCE_BATCH, make_engine
from whalecore.explain.engines import Block, Engine, ReferenceEngine, evenly
from whalecore.explain.patches import covered_pixels
from whalecore.identifiers.ensemble import Ensemble
from whalecore.identifiers.parts import Part
from whalecore.types import LEAST_MEMORY, Computing, OcclusionSettings


class EnsembleEngine:
    """Combines the engines of all parts; see `whalecore.explain.engines.Engine`.

    Parameters
    ----------
    engines : sequence of Engine
        Of the parts, in their order, all with the same grid.
    turned : sequence of bool
        Which of them compute the mirrored photos.
    """

    def __init__(
        self, ensemble: Ensemble, engines: Sequence[Engine], turned: Sequence[bool]
    ) -> None:
        self.name = "exact" if all(one.name == "exact" for one in engines) else "reference"
        self.limit = min(one.limit for one in engines)
        self.grid = engines[0].grid
        self.clean = ensemble.combined([one.clean for one in engines])
        self._combined = ensemble.combined
        self._engines = tuple(zip(engines, turned, strict=True))

    def blocks(self, phase: tuple[int, int]) -> Iterator[Block]:
        """A phase as one block: it is small."""
        rows, cols = self.grid.rows.members(phase[0]), self.grid.cols.members(phase[1])
        own = [self._phase(engine, turned, phase) for engine, turned in self._engines]
        yield Block(rows, cols, self._combined(own))

    def _phase(self, engine: Engine, turned: bool, phase: tuple[int, int]) -> Tensor:
        """Logits (photos, rows, cols, individuals) of an engine at the places of a phase."""
        down, across = self.grid.rows, self.grid.cols
        rows, cols = down.members(phase[0]), across.members(phase[1])
        # In the mirror, column c is the last one minus c.
        theirs = (across.count - 1 - phase[1]) % across.phases if turned else phase[1]
        found = engine.clean.new_empty((len(engine.clean), len(rows), len(cols), _width(engine)))
        for block in engine.blocks((phase[0], theirs)):
            columns = across.count - 1 - block.cols[::-1] if turned else block.cols
            at_rows = evenly((block.rows - phase[0]) // down.phases)
            at_cols = evenly((columns - phase[1]) // across.phases)
            found[:, at_rows, at_cols] = block.logits.flip(2) if turned else block.logits
        return found


def ensemble_engine(
    ensemble: Ensemble,
    images: Tensor,
    settings: OcclusionSettings,
    computing: Computing,
    limit: int | None = None,
) -> EnsembleEngine:
    """The engine of an ensemble: exact parts where that is possible, brute force elsewhere.

    A mirrored photo is served by the exact engine where the covered squares are the same from
    either side; parameters as for `whalecore.explain.choice.make_engine`.
    """
    computing = share_of_memory(ensemble, computing)
    same = _same_in_the_mirror(images.shape[-1], settings)
    if computing.engine == "exact" and not same and any(one.mirrored for one in ensemble.parts):
        raise SettingsError(
            f"Patch {settings.patch} and stride {settings.stride} cover other squares in the "
            "mirror, where the exact engine cannot follow: choose the engine 'auto', or an even "
            "patch with an even stride."
        )
    made = [_part_engine(one, images, settings, computing, limit, same) for one in ensemble.parts]
    exact = [engine for engine, _ in made if engine.name == "exact"]
    alike = len({engine.grid for engine in exact}) < 2
    if len(exact) < len(made) and (computing.precision != "float32" or not alike):
        plain = replace(computing, engine="reference", precision="float32")
        made = [_part_engine(one, images, settings, plain, limit, same) for one in ensemble.parts]
        exact = []
    for engine, _ in made:
        # The places are the same; brute force takes them in any order.
        engine.grid = (exact or [made[0][0]])[0].grid
    return EnsembleEngine(ensemble, *zip(*made, strict=True))


def share_of_memory(ensemble: Ensemble, computing: Computing) -> Computing:
    """Of the memory allowed, what each part may take.

    Raises
    ------
    SettingsError
        If that is less than an engine may be given.
    """
    count = len(ensemble.parts)
    if computing.memory < count * LEAST_MEMORY:
        raise SettingsError(
            f"{computing.memory} MiB of memory are too little for {count} networks together: allow "
            f"at least {count * LEAST_MEMORY}."
        )
    return replace(computing, memory=computing.memory // count)


def _part_engine(
    part: Part,
    images: Tensor,
    settings: OcclusionSettings,
    computing: Computing,
    limit: int | None,
    same: bool,
) -> tuple[Engine, bool]:
    """An engine, and whether it computes the mirrored photo."""
    if not part.mirrored:
        return make_engine(part.identifier, images, settings, computing, limit), False
    if same:
        turned = images.flip(-1)
        return make_engine(part.identifier, turned, settings, computing, limit), True
    memory = computing.memory * 2**20
    return ReferenceEngine(part, images, settings, limit or REFERENCE_BATCH, memory), False


def _same_in_the_mirror(width: int, settings: OcclusionSettings) -> bool:
    covered = covered_pixels(width, settings.patch, settings.stride)
    return bool(np.array_equal(covered, covered[::-1, ::-1]))


def _width(engine: Engine) -> int:
    return engine.clean.shape[-1]
