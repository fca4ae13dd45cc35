"""Engines compute the logits of a photo with patches covered; all give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.explain import delta
from whalecore.explain.folded import FoldedNetwork
from whalecore.explain.patches import covered_pixels, positions
from whalecore.explain.phases import AxisGrid, MapGrid, map_grid
from whalecore.explain.spans import AxisPlan, AxisShape, Span, plan_axis
from whalecore.explain.work import estimated_work
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import OcclusionSettings

CHUNK_SIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


@dataclass(frozen=True, eq=False)
class Block:
    """Logits for covered patches at every pair of some rows and some columns of the map.

    Attributes
    ----------
    rows, cols : ndarray of int
        Indices into the map.
    logits : Tensor of shape (photos, rows, cols, individuals), float32
    """

    rows: np.ndarray
    cols: np.ndarray
    logits: Tensor


class Engine(Protocol):
    """Computes one phase after another for one batch of photos and one kind of patch.

    Attributes
    ----------
    name : str
        ``reference`` or ``exact``.
    grid : MapGrid
        The positions of the map.
    clean : Tensor of shape (photos, individuals), float32
        Logits of the photos with nothing covered.
    limit : int
        Most patches computed together.
    """

    name: str
    limit: int
    grid: MapGrid
    clean: Tensor

    def blocks(self, phase: tuple[int, int]) -> Iterator[Block]:
        """Compute the positions of a phase, some at a time."""
        ...


class ReferenceEngine:
    """Brute force: one forward pass of the whole network per position.

    Parameters
    ----------
    images : Tensor of shape (photos, 3, height, width)
    batch : int
        Covered photos per forward pass, over all photos.
    """

    name = "reference"

    def __init__(
        self,
        identifier: AnyIdentifier,
        images: Tensor,
        settings: OcclusionSettings,
        batch: int = 16,
    ) -> None:
        if batch < 1:
            raise SettingsError(f"The batch {batch} is too small: use at least 1 photo per pass.")
        self._logits = identifier.logits
        self.limit = batch
        self._images, self._fill = images, settings.fill
        self._batch = max(1, batch // len(images))
        covered = [
            torch.from_numpy(covered_pixels(length, settings.patch, settings.stride))
            for length in images.shape[2:]
        ]
        self._rows, self._cols = (one.to(images.device) for one in covered)
        self.grid = map_grid(len(self._rows), len(self._cols), settings.stride)
        self.clean = self._logits(images).float()

    def blocks(self, phase: tuple[int, int]) -> Iterator[Block]:
        rows, cols = self.grid.rows.members(phase[0]), self.grid.cols.members(phase[1])
        at_once = max(1, self._batch // len(cols))
        for first_row in range(0, len(rows), at_once):
            for first_col in range(0, len(cols), self._batch):
                down = rows[first_row : first_row + at_once]
                across = cols[first_col : first_col + self._batch]
                yield Block(down, across, self._covered_logits(down, across))

    def _covered_logits(self, rows: np.ndarray, cols: np.ndarray) -> Tensor:
        covered = self._rows[rows][:, None, :, None] & self._cols[cols][None, :, None, :]
        images = self._images[:, None, None].masked_fill(covered[:, :, None], self._fill)
        logits = self._logits(images.flatten(0, 2)).float()
        return logits.view(len(self._images), len(rows), len(cols), -1)


class ExactEngine:
    """Carries only what a patch changes; see `whalecore.explain.delta`.

    Parameters
    ----------
    network : FoldedNetwork
    images : Tensor of shape (photos, 3, height, width)
    limit : int
        Most patches computed together, over all photos.
    """

    name = "exact"

    def __init__(
        self,
        network: FoldedNetwork,
        images: Tensor,
        settings: OcclusionSettings,
        limit: int = 32,
    ) -> None:
        self.limit = limit
        self.network, self._settings = network, settings
        height, width = images.shape[2:]
        self._shapes = network.shape(0, height), network.shape(1, width)
        self.grid = map_grid(
            len(positions(height, settings.stride)),
            len(positions(width, settings.stride)),
            settings.stride,
            self._shapes[0].total_stride,
        )
        self._sides = self._chunk_sides(max(1, limit // len(images)))
        margins = [
            delta.margins_of(shape, self.plans(axis)) for axis, shape in enumerate(self._shapes)
        ]
        self.clean_pass = delta.clean_pass(
            network, images.to(network.dtype), settings.fill, margins[0], margins[1]
        )
        self.clean = network.head(self.clean_pass.features).float()

    @property
    def work(self) -> float:
        """Estimated multiply-adds per position, everything counted."""
        plans = [[plan for _, plan in self._plans(axis, 0)] for axis in (0, 1)]
        positions = [sum(plan.patch.count for plan in of_axis) for of_axis in plans]
        return estimated_work(self.network, *plans) / (positions[0] * positions[1])

    def blocks(self, phase: tuple[int, int]) -> Iterator[Block]:
        for rows, cols, down, across in self.chunks(phase):
            features = delta.changed_features(self.network, self.clean_pass, down, across)
            logits = self.network.head(features.flatten(0, 2)).float()
            yield Block(rows, cols, logits.view(*features.shape[:3], -1))

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
    def _axes(self) -> tuple[AxisGrid, AxisGrid]:
        return self.grid.rows, self.grid.cols

    def _plans(
        self, axis: int, phase: int, side: int | None = None
    ) -> list[tuple[np.ndarray, AxisPlan]]:
        """The pieces of a phase along one axis."""
        grid, shape = self._axes[axis], self._shapes[axis]
        members = grid.members(phase)
        if not len(members):
            return []
        pieces = np.array_split(members, -(-len(members) // (side or self._sides[axis])))
        return [(piece, self._plan(shape, grid.phases, piece)) for piece in pieces]

    def _plan(self, shape: AxisShape, phases: int, members: np.ndarray) -> AxisPlan:
        patch, stride = self._settings.patch, self._settings.stride
        starts = members * stride + (stride - 1) // 2 - (patch - 1) // 2
        return plan_axis(shape, Span(int(starts[0]), phases * stride, patch, len(starts)))

    def _chunk_sides(self, limit: int) -> tuple[int, int]:
        """Rows and columns of patches that are cheapest to compute together."""
        plans = []
        for axis, grid in enumerate(self._axes):
            members = len(grid.members(0))
            sides = [side for side in CHUNK_SIDES if side < members] + [members]
            plans.append({side: [p for _, p in self._plans(axis, 0, side)] for side in sides})
        choices = [
            (estimated_work(self.network, plans[0][down], plans[1][across]), down, across)
            for down, across in product(*plans)
            if down * across <= limit
        ]
        return min(choices)[1:]
