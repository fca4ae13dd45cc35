"""Exact maps that look like themselves sooner: a linearised map says what is still missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.explain.control import Control, Spacing
from whalecore.explain.interpolation import finest_level
from whalecore.types import OcclusionMaps, Report

if TYPE_CHECKING:
    from whalecore.explain.occlusion import MapsInTheMaking

QUARTERS = 3
"""Of layer1 and layer2 together that stay exact: as deep as costs little beside the gradient."""

MOST = 512
"""Positions of the linearised map: some seconds for the largest network on two cores."""


def guided_levels(making: MapsInTheMaking, report: Report) -> Iterator[OcclusionMaps]:
    """Compute exact maps for somebody who watches; the finished maps are those of `levels`.

    After the first level a linearised map is made, on a grid of at most `MOST` positions. As long
    as the exact positions are fewer, it says how the maps change between them.

    Yields
    ------
    OcclusionMaps
        As `MapsInTheMaking.levels` does, and once more with the linearised map.
    """
    guide: _Guide | None = None
    for maps in making.levels(report):
        if guide is None:
            # Before the linearised map is made, which takes a while.
            yield maps
            guide = _Guide(making)
            corrected = guide.corrected(maps)
            if corrected is not None:
                yield corrected
            continue
        yield guide.corrected(maps) or maps


class _Guide:
    """A linearised map of the photo, and what it adds to coarse exact ones."""

    def __init__(self, making: MapsInTheMaking) -> None:
        self._grid, self._stride = making.grid, making.settings.stride
        self._control = Control(making)
        levels = range(self._grid.levels)
        self._level = max(
            (level for level in levels if self._grid.known_at(level).sum() <= MOST), default=0
        )

    def corrected(self, maps: OcclusionMaps) -> OcclusionMaps | None:
        """The maps with better values where nothing is computed; None where it has none."""
        level = finest_level(maps.computed, self._grid)
        if level >= self._level:
            return None
        linear = [(QUARTERS, self._spacing(self._level))]
        drops = maps.values.astype(np.float64)
        values, helped = self._control.estimate(drops, self._spacing(level), linear)
        if not helped:
            return None
        values = np.where(maps.computed, drops, values).astype(np.float32)
        return replace(maps, values=values)

    def _spacing(self, level: int) -> Spacing:
        pixels = self._grid.rows.distance(level) * self._stride
        return pixels, pixels
