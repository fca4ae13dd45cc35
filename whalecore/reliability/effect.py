"""How sure the difference between two ways of doing the same thing is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError

DRAWS = 2000
"""Bootstrap samples behind an interval."""


@dataclass(frozen=True)
class Effect:
    """A mean with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
    photos : int
        It was measured on.
    """

    value: float
    low: float
    high: float
    photos: int

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0


def mean_effect(
    values: np.ndarray, groups: np.ndarray | None = None, draws: int = DRAWS, seed: int = 0
) -> Effect:
    """Mean over photos, with an interval from drawing the photos anew.

    For a paired comparison give the differences.

    Parameters
    ----------
    values : ndarray of shape (photos,), float
    groups : ndarray of shape (photos,), optional
        Drawn together, such as the photos of one individual, which resemble each other.
    draws, seed : int

    Returns
    -------
    Effect
        The interval runs from the 2.5th to the 97.5th percentile.

    Raises
    ------
    SettingsError
        If there is no photo.

    References
    ----------
    Efron and Tibshirani 1993, chapter 13.
    """
    values = np.asarray(values, np.float64)
    if len(values) == 0:
        raise SettingsError("Nothing can be measured on no photos: choose at least one.")
    own = np.arange(len(values)) if groups is None else np.asarray(groups)
    _, group = np.unique(own, return_inverse=True)
    sums, sizes = np.bincount(group, values), np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Effect(float(values.mean()), float(low), float(high), len(values))
