"""How stable clusters of nothing are: what the stability of real ones is to be compared with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from whalecore.clusters.stability import cluster_stability, weighted_stability
from whalecore.clusters.sweep import typical_distance

MOST = 1500
"""Points of noise, at most: stability hardly changes with more of them."""

DRAWS = 3
"""Times that noise is drawn."""

REPEATS = 2
"""Times that each is clustered again: draws differ more than repeats do."""


def noise_stability(
    points: np.ndarray,
    sigma: float,
    cluster_again: Callable[[np.ndarray, float, int], np.ndarray],
    seed: int = 0,
) -> float:
    """Measure the stability that heatmaps without any kinds reach.

    As many points are drawn from one normal distribution with the spread of the heatmaps along
    each component, so that there are no groups to be found, and clustered in the same way, with a
    sigma that is the same multiple of the typical distance. A share of pairs can be large without
    any groups: two halves of a cloud come out again, and so does one cluster of nearly everything
    beside a few heatmaps that are alone.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
        On their principal components, which are not correlated.
    sigma : float
        By which the heatmaps were clustered.
    cluster_again : callable
        ``cluster_again(points, sigma, seed)`` returns one label for each of the points, in the way
        that the heatmaps were clustered.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    float
        0 to 1, each cluster weighted by its points; nan where no cluster has two.

    References
    ----------
    Liu, Hayes, Nobel and Marron 2008 for one normal distribution as what has no clusters.
    """
    random = np.random.default_rng(seed)
    size, spread = min(len(points), MOST), points.std(axis=0)
    multiple = sigma / typical_distance(points, seed)
    found = []
    for draw in range(DRAWS):
        noise = random.standard_normal((size, len(spread)), np.float32) * spread
        alike = multiple * typical_distance(noise, seed)
        labels = np.unique(cluster_again(noise, alike, seed + draw), return_inverse=True)[1] + 1
        stability = cluster_stability(
            noise,
            labels,
            lambda drawn, again, alike=alike: cluster_again(drawn, alike, again),
            repeats=REPEATS,
            seed=seed + draw,
        )
        found.append(weighted_stability(stability, labels))
    known = [one for one in found if np.isfinite(one)]
    return float(np.mean(known)) if known else float("nan")
