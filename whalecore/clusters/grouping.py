"""k-means on the rows of an embedding, and the numbers that its groups get."""

from __future__ import annotations

import warnings

import numpy as np

STARTS = 10
"""Random starts of one k-means."""

SAMPLE = 20_000
"""Rows that the starts are compared on, where there are more."""


def group_rows(
    rows: np.ndarray,
    groups: int,
    seed: int,
    starts: int = STARTS,
    centres: np.ndarray | None = None,
) -> np.ndarray:
    """Group rows by k-means; the sign of a column makes no difference.

    Where there are many rows, the best start is found on a random sample of them and continued
    with all.

    Parameters
    ----------
    rows : ndarray of shape (heatmaps, columns)
    groups : int
    seed : int
        Of the starts and the sample.
    starts : int
    centres : ndarray of shape (groups, columns), optional
        Where to start instead of at random.

    Returns
    -------
    ndarray of shape (len(rows),), int
        0 to ``groups - 1``, in no particular order.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # Heatmaps that differ can share one row of the embedding: fewer groups are then right.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if centres is None:
            if len(rows) <= SAMPLE:
                return KMeans(groups, n_init=starts, random_state=seed).fit_predict(rows)
            drawn = np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False)
            first = KMeans(groups, n_init=starts, random_state=seed).fit(rows[np.sort(drawn)])
            centres = first.cluster_centers_
        return KMeans(groups, init=centres, n_init=1, random_state=seed).fit_predict(rows)


def number_clusters(
    labels: np.ndarray, correct: np.ndarray | None, scores: np.ndarray | None
) -> np.ndarray:
    """Number clusters from 1 by falling share of correct heatmaps.

    Ties are broken by falling mean score, then by falling size, then by the place of the
    first heatmap. Without knowledge of what is correct only size and place count.

    Parameters
    ----------
    labels : ndarray of shape (heatmaps,), int
    correct : ndarray of shape (heatmaps,), bool, or None
    scores : ndarray of shape (heatmaps,), float, or None

    Returns
    -------
    ndarray of shape (heatmaps,), int32
        1 to the number of clusters.
    """
    names, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    size = np.bincount(inverse)
    share = np.zeros(len(names)) if correct is None else np.bincount(inverse, correct) / size
    score = np.zeros(len(names)) if scores is None else np.bincount(inverse, scores) / size
    number = np.empty(len(names), dtype=np.int32)
    number[np.lexsort((first, -size, -score, -share))] = np.arange(1, len(names) + 1)
    return number[inverse]
