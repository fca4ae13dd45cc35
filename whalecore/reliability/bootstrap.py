"""How far a figure would move with other animals: resampling of whole groups of photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError
from whalecore.reliability.effect import Effect

DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Resamples:
    """Draws of whole groups with replacement, to be used for several figures.

    Attributes
    ----------
    rows : tuple of ndarray of shape (photos of the draw,), int
        Row numbers of each draw.
    photos, groups : int
        That were drawn from.
    """

    rows: tuple[np.ndarray, ...]
    photos: int
    groups: int


def resampled(groups: Sequence[str] | np.ndarray, draws: int = DRAWS, seed: int = 0) -> Resamples:
    """Draw as many groups as there are, again and again.

    Parameters
    ----------
    groups : sequence of str
        Group of each photo, for example its individual.
    draws, seed : int

    Raises
    ------
    SettingsError
        If there is no photo.
    """
    groups = np.asarray(groups)
    if len(groups) == 0:
        raise SettingsError("Nothing can be measured on no photos: score some photos first.")
    _, number = np.unique(groups, return_inverse=True)
    order = np.argsort(number, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(number))[:-1])
    random = np.random.default_rng(seed)
    rows = tuple(
        np.concatenate([members[one] for one in drawn])
        for drawn in random.integers(0, len(members), (draws, len(members)))
    )
    return Resamples(rows, len(groups), len(members))


def bootstrap(figure: Callable[[np.ndarray], float], drawn: Resamples) -> Effect:
    """Return a figure with its 95 % percentile interval.

    Photos of one animal are alike, so that animals are drawn, not photos. A difference of two
    figures on the same photos is a figure, too: each draw is then the same for both.

    Parameters
    ----------
    figure : callable
        Takes row numbers, shape (photos,), int, some of them more than once, and returns a
        number; draws for which it is not a number are left out.
    drawn : Resamples

    References
    ----------
    Efron and Tibshirani 1993; Field and Welsh 2007 for whole groups.
    """
    found = np.array([figure(rows) for rows in drawn.rows])
    found = found[np.isfinite(found)]
    low, high = np.percentile(found, (2.5, 97.5)) if len(found) else (np.nan, np.nan)
    value = figure(np.arange(drawn.photos))
    return Effect(float(value), float(low), float(high), drawn.photos)


def mean_effect(values: np.ndarray, groups: np.ndarray | None = None, seed: int = 0) -> Effect:
    """Return the mean over photos with its interval; of differences for a paired comparison.

    Parameters
    ----------
    values : ndarray of shape (photos,), float
    groups : ndarray of shape (photos,), optional
        Drawn together; every photo by itself where not given.
    seed : int
    """
    values = np.asarray(values, np.float64)
    own = np.arange(len(values)) if groups is None else groups
    return bootstrap(lambda rows: float(values[rows].mean()), resampled(own, seed=seed))
