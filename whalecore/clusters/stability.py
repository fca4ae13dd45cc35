"""How surely a cluster comes out again when the heatmaps or the random start are others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from whalecore.errors import SettingsError

UNSTABLE = 0.5
"""Stability under which more pairs of a cluster part than stay together."""


def is_unstable(stability: float | None) -> bool:
    """Whether a cluster's figures are not to be relied on; not where nothing was measured."""
    return stability is not None and bool(stability < UNSTABLE)


def cluster_stability(
    points: np.ndarray,
    labels: np.ndarray,
    cluster_again: Callable[[np.ndarray, int], np.ndarray],
    repeats: int = 10,
    share: float = 0.8,
    most: int = 5000,
    units: np.ndarray | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Measure for each cluster the share of its pairs of heatmaps that stay together.

    A part of the heatmaps is drawn and clustered again from another random start, several times.
    Of all pairs of heatmaps that lie in one cluster and were both drawn, those are counted that
    lie in one cluster again. A group that stands apart has 1, also where a later run joins it
    with another; two groups that were taken for one are parted by some runs and have less.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    labels : ndarray of shape (heatmaps,), int
        1 to the number of clusters.
    cluster_again : callable
        ``cluster_again(points, seed)`` returns one label for each of the points it is given, in
        the way that `labels` were made.
    repeats : int
    share : float
        Of the heatmaps that is drawn each time, above 0 and at most 1.
    most : int
        Heatmaps that are drawn each time, however many there are.
    units : ndarray of shape (heatmaps,), optional
        Heatmaps of one unit (one photo) are drawn together; otherwise each by itself.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    ndarray of shape (clusters,), float32
        0 to 1; nan where no two heatmaps of the cluster were ever drawn together.

    Raises
    ------
    SettingsError
        If a setting is not allowed, or there is not one label and one unit for each point.

    References
    ----------
    Ben-Hur, Elisseeff and Guyon 2002; Hennig 2007 for one figure per cluster.
    """
    labels = np.asarray(labels)
    _check(len(points), labels, units, repeats, share)
    clusters = int(labels.max())
    units = np.arange(len(labels)) if units is None else np.unique(units, return_inverse=True)[1]
    wanted = max(2, min(round(share * len(labels)), most))
    pairs, kept = np.zeros((2, clusters))
    for repeat in range(repeats):
        drawn = _draw(units, wanted, np.random.default_rng((seed, repeat)))
        again = np.asarray(cluster_again(points[drawn], seed + 1 + repeat))
        if again.shape != drawn.shape:
            raise SettingsError(
                f"{len(drawn)} heatmaps were clustered again and {again.shape} labels came back: "
                "return one label for each point."
            )
        shared = np.zeros((clusters, len(again)))
        np.add.at(shared, (labels[drawn] - 1, np.unique(again, return_inverse=True)[1]), 1)
        pairs += _pairs(shared.sum(axis=1))
        kept += _pairs(shared).sum(axis=1)
    return np.divide(kept, pairs, out=np.full(clusters, np.nan), where=pairs > 0).astype(np.float32)


def weighted_stability(stability: np.ndarray, labels: np.ndarray) -> float:
    """Mean of the clusters' stability, each weighted by its heatmaps; nan where none is known."""
    members = np.bincount(labels - 1)
    known = np.isfinite(stability)
    return float(np.average(stability[known], weights=members[known])) if known.any() else np.nan


def _pairs(members: np.ndarray) -> np.ndarray:
    return members * (members - 1) / 2


def _draw(units: np.ndarray, wanted: int, random: np.random.Generator) -> np.ndarray:
    """Rows of randomly chosen whole units, rising; about as many as wanted and never none."""
    order = random.permutation(units.max() + 1)
    size = np.bincount(units)[order]
    chosen = order[: max(1, np.searchsorted(size.cumsum(), wanted, side="right"))]
    return np.flatnonzero(np.isin(units, chosen))


def _check(
    count: int, labels: np.ndarray, units: np.ndarray | None, repeats: int, share: float
) -> None:
    if not (labels.shape == (count,) and count and (units is None or len(units) == count)):
        raise SettingsError(
            f"{count} heatmaps were given with {labels.shape} labels"
            f"{'' if units is None else f' and {len(units)} units'}: give one for each heatmap."
        )
    if repeats < 1:
        raise SettingsError(f"{repeats} repeats are too few: use at least 1.")
    if not 0 < share <= 1:
        raise SettingsError(f"The share {share} is not allowed: use one above 0 and at most 1.")
