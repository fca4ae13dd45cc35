"""Those who compete: each takes a turn at some positions of the map and is timed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from whalecore.explain.choice import lowered_precision
from whalecore.explain.engines import Block, Engine
from whalecore.identifiers.identifier import Identifier
from whalecore.types import OcclusionSettings
from whalecore.workflow.bench.subject import wait_for


@dataclass(frozen=True)
class Turn:
    """How long how many positions took."""

    seconds: float
    positions: int

    @property
    def seconds_per_position(self) -> float:
        """The measure by which all are compared."""
        return self.seconds / self.positions


class Competitor(Protocol):
    """Computes positions of one map when it is its turn.

    Attributes
    ----------
    batch : int
        Most positions computed together.
    """

    batch: int

    def turn(self, phase: tuple[int, int]) -> Turn:
        """Compute some positions, those of a phase where it can choose."""
        ...


class OwnEngine:
    """One of this package's engines.

    Parameters
    ----------
    engine : Engine
        Of one photo.
    columns : Tensor of shape (individuals,), int
        Whose maps are kept.
    blocks : int, optional
        So many blocks of the phase; all when left out.
    precision : str
        Of the arithmetic.

    Attributes
    ----------
    drops : ndarray of shape (individuals, rows, cols), float64
        By how much the probability falls; NaN where not computed.
    """

    def __init__(
        self,
        engine: Engine,
        identifier: Identifier,
        columns: Tensor,
        blocks: int | None = None,
        precision: str = "float32",
    ) -> None:
        self.engine, self.batch = engine, engine.limit
        self._identifier, self._columns, self._blocks = identifier, columns, blocks
        self._precision = precision
        self.drops = np.full((len(columns), *engine.grid.shape), np.nan)

    def turn(self, phase: tuple[int, int]) -> Turn:
        device = self._identifier.device
        with torch.inference_mode(), lowered_precision(self._precision):
            wait_for(device)
            started = time.perf_counter()
            blocks = list(islice(self.engine.blocks(phase), self._blocks))
            wait_for(device)
            seconds = time.perf_counter() - started
            for block in blocks:
                self.keep(block)
        return Turn(seconds, sum(len(block.rows) * len(block.cols) for block in blocks))

    def look_at(self, rows: np.ndarray, cols: np.ndarray) -> None:
        """Compute some rows and columns beside the turns, which brute force alone can."""
        with torch.inference_mode(), lowered_precision(self._precision):
            self.keep(self.engine.at(rows, cols))

    def keep(self, block: Block) -> None:
        """Take over the values of a block."""
        logits = torch.cat([self.engine.clean, block.logits[0].flatten(0, 1)])
        # In double precision, as in the maps: near 1 a probability's changes are small.
        scores = self._identifier.scores(logits.double())[:, self._columns]
        drops = (scores[:1] - scores[1:]).T.reshape(-1, len(block.rows), len(block.cols))
        self.drops[:, block.rows[:, None], block.cols] = drops.cpu().numpy()


class CaptumOcclusion:
    """Captum's `Occlusion` of one individual's logit, stopped after one batch of windows.

    Its windows must not lie further apart than they are wide, so a sample of them can only be
    had by leaving early. They begin at the first pixel: the photo gets a margin, which is cut off
    before the network, so that they cover the same squares as the engines' patches.

    Parameters
    ----------
    occlusion : type
        ``captum.attr.Occlusion``.
    batch : int
        ``perturbations_per_eval``.

    Attributes
    ----------
    drops : ndarray of shape (1, rows, cols), float64
        By how much the individual's probability falls; NaN where not computed.
    """

    def __init__(
        self,
        occlusion: type,
        identifier: Identifier,
        prepared: Tensor,
        column: int,
        settings: OcclusionSettings,
        batch: int,
    ) -> None:
        self._attribute = occlusion(self._logits).attribute
        self._identifier, self._prepared = identifier, prepared
        self._column, self._settings, self.batch = column, settings, batch
        self._calls: list[tuple[float, int]] = []
        self._found: list[Tensor] = []
        patch, stride = settings.patch, settings.stride
        self._before = (patch - 1) // 2 - (stride - 1) // 2
        shape = [-(-length // stride) for length in prepared.shape[1:]]
        self.drops = np.full((1, *shape), np.nan)
        # So long that the last window is the last patch.
        down, across = (
            patch + stride * (count - 1) - self._before - length
            for count, length in zip(shape, prepared.shape[1:], strict=True)
        )
        sides = (self._before, across, self._before, down)
        self._padded = functional.pad(prepared, sides)[None]

    def turn(self, phase: tuple[int, int]) -> Turn:
        patch, stride = self._settings.patch, self._settings.stride
        self._calls, self._found = [], []
        try:
            self._attribute(
                self._padded,
                sliding_window_shapes=(3, patch, patch),
                strides=(3, stride, stride),
                baselines=self._settings.fill,
                target=self._column,
                perturbations_per_eval=self.batch,
            )
        except _EnoughError:
            pass
        else:
            self._note(0)
        # The first call is the clean photo's; from the second to the third passes one batch:
        # its forward pass, its sums, and the covering of the next.
        (_, (started, windows), (ended, _)) = self._calls
        self._keep()
        return Turn(ended - started, windows)

    def _keep(self) -> None:
        scores = self._identifier.scores(torch.cat(self._found).double())[:, self._column]
        drops = (scores[:1] - scores[1:]).detach().cpu().numpy()
        # Its windows go down the first column, then down the second.
        self.drops[0].T.flat[: len(drops)] = drops

    def _logits(self, images: Tensor) -> Tensor:
        self._note(len(images))
        if len(self._calls) == 3:
            raise _EnoughError
        height, width = self._prepared.shape[1:]
        first = self._before
        shown = images[:, :, first : first + height, first : first + width]
        self._found.append(self._identifier.logits(shown))
        return self._found[-1]

    def _note(self, windows: int) -> None:
        wait_for(self._identifier.device)
        self._calls.append((time.perf_counter(), windows))


def find_captum() -> type | None:
    """Captum's `Occlusion`, where it is installed."""
    try:
        from captum.attr import Occlusion
    except ImportError:
        return None
    return Occlusion


class _EnoughError(Exception):
    """Leaves Captum's loop."""
