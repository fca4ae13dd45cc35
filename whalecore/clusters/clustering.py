"""The result of a clustering: the groups, how sure they are, and what places new heatmaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.clusters.affinity import SigmaChoice
from whalecore.clusters.descriptor import Projection
from whalecore.clusters.extension import Extension


@dataclass(frozen=True, eq=False)
class Earlier:
    """A clustering of fewer heatmaps that a new one continues.

    Attributes
    ----------
    labels : ndarray of shape (heatmaps,), int
        Cluster of each of the new clustering's heatmaps, from 1; 0 for those that were not there.
    sigma : SigmaChoice
        Its own, which is kept.
    """

    labels: np.ndarray
    sigma: SigmaChoice


@dataclass(frozen=True, eq=False)
class Clustering:
    """Groups of heatmaps and what is needed to place new ones.

    Attributes
    ----------
    labels : ndarray of shape (heatmaps,), int32
        1 to `clusters`; 1 has the largest share of correct assignments.
    clusters : int
        Groups found: as many as asked for unless fewer heatmaps differ at all. Heatmaps that are
        the same share a cluster.
    eigenvalues : ndarray of shape (at most 60,), float64
        The smallest ones of the heatmaps' Laplacian, rising; where the number of clusters was read
        off landmarks, those of the landmarks, which decided.
    sigma : SigmaChoice
    mode : str
        ``exact`` (the paper's dense affinity) or ``scale`` (that of a sample, carried).
    memberships : ndarray of shape (heatmaps,), float32
        How well each heatmap sits in its cluster, 0 to 1: share of its nearest other heatmaps
        that lie in the same cluster.
    cluster_stability : ndarray of shape (clusters,), float32
        Share of each cluster's pairs of heatmaps that stay together when other heatmaps are drawn
        and other random starts are taken; nan where that cannot be told.
    stability : float
        Mean of `cluster_stability`, each cluster weighted by its heatmaps; nan where no cluster
        has one.
    others : dict of int to ndarray of shape (heatmaps,), int32
        Labels for neighbouring numbers of clusters, from the same eigenvectors.
    settings : str
        Key under which results are cached.
    projection : Projection
        The leading components, which place heatmaps to come.
    points : ndarray of shape (kept, components), float32
        Clustered heatmaps on those components, which new heatmaps are compared with: all where
        there are few, otherwise the random sample that was compared. Rounded to half precision,
        as they are stored.
    point_labels : ndarray of shape (kept,), int32
        Cluster of each of these.
    usual_distance : float
        Mean distance to its nearest clustered heatmaps beyond which a new one is unlike any
        cluster.
    extension : Extension
        What carries new heatmaps into the space in which the clusters were found.
    means : ndarray of shape (clusters, rows, cols), float16
        Mean heatmap of each cluster; of the first part where heatmaps have several.
    noise_stability : float
        Stability that as many clusters of noise have, see `whalecore.clusters.chance`; nan where
        it was not measured.
    started : bool
        Whether the clusters started from those of an earlier clustering.
    by_landmarks : bool
        Whether the number of clusters was read off eigenvalues of landmarks.
    """

    labels: np.ndarray
    clusters: int
    eigenvalues: np.ndarray
    sigma: SigmaChoice
    mode: str
    memberships: np.ndarray
    cluster_stability: np.ndarray
    stability: float
    others: dict[int, np.ndarray]
    settings: str
    projection: Projection
    points: np.ndarray
    point_labels: np.ndarray
    usual_distance: float
    extension: Extension
    means: np.ndarray
    noise_stability: float = float("nan")
    started: bool = False
    by_landmarks: bool = False
