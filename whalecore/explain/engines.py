"""Engines compute the logits of a photo with patches covered; all give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.explain import delta
from whalecore.explain.alive import AliveBytes
from whalecore.explain.folded import FoldedNetwork
from whalecore.explain.patches import covered_pixels
from whalecore.explain.phases import MapGrid, map_grid
from whalecore.explain.tiling import Tiling
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import OcclusionSettings


@dataclass(frozen=True, eq=False)
class Block:
    """Logits for covered patches at every pair of some rows and some columns of the map.

    Attributes
    ----------
    rows, cols : ndarray of int
        Indices into the map.
    logits : Tensor of shape (photos, rows, cols, individuals), float64
        Those of brute force are as exact as the identifier's own, the others more.
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
    clean : Tensor of shape (photos, individuals), float64
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
        Most covered photos per forward pass, over all photos.
    memory : int, optional
        Bytes that a forward pass may take; ``batch`` is lowered to what fits.

    Raises
    ------
    SettingsError
        If not even one covered photo fits.
    """

    name = "reference"

    def __init__(
        self,
        identifier: AnyIdentifier,
        images: Tensor,
        settings: OcclusionSettings,
        batch: int = 16,
        memory: int | None = None,
    ) -> None:
        if batch < 1:
            raise SettingsError(f"The batch {batch} is too small: use at least 1 photo per pass.")
        self._logits = identifier.logits
        self._images, self._fill = images, settings.fill
        covered = [
            torch.from_numpy(covered_pixels(length, settings.patch, settings.stride))
            for length in images.shape[2:]
        ]
        self._rows, self._cols = (one.to(images.device) for one in covered)
        self.grid = map_grid(len(self._rows), len(self._cols), settings.stride)
        with AliveBytes() as alive:
            first = self._logits(images[:1]).double()
        self.limit = batch
        if memory is not None:
            self.limit = min(batch, _fitting(memory, alive.most + 2 * images[0].nbytes, images))
        self._photos = min(len(images), self.limit)
        self._batch = self.limit // self._photos
        rest = images[1:].split(self.limit) if len(images) > 1 else ()
        self.clean = torch.cat([first, *(self._logits(some).double() for some in rest)])

    def blocks(self, phase: tuple[int, int]) -> Iterator[Block]:
        rows, cols = self.grid.rows.members(phase[0]), self.grid.cols.members(phase[1])
        at_once = max(1, self._batch // len(cols))
        for first_row in range(0, len(rows), at_once):
            for first_col in range(0, len(cols), self._batch):
                down = rows[first_row : first_row + at_once]
                across = cols[first_col : first_col + self._batch]
                yield self.at(down, across)

    def at(self, rows: np.ndarray, cols: np.ndarray) -> Block:
        """Compute every pair of some evenly spaced rows and columns in one pass."""
        some = self._images.split(self._photos)
        logits = [self._covered_logits(images, rows, cols) for images in some]
        return Block(rows, cols, torch.cat(logits))

    def _covered_logits(self, images: Tensor, rows: np.ndarray, cols: np.ndarray) -> Tensor:
        down, across = self._rows[evenly(rows)], self._cols[evenly(cols)]
        covered = down[:, None, :, None] & across[None, :, None, :]
        shown = images[:, None, None].masked_fill(covered[:, :, None], self._fill)
        logits = self._logits(shown.flatten(0, 2)).double()
        return logits.view(len(images), len(rows), len(cols), -1)


class ExactEngine:
    """Carries only what a patch changes; see `whalecore.explain.delta`.

    Parameters
    ----------
    network : FoldedNetwork
    images : Tensor of shape (photos, 3, height, width)
    limit : int
        Most patches computed together, over all photos.
    tiling : Tiling, optional
        Which patches those are, where that is known already.
    """

    name = "exact"

    def __init__(
        self,
        network: FoldedNetwork,
        images: Tensor,
        settings: OcclusionSettings,
        limit: int = 32,
        tiling: Tiling | None = None,
    ) -> None:
        self.limit, self.network = limit, network
        self.tiling = tiling or Tiling(
            network, *images.shape[2:], settings, max(1, limit // len(images))
        )
        self.grid = self.tiling.grid
        self.clean_pass = delta.clean_pass(
            network, images.to(network.dtype), settings.fill, *self.tiling.margins
        )
        self.clean = network.head(self.clean_pass.features)

    def blocks(self, phase: tuple[int, int]) -> Iterator[Block]:
        for rows, cols, down, across in self.tiling.chunks(phase):
            features = delta.changed_features(self.network, self.clean_pass, down, across)
            logits = self.network.head(features.flatten(0, 2))
            yield Block(rows, cols, logits.view(*features.shape[:3], -1))


def evenly(members: np.ndarray) -> slice:
    """Evenly spaced, rising indices as a slice, which needs no copy to the device."""
    step = int(members[1] - members[0]) if len(members) > 1 else 1
    return slice(int(members[0]), int(members[-1]) + 1, step)


def _fitting(memory: int, each: int, images: Tensor) -> int:
    """How many covered photos of so many bytes each fit."""
    if memory < each:
        height, width = images.shape[2:]
        raise SettingsError(
            f"A covered photo of {height} x {width} pixels takes {mebibytes(each)} MiB in this "
            f"network, and {mebibytes(memory)} are allowed: allow more memory, or use a model "
            "with a smaller input."
        )
    return memory // each


def mebibytes(size: int) -> int:
    """Bytes as MiB, rounded up."""
    return -(-size // 2**20)
