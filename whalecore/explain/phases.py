"""The order in which the positions of an occlusion map are computed: coarse to fine.

Positions that differ by a multiple of the network's total stride can be computed together,
because their tiles have one size and lie on a regular grid: a phase. Phases are computed so that
the positions known so far form ever finer grids. Small phases let the first grid stand sooner;
where only large batches are fast, the coarsest grids are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

FEWEST_TOGETHER = 32
"""Positions of a phase below which computing them together saves less."""


@dataclass(frozen=True)
class AxisGrid:
    """Positions of one axis and the grids they are computed in.

    Attributes
    ----------
    count : int
        Positions.
    phases : int
        Every so many positions are one phase; a power of 2.
    offset : int
        Index of the first position of the coarsest grid.
    """

    count: int
    phases: int
    offset: int

    @property
    def levels(self) -> int:
        """Number of grids: each level halves the distance, the last holds all positions."""
        return self.phases.bit_length()

    def distance(self, level: int) -> int:
        """Positions from one to the next of a level's grid."""
        return self.phases >> level

    def of_level(self, level: int) -> np.ndarray:
        """Indices of a level's grid, those of coarser levels included; int64."""
        distance = self.distance(level)
        return np.arange(self.offset % distance, self.count, distance)

    def level_of_phase(self, phase: int) -> int:
        """The first level that holds a phase."""
        return next(
            level
            for level in range(self.levels)
            if (phase - self.offset) % self.distance(level) == 0
        )

    def members(self, phase: int) -> np.ndarray:
        """Indices of a phase; int64."""
        return np.arange(phase, self.count, self.phases)


@dataclass(frozen=True)
class MapGrid:
    """The positions of a map: rows times columns, with the same phases along both."""

    rows: AxisGrid
    cols: AxisGrid

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        return self.rows.count, self.cols.count

    @property
    def levels(self) -> int:
        """Number of grids, the last of which holds all positions."""
        return self.rows.levels

    def phases_by_level(self) -> list[list[tuple[int, int]]]:
        """The (row phase, column phase) pairs that each level adds."""
        levels: list[list[tuple[int, int]]] = [[] for _ in range(self.levels)]
        for row in range(min(self.rows.phases, self.rows.count)):
            for col in range(min(self.cols.phases, self.cols.count)):
                level = max(self.rows.level_of_phase(row), self.cols.level_of_phase(col))
                levels[level].append((row, col))
        return levels

    def known_at(self, level: int) -> np.ndarray:
        """Which positions a level's grid holds, shape (rows, cols), bool."""
        known = np.zeros(self.shape, dtype=bool)
        known[np.ix_(self.rows.of_level(level), self.cols.of_level(level))] = True
        return known


def map_grid(
    rows: int, cols: int, stride: int, total_stride: int = 32, split: bool = True
) -> MapGrid:
    """The grids of a map.

    Parameters
    ----------
    rows, cols : int
        Positions.
    stride, total_stride : int
        Of the occlusion map and of the network, in pixels of the input; the network's is a
        power of 2.
    split : bool
        Whether phases are split as long as enough positions stay together. Otherwise they are as
        large as the network's stride allows: the same grids without the coarsest, so that maps of
        either can be continued by the other.
    """
    fewest = phases = total_stride // gcd(stride, total_stride)
    while -(-rows // (2 * phases)) * -(-cols // (2 * phases)) >= FEWEST_TOGETHER:
        phases *= 2
    kept = phases if split else fewest
    return MapGrid(_axis(rows, phases, kept), _axis(cols, phases, kept))


def _axis(count: int, phases: int, kept: int) -> AxisGrid:
    return AxisGrid(count, kept, min(phases // 2, (count - 1) // 2) % kept)
