"""Clusters of all heatmaps from an embedding, also where only some of them were compared."""

from __future__ import annotations

import numpy as np

from whalecore.clusters.alike import alike
from whalecore.clusters.clustering import Earlier
from whalecore.clusters.eigen import Embedding, dense_embedding
from whalecore.clusters.extension import centres_of, nearest_centre, nystrom, unit_rows
from whalecore.clusters.grouping import group_rows

FEWER_STARTS = 3
"""Random starts of k-means where groups are only compared with others."""


def carried(points: np.ndarray, kept: np.ndarray, embedding: Embedding, sigma: float) -> np.ndarray:
    """The embedding of all points from that of the kept ones; of no matter which length.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    kept : ndarray of shape (kept,), int
        Places of the heatmaps that were compared.
    embedding : Embedding
        Of those.
    sigma : float
    """
    if len(kept) == len(points):
        return embedding.vectors
    nobody = np.ones(len(kept), int)
    extension = nystrom(
        points[kept], embedding.vectors, embedding.degrees, embedding.eigenvalues, sigma, nobody
    )
    vectors = extension.embedded(points)
    vectors[kept] = embedding.vectors
    return vectors


def earlier_centres(vectors: np.ndarray, earlier: Earlier | None) -> np.ndarray | None:
    """Where the clusters of an earlier clustering lie now; None where they are not all there.

    Parameters
    ----------
    vectors : ndarray of shape (heatmaps, clusters)
        Rows of the embedding.
    earlier : Earlier or None
    """
    if earlier is None:
        return None
    there = earlier.labels > 0
    wanted = np.arange(1, vectors.shape[1] + 1)
    if not np.array_equal(np.unique(earlier.labels[there]), wanted):
        return None
    return centres_of(unit_rows(vectors[there]), earlier.labels[there])


def grouped(
    vectors: np.ndarray,
    kept: np.ndarray,
    groups: int,
    seed: int,
    starts: int,
    centres: np.ndarray | None = None,
) -> np.ndarray:
    """Group the kept heatmaps, and give each other one to the group with the nearest centre.

    Parameters
    ----------
    vectors : ndarray of shape (heatmaps, columns)
        Rows of the embedding.
    kept : ndarray of shape (kept,), int
        Places of the heatmaps that were compared.
    groups, seed, starts, centres
        See `whalecore.clusters.grouping.group_rows`.

    Returns
    -------
    ndarray of shape (heatmaps,), int
        From 0, in no particular order.
    """
    rows = unit_rows(vectors)
    own = group_rows(rows[kept], groups, seed, starts, centres)
    if len(kept) == len(rows):
        return own
    # Groups are numbered without gaps, because each has a centre.
    own = np.unique(own, return_inverse=True)[1]
    labels = nearest_centre(rows, centres_of(rows[kept], own + 1)) - 1
    labels[kept] = own
    return labels


def cluster_again(points: np.ndarray, sigma: float, groups: int, seed: int) -> np.ndarray:
    """Group some of the points, or noise in their place, with few starts: (points,) int from 0.

    Parameters
    ----------
    points : ndarray of shape (points, components)
    sigma : float
    groups : int
        Fewer where fewer of the points differ.
    seed : int
    """
    groups = min(groups, len(np.unique(alike(points))))
    rows = unit_rows(dense_embedding(points, sigma, groups).vectors)
    return group_rows(rows, groups, seed, FEWER_STARTS)


def stand_ins(points: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """For each heatmap the place of one that is the same, a kept one where there is one.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    kept : ndarray of shape (kept,), int
        Places of the heatmaps that were compared.

    Returns
    -------
    ndarray of shape (heatmaps,), int
    """
    first = alike(points)
    standing = np.arange(len(points))
    standing[first[kept]] = kept
    return standing[first]
