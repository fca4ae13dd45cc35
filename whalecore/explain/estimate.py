"""Occlusion maps from a part of their positions, with the error they carry.

Exact values on a coarse grid, corrected by linearised maps (`whalecore.explain.control`), give
the rest. How good that is is measured on positions off the grid, on a few random lattices, and
the grid is refined until it is good enough.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.explain.control import Control, Linear, Spacing, levels_at, phases_of
from whalecore.types import OcclusionMaps, Progress, Report

if TYPE_CHECKING:
    from whalecore.explain.occlusion import MapsInTheMaking

SAMPLE = 128
"""Positions on which the error is measured, at least."""

OFFSETS = 6
"""Random lattices that these positions form, at least: each lies in one way beside the grid."""

PAUSE = 2.0
"""Seconds after which a level that takes long shows what it has."""


@dataclass(frozen=True)
class Rung:
    """What is tried together; each holds all that the rung before computed.

    Attributes
    ----------
    exact : (int, int)
        Pixels between exact positions, along rows and along columns.
    linear : tuple of (int, (int, int))
        Which linearised maps help; see `whalecore.explain.control.Control.estimate`.
    """

    exact: Spacing
    linear: tuple[Linear, ...]


RUNGS = (
    Rung((8, 8), ((1, (2, 4)), (3, (4, 4)))),
    Rung((4, 8), ((1, (1, 2)), (3, (2, 4)))),
    Rung((4, 4), ((1, (1, 2)), (3, (2, 4)))),
    Rung((4, 4), ((1, (1, 1)), (3, (2, 4)))),
    Rung((4, 4), ((1, (1, 1)), (3, (2, 2)))),
    Rung((2, 4), ((1, (1, 1)), (3, (2, 2)))),
    Rung((2, 2), ((1, (1, 1)),)),
)
"""Tried in turn. Chosen by measurement on flukes, whose maps change faster from row to row than
along a row: the cheapest for correlations of 0.97, 0.985, 0.99 and more."""


def leaves_positions(stride: int) -> bool:
    """Whether maps of this stride can be estimated from a part of their positions."""
    return 2 * stride <= max(RUNGS[0].exact)


def estimated_levels(making: MapsInTheMaking, report: Report) -> Iterator[OcclusionMaps]:
    """Refine maps until their measured correlation with the exact ones is as wanted.

    Yields
    ------
    OcclusionMaps
        After each level; those before the error is measured have no ``correlation``.
    """
    making.measure_deviation()
    control, order = Control(making), _random_phases(making)
    for rung in (*RUNGS, Rung((1, 1), ())):
        wanted = set(phases_of(making.grid, levels_at(making, rung.exact)))
        for phases in making.grid.phases_by_level():
            missing = [
                phase for phase in phases if phase in wanted and not making.phase_known(phase)
            ]
            if missing:
                yield from _computed(making, missing, report)
                yield making.so_far()
        if making.known.all():
            return
        sampled = _sample(making, [phase for phase in order if phase not in wanted])
        yield from _computed(making, sampled, report)
        drops = making.values.astype(np.float64)
        estimate, _ = control.estimate(drops, rung.exact, rung.linear)
        correlation, deviation = _errors(
            drops, estimate, making.positions_of(sampled), ~making.positions_of(wanted)
        )
        if making.deviation is not None:
            deviation = tuple(map(max, deviation, making.deviation))
        yield replace(
            making.so_far(),
            values=np.where(making.known, drops, estimate).astype(np.float32),
            correlation=correlation,
            deviation=deviation,
        )
        if min(correlation) >= making.settings.accuracy:
            return


def _computed(
    making: MapsInTheMaking, phases: list[tuple[int, int]], report: Report
) -> Iterator[OcclusionMaps]:
    """Compute some phases, showing every few seconds what is there."""
    total = int((making.known | making.positions_of(phases)).sum())
    before, started = int(making.known.sum()), time.monotonic()
    shown = started
    for phase in phases:
        for done in making.compute(phase):
            pace = (time.monotonic() - started) / max(done - before, 1)
            report(Progress("occlusion", done, total, pace * (total - done)))
        if time.monotonic() - shown > PAUSE and phase is not phases[-1]:
            yield making.so_far()
            shown = time.monotonic()


def _random_phases(making: MapsInTheMaking) -> list[tuple[int, int]]:
    """All phases in random order.

    Drawn by the photo itself, so that the same map has the same sample.
    """
    phases = [phase for level in making.grid.phases_by_level() for phase in level]
    photo = making.prepared.cpu().numpy().tobytes()
    seed = int.from_bytes(hashlib.sha256(photo).digest()[:8], "little")
    return [phases[number] for number in np.random.default_rng(seed).permutation(len(phases))]


def _sample(making: MapsInTheMaking, phases: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first phases that hold a sample together."""
    chosen, size = [], 0
    for phase in phases:
        chosen.append(phase)
        size += int(making.positions_of([phase]).sum())
        if size >= SAMPLE and len(chosen) >= OFFSETS:
            break
    return chosen


def _errors(
    drops: np.ndarray, estimate: np.ndarray, sample: np.ndarray, guessed: np.ndarray
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Correlation and largest deviation of each map, judged by a random sample.

    The estimate is known everywhere, and wrong only where it is ``guessed``. Of its error the
    sample gives the part that grows with the estimate (a regression through the estimate's mean)
    and the rest; both are taken to be the same at all guessed positions. That is far less at the
    mercy of the few high places of a map than a correlation over the sample.
    """
    correlations, deviations = [], []
    share = float(guessed.mean())
    for exact, one in zip(drops, estimate, strict=True):
        heights = one - one.mean()
        error, height = exact[sample] - one[sample], heights[sample]
        deviations.append(float(np.abs(error).max()))
        squares = float(height @ height)
        slope = float(height @ error) / squares if squares else 0.0
        rest = float(np.mean((error - slope * height) ** 2))
        variance = float(np.mean(heights**2))
        grown = slope * share * float(np.mean(heights[guessed] ** 2))
        covariance = variance + grown
        spread = (variance * (variance + (2 + slope) * grown + share * rest)) ** 0.5
        # Two flat maps are the same wherever the sample looked.
        correlations.append(covariance / spread if spread else float(rest == 0))
    return tuple(correlations), tuple(deviations)
