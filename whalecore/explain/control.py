"""Maps of linearised networks that correct what a coarse grid misses (control variates).

Exact values on a coarse grid are interpolated; what they miss between the positions comes from
the map of the network linearised behind its early blocks (`whalecore.explain.linear`): the
*difference* of the two is smooth, and it is the difference that is interpolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from whalecore.explain.choice import lowered_precision
from whalecore.explain.engines import ExactEngine
from whalecore.explain.interpolation import smoothly_interpolated
from whalecore.explain.linear import LinearisedMaps
from whalecore.explain.phases import MapGrid
from whalecore.explain.room import clean_bytes, weight_bytes
from whalecore.explain.shortage import is_shortage

if TYPE_CHECKING:
    from whalecore.explain.occlusion import MapsInTheMaking

Spacing = tuple[int, int]
"""Pixels between positions, along rows and along columns."""

Linear = tuple[int, Spacing]
"""Of a linearised map: how many quarters of layer1 and layer2 stay exact, and its positions."""

LEAST_LEFT = 1e-3
"""Share of a probability below which it counts as gone: stored values are no finer than that."""

GRADIENT = 1
"""Times the clean maps of a photo: what a gradient keeps at most on its way through the network."""


class Outputs:
    """Scores as the numbers that are interpolated: logarithms of probabilities, or logits.

    A probability close to 0 or 1 bends what a patch does; its logarithm bends less.
    """

    def __init__(self, making: MapsInTheMaking) -> None:
        self._scores = making.scores
        self._probability = making.settings.target == "probability"
        self._clean = making.clean.cpu().numpy()[:, None, None]

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        scores = self._scores(logits)
        return scores.log() if self._probability else scores

    def changes(self, drops: np.ndarray) -> np.ndarray:
        """Change of the outputs where the scores fall by so much."""
        if not self._probability:
            return -drops
        return np.log(np.maximum(1 - drops / self._clean, LEAST_LEFT))

    def drops(self, changes: np.ndarray) -> np.ndarray:
        """Fall of the scores where the outputs change by so much."""
        if not self._probability:
            return -changes
        return self._clean - np.minimum(self._clean * np.exp(changes), 1)


class Control:
    """Linearised maps of one photo, made as far as they are asked for.

    Attributes
    ----------
    outputs : Outputs
    """

    def __init__(self, making: MapsInTheMaking) -> None:
        self.outputs = Outputs(making)
        self._making = making
        self._maps: dict[int, LinearisedMaps] = {}

    def estimate(
        self, drops: np.ndarray, exact: Spacing, linear: Sequence[Linear]
    ) -> tuple[np.ndarray, bool]:
        """Drops at every position: each map corrects the one before, by what it differs.

        Parameters
        ----------
        drops : ndarray of shape (maps, rows, cols)
            Exact where the grid ``exact`` is.
        exact : (int, int)
            Pixels between its positions, along rows and along columns.
        linear : sequence of (int, (int, int))
            From fine to coarse: how many quarters of layer1 and layer2 together stay exact, and
            the pixels between the positions of that linearised map.

        Returns
        -------
        (ndarray of shape (maps, rows, cols), float64; bool)
            The drops, and whether linearised maps took part: they do not where the engine has no
            tiles or the memory is short.
        """
        maps = [(self._linearised(*one), self._levels(one[1])) for one in linear]
        maps = [one for one in maps if one[0] is not None]
        stages = [*maps, (self.outputs.changes(drops), self._levels(exact))]
        total, before = 0.0, 0.0
        for changes, levels in stages:
            total = total + smoothly_interpolated(changes - before, levels, self._making.grid)
            before = changes
        return self.outputs.drops(total), bool(maps)

    def _levels(self, spacing: Spacing) -> tuple[int, int]:
        return levels_at(self._making, spacing)

    def _linearised(self, quarters: int, spacing: Spacing) -> np.ndarray | None:
        """Changes of the outputs, known at least on this grid."""
        making = self._making
        at_once = _gradients_at_once(making) if isinstance(making.engine, ExactEngine) else 0
        if not at_once:
            return None
        depth = _depth(making.engine.network.layers, quarters)
        try:
            with lowered_precision(making.computing.precision):
                if depth not in self._maps:
                    images = making.prepared[None]
                    self._maps[depth] = LinearisedMaps(
                        making.engine, images, depth, self.outputs, at_once
                    )
                self._maps[depth].compute(phases_of(making.grid, self._levels(spacing)))
        except (RuntimeError, MemoryError) as error:
            # It only helps: the error is measured with it or without.
            if not is_shortage(error):
                raise
            return None
        return self._maps[depth].changes.double().cpu().numpy()


def levels_at(making: MapsInTheMaking, spacing: Spacing) -> tuple[int, int]:
    """How fine the grid is, along rows and columns, whose positions are at most so far apart.

    Parameters
    ----------
    spacing : (int, int)
        Pixels.
    """
    stride = making.settings.stride
    rows, cols = (
        next(
            (level for level in range(axis.levels) if axis.distance(level) * stride <= pixels),
            axis.levels - 1,
        )
        for axis, pixels in zip((making.grid.rows, making.grid.cols), spacing, strict=True)
    )
    return rows, cols


def phases_of(grid: MapGrid, levels: tuple[int, int]) -> list[tuple[int, int]]:
    """The phases whose positions are the grid of these levels, in the order of their levels."""
    return [
        (row, col)
        for phases in grid.phases_by_level()
        for row, col in phases
        if grid.rows.level_of_phase(row) <= levels[0] and grid.cols.level_of_phase(col) <= levels[1]
    ]


def _gradients_at_once(making: MapsInTheMaking) -> int:
    """Maps whose gradients fit into the memory allowed together; each keeps most of the network."""
    engine = making.engine
    clean = clean_bytes(engine.network, engine.tiling, photos=1)
    left = making.computing.memory * 2**20 - clean - weight_bytes(engine.network)
    return max(0, min(len(making.columns), left // (GRADIENT * clean)))


def _depth(layers: tuple[int, ...], quarters: int) -> int:
    """Blocks in the first quarters of layer1 and layer2, two quarters each."""
    first, second = layers[:2]
    return (0, -(-first // 2), first, first - (-second // 2), first + second)[quarters]
