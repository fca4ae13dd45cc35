"""Which patches the exact engine computes together, and where their tiles lie."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from whalecore.explain.delta import Margins, margins_of
from whalecore.explain.folded import FoldedNetwork
from whalecore.explain.patches import positions
from whalecore.explain.phases import AxisGrid, MapGrid, map_grid
from whalecore.explain.spans import AxisPlan, AxisShape, Span, plan_axis
from whalecore.explain.work import Costs, costs_on, estimated_work
from whalecore.types import OcclusionSettings

CHUNK_SIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


class Tiling:
    """Plans the chunks of a map: rectangles of patches that are computed together.

    Parameters
    ----------
    network : FoldedNetwork
    height, width : int
        Of the photos.
    settings : OcclusionSettings
    most : int
        Patches of one photo that are computed together at most.
    device : str, optional
        Kind of device that is planned for, such as ``cuda``; that of the network when left out.

    Attributes
    ----------
    grid : MapGrid
        The positions of the map.
    shapes : tuple of AxisShape
        The network's windows along rows and columns.
    """

    def __init__(
        self,
        network: FoldedNetwork,
        height: int,
        width: int,
        settings: OcclusionSettings,
        most: int,
        device: str | None = None,
    ) -> None:
        device = device or network.device.type
        self._network, self._settings, self._costs = network, settings, costs_on(device)
        self.shapes = network.shape(0, height), network.shape(1, width)
        self.grid: MapGrid = map_grid(
            len(positions(height, settings.stride)),
            len(positions(width, settings.stride)),
            settings.stride,
            self.shapes[0].total_stride,
            split=device != "cuda",
        )
        self._sides = self._chunk_sides(most)

    def work(self, costs: Costs) -> float:
        """Estimated multiply-adds per position, the mean over the whole map."""
        rows, cols = self.plans(0), self.plans(1)
        return estimated_work(self._network, rows, cols, costs) / prod(self.grid.shape)

    @cached_property
    def margins(self) -> tuple[Margins, Margins]:
        """How far the tiles hang over the maps, along rows and columns."""
        down, across = (
            margins_of(shape, self.plans(axis)) for axis, shape in enumerate(self.shapes)
        )
        return down, across

    def chunks(
        self, phase: tuple[int, int]
    ) -> Iterator[tuple[np.ndarray, np.ndarray, AxisPlan, AxisPlan]]:
        """Rows, columns and their plans."""
        for (rows, down), (cols, across) in product(
            self._plans(0, phase[0]), self._plans(1, phase[1])
        ):
            yield rows, cols, down, across

    def plans(self, axis: int) -> list[AxisPlan]:
        """All plans along rows (0) or columns (1)."""
        grid = self._axes[axis]
        return [
            plan
            for phase in range(min(grid.phases, grid.count))
            for _, plan in self._plans(axis, phase)
        ]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the photos."""
        return self.shapes[0].length, self.shapes[1].length

    @property
    def _axes(self) -> tuple[AxisGrid, AxisGrid]:
        return self.grid.rows, self.grid.cols

    def _plans(
        self, axis: int, phase: int, side: int | None = None
    ) -> list[tuple[np.ndarray, AxisPlan]]:
        """The pieces of a phase along one axis."""
        grid, shape = self._axes[axis], self.shapes[axis]
        members = grid.members(phase)
        if not len(members):
            return []
        pieces = np.array_split(members, -(-len(members) // (side or self._sides[axis])))
        return [(piece, self._plan(shape, grid.phases, piece)) for piece in pieces]

    def _plan(self, shape: AxisShape, phases: int, members: np.ndarray) -> AxisPlan:
        patch, stride = self._settings.patch, self._settings.stride
        starts = members * stride + (stride - 1) // 2 - (patch - 1) // 2
        return plan_axis(shape, Span(int(starts[0]), phases * stride, patch, len(starts)))

    def _chunk_sides(self, most: int) -> tuple[int, int]:
        """Rows and columns of patches that are cheapest to compute together."""
        plans = []
        for axis, grid in enumerate(self._axes):
            members = len(grid.members(0))
            sides = [side for side in CHUNK_SIDES if side < members] + [members]
            plans.append({side: [p for _, p in self._plans(axis, 0, side)] for side in sides})
        choices = [
            (
                estimated_work(self._network, plans[0][down], plans[1][across], self._costs),
                down,
                across,
            )
            for down, across in product(*plans)
            if down * across <= most
        ]
        return min(choices)[1:]
