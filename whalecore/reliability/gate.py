"""When the photo, not the whale, is the problem: limits of what a photo must show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.metrics import wilson_interval
from whalecore.reliability.rules import MEASURES, photo_measure

FEWEST_BELOW = 20
"""Photos beyond a limit without which nothing is known about it."""

CUTS = tuple(percent / 100 for percent in range(1, 21))
"""Shares of validation photos that a limit may turn away."""

FEWEST_RIGHT = 50
"""Rightly identified photos without which it is not known what they usually show."""

WORST = 0.01
"""Share of them that is not usual."""

UPPER = ("cut_off",)
"""Measures that are worse the higher they are."""

FLOORS = {
    "sharpness": 0.02,
    "exposure": 0.10,
    "contrast": 0.02,
    "fluke_share": 0.005,
    "resolution": 0.05,
    "visible": 0.25,
    "crop_confidence": 0.20,
    "cut_off": 0.60,
}
"""Limits where too few photos lie beyond them to learn one."""


def photo_limits(
    evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray
) -> dict[str, float]:
    """Choose a limit for each measure of the photo.

    A limit turns away 1 to 20 % of the photos of known individuals. Photos beyond it must be
    clearly less often right: at least 20 of them, and even the upper end of their share (three
    standard deviations, Wilson) is under half the share of the others. Of such limits the one
    with the largest likelihood of two shares, one on either side, is taken. Where there is none,
    a low floor holds, unless 20 photos lie beyond it and show no such thing.

    Returns
    -------
    dict of str to float
        By measure, see `photo_measure`.
    """
    return {name: _limit(name, evidence, correct, known) for name in MEASURES}


def usual_limits(evidence: Sequence[Evidence], correct: np.ndarray) -> dict[str, float]:
    """Say what photos usually show whose first candidate is right: all but the worst 1 %.

    A photo beyond such a limit may still be identified. Where it is not, it is the photo that
    should be better.

    Returns
    -------
    dict of str to float
        By measure; none that fewer than 50 right photos have.
    """
    limits = {}
    for name in MEASURES:
        measured = [
            photo_measure(one, name) for one, right in zip(evidence, correct, strict=True) if right
        ]
        values = np.array([value for value in measured if value is not None], float)
        if len(values) >= FEWEST_RIGHT:
            limits[name] = float(np.quantile(values, 1 - WORST if name in UPPER else WORST))
    return limits


def failed_measures(evidence: Evidence, limits: Mapping[str, float]) -> list[str]:
    """Return the measures that lie beyond their limit; what was not measured does not."""
    return [
        name
        for name in MEASURES
        if name in limits
        and (value := photo_measure(evidence, name)) is not None
        and _side(name) * value < _side(name) * limits[name]
    ]


def _side(name: str) -> int:
    return -1 if name in UPPER else 1


def _limit(
    name: str, evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray
) -> float:
    measured = [photo_measure(one, name) for one in evidence]
    judged = known & np.array([value is not None for value in measured])
    # Of measures that are worse the higher they are, the negative: lower is worse for all.
    values = _side(name) * np.array([measured[place] for place in np.flatnonzero(judged)], float)
    right, floor = correct[judged], _side(name) * FLOORS[name]
    if len(values) == 0:
        return FLOORS[name]
    clear = {}
    for cut in np.quantile(values, CUTS):
        below = values < cut
        if below.sum() < FEWEST_BELOW:
            continue
        _, high = wilson_interval(int(right[below].sum()), int(below.sum()), z=3)
        if high < right[~below].mean() / 2:
            clear[float(cut)] = _likelihood(right[below]) + _likelihood(right[~below])
    if clear:
        return _side(name) * max(clear, key=clear.__getitem__)
    if (values < floor).sum() >= FEWEST_BELOW:
        return 1.0 if name in UPPER else 0.0
    return FLOORS[name]


def _likelihood(right: np.ndarray) -> float:
    """Return the log-likelihood of answers under their own share."""
    from scipy.special import xlogy

    hits, count = right.sum(), len(right)
    return float(xlogy(hits, hits / count) + xlogy(count - hits, 1 - hits / count))
