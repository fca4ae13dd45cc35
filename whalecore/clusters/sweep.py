"""Sigma from the data: the distance up to which heatmaps count as alike."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from whalecore.clusters.affinity import GAPS, SigmaChoice, SigmaTrial, squared_distances
from whalecore.clusters.alike import alike
from whalecore.clusters.eigen import groups_of, smallest_eigenvectors
from whalecore.clusters.extension import unit_rows
from whalecore.clusters.grouping import group_rows

NEIGHBOUR = 7
"""Candidates are multiples of the median distance to this nearest neighbour."""

FACTORS = (0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.4, 2.0)
"""These multiples; below 0.4 groups fall into single heatmaps."""

SAMPLE = 1000
"""Heatmaps that the sweep looks at; its cost grows with their third power."""

PARTS = 3
"""Random parts of the sample that are grouped and compared for the stability."""

SHARE = 0.8
"""Of the sample that is in each part."""

MOST_ISOLATED = 0.01
"""Share of heatmaps that may be left without neighbours."""

ISOLATED_SHARE = 0.01
"""A heatmap has no neighbours if its affinity to all others is, on average, below this."""

ISOLATED_DEGREE = 0.5
"""And in any case if it sums to less than this."""

STARTS = 3
"""Random starts of each k-means of the sweep."""

ROUNDING = 1e-6
"""Share of a point's length under which a distance is rounding of single precision."""


def choose_sigma(points: np.ndarray, clusters: int | None = None, seed: int = 0) -> SigmaChoice:
    """Choose sigma from the data.

    Candidates are multiples of the median distance to the 7th nearest neighbour, where heatmaps
    that are the same count as one: otherwise it would be 0 as soon as half of them are. Those that
    leave more than 1 % of the heatmaps without neighbours are put aside: their groups are stable,
    but only because most heatmaps hang together and the rest are alone. Of the others the most
    stable is taken: three random parts of the heatmaps are grouped, and heatmaps that two parts
    share should fall into the same groups; of equals, the one with the larger eigengap. Where the
    number of clusters is not given, the candidate with the largest eigengap is taken instead,
    because there the groups stand apart most clearly. If all are put aside, the one with the fewest
    heatmaps without neighbours is taken. More than 1000 heatmaps are represented by a random
    sample.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, features)
    clusters : int, optional
        Number of clusters whose stability counts; without it, the number that each candidate's
        eigengap shows.
    seed : int
        Of the sample, its parts and k-means.

    Returns
    -------
    SigmaChoice
        With all candidates; sigma is 1 if all points are the same.
    """
    random = np.random.default_rng(seed)
    points = _sampled(points, random)
    same = alike(points)
    median = _neighbour_distance(points, same)
    if median == 0:
        return SigmaChoice(1.0, "all heatmaps are the same")
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, 0)
    size = max(2, round(SHARE * len(points)))
    parts = [np.sort(random.permutation(len(points))[:size]) for _ in range(PARTS)]
    sweep = tuple(
        _trial(distances, same, factor * median, clusters, parts, seed) for factor in FACTORS
    )
    connected = [trial for trial in sweep if trial.isolated <= MOST_ISOLATED]
    if not connected:
        best = min(sweep, key=lambda trial: trial.isolated)
        return SigmaChoice(best.sigma, "fewest heatmaps without neighbours", sweep)
    if clusters is None:
        best = max(connected, key=lambda trial: trial.eigengap)
        return SigmaChoice(best.sigma, "largest eigengap", sweep)
    best = max(connected, key=lambda trial: (trial.stability, trial.eigengap))
    return SigmaChoice(
        best.sigma, "most stable of those that leave at most 1 % of the heatmaps alone", sweep
    )


def typical_distance(points: np.ndarray, seed: int = 0) -> float:
    """Median distance to the 7th nearest of at most 1000 heatmaps; 1 if all are the same."""
    points = _sampled(points, np.random.default_rng(seed))
    return _neighbour_distance(points, alike(points)) or 1.0


def _sampled(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    if len(points) <= SAMPLE:
        return points
    return points[np.sort(random.choice(len(points), SAMPLE, replace=False))]


def _neighbour_distance(points: np.ndarray, same: np.ndarray) -> float:
    """Median distance of different heatmaps to the 7th nearest; 0 if none differ.

    Each is the nearest to itself. Distances that are nothing but rounding do not count.
    """
    points = points[np.unique(same)]
    distances = squared_distances(points, points)
    neighbour = min(NEIGHBOUR, len(points) - 1)
    nearest = np.sqrt(np.partition(distances, neighbour, axis=1)[:, neighbour])
    longest = np.sqrt((points.astype(np.float64) ** 2).sum(axis=1).max())
    nearest = nearest[nearest > ROUNDING * longest]
    return float(np.median(nearest)) if len(nearest) else 0.0


def _trial(
    distances: np.ndarray,
    same: np.ndarray,
    sigma: float,
    clusters: int | None,
    parts: list[np.ndarray],
    seed: int,
) -> SigmaTrial:
    affinity = np.exp(distances / (-2 * sigma**2)).astype(np.float32)
    degree = affinity.sum(axis=1) - 1
    least = max(ISOLATED_DEGREE, ISOLATED_SHARE * len(affinity))
    eigenvalues, _ = smallest_eigenvectors(affinity, min(GAPS, len(affinity)), same)
    groups = groups_of(eigenvalues)
    steps = np.diff(eigenvalues)[1:]
    return SigmaTrial(
        sigma=sigma,
        eigengap=float(steps.max()) if len(steps) else 0.0,
        groups=groups,
        mean_degree=float(degree.mean()),
        isolated=float((degree < least).mean()),
        stability=_stability(affinity, same, groups if clusters is None else clusters, parts, seed),
    )


def _stability(
    affinity: np.ndarray, same: np.ndarray, clusters: int, parts: list[np.ndarray], seed: int
) -> float:
    """Mean agreement of the groups of several parts on the heatmaps that two of them share."""
    from sklearn.metrics import adjusted_rand_score

    found = np.full((len(parts), len(affinity)), -1)
    for labels, part in zip(found, parts, strict=True):
        groups = min(clusters, len(np.unique(same[part])))
        _, rows = smallest_eigenvectors(affinity[np.ix_(part, part)], groups, same[part])
        labels[part] = group_rows(unit_rows(rows), groups, seed, STARTS)
    pairs = [
        (first[both], second[both])
        for first, second in combinations(found, 2)
        if (both := (first >= 0) & (second >= 0)).any()
    ]
    if not pairs:
        return float("nan")
    return float(np.mean([adjusted_rand_score(first, second) for first, second in pairs]))
