"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.reliability.metrics import (
    binned,
    checked_probabilities,
    expected_calibration_error,
    wilson_interval,
)

BLOCK = 4_000_000
"""Simulated answers that are held in memory at once."""


@dataclass(frozen=True)
class ReliabilityBin:
    """Photos of similar probability.

    Attributes
    ----------
    low, high : float
        Borders; the upper one belongs to the bin.
    photos, right : int
    probability : float
        Mean of the photos' probabilities; the middle of the bin without photos.
    share_low, share_high : float
        95 % Wilson interval of the share of right ones.
    """

    low: float
    high: float
    photos: int
    right: int
    probability: float
    share_low: float
    share_high: float

    @property
    def share(self) -> float | None:
        """Share of right ones; None without photos."""
        return self.right / self.photos if self.photos else None


@dataclass(frozen=True)
class PerfectError:
    """Calibration error that a perfect model has by chance: mean and 95 % of the draws."""

    mean: float
    low: float
    high: float


def brier_score(probabilities: np.ndarray, correct: np.ndarray) -> float:
    """Return the mean squared distance of probabilities from what happened; lower is better.

    Parameters
    ----------
    probabilities : ndarray of shape (photos,), float, 0 to 1
    correct : ndarray of shape (photos,), bool

    Raises
    ------
    SettingsError
        If there is no photo or a probability is not between 0 and 1.

    References
    ----------
    Brier 1950.
    """
    probabilities = checked_probabilities(probabilities)
    return float(((probabilities - np.asarray(correct, np.float64)) ** 2).mean())


def reliability_bins(
    probabilities: np.ndarray, correct: np.ndarray, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of a reliability diagram, of equal width, the lowest first."""
    probabilities = checked_probabilities(probabilities)
    place = binned(probabilities, bins)
    photos = np.bincount(place, minlength=bins)
    right = np.bincount(place, np.asarray(correct, np.float64), minlength=bins)
    total = np.bincount(place, probabilities, minlength=bins)
    return tuple(
        ReliabilityBin(
            number / bins,
            (number + 1) / bins,
            int(photos[number]),
            int(right[number]),
            float(total[number] / photos[number]) if photos[number] else (number + 0.5) / bins,
            *wilson_interval(int(right[number]), int(photos[number])),
        )
        for number in range(bins)
    )


def perfect_calibration_error(
    probabilities: np.ndarray, bins: int = 15, draws: int = 1000, seed: int = 0
) -> PerfectError:
    """Return the calibration error of a model whose probabilities are exactly right.

    With finitely many photos even that model's error is not 0: answers are drawn with these
    very probabilities, again and again.

    Parameters
    ----------
    probabilities : ndarray of shape (photos,), float, 0 to 1
    bins : int
        As in `expected_calibration_error`.
    draws, seed : int
    """
    probabilities = checked_probabilities(probabilities)
    random = np.random.default_rng(seed)
    count = len(probabilities)
    place = binned(probabilities, bins)
    order = np.argsort(place, kind="stable")
    probabilities, starts = probabilities[order], np.unique(place[order], return_index=True)[1]
    errors: list[np.ndarray] = []
    for start in range(0, draws, max(1, BLOCK // count)):
        many = min(max(1, BLOCK // count), draws - start)
        surplus = probabilities - (random.random((many, count)) < probabilities)
        errors.append(np.abs(np.add.reduceat(surplus, starts, axis=1)).sum(axis=1) / count)
    found = np.concatenate(errors)
    low, high = np.percentile(found, (2.5, 97.5))
    return PerfectError(float(found.mean()), float(low), float(high))


__all__ = [
    "PerfectError",
    "ReliabilityBin",
    "brier_score",
    "expected_calibration_error",
    "perfect_calibration_error",
    "reliability_bins",
]
