"""Families of clusters: which clusters' mean heatmaps look alike."""

from __future__ import annotations

import numpy as np

from whalecore.errors import SettingsError


def families_of(means: np.ndarray, families: int) -> np.ndarray:
    """Group clusters into families by their mean heatmaps.

    Average linkage of the distance 1 - r, where r is the correlation of two mean heatmaps: the
    pattern counts and not how strong it is. In the embedding nothing of the kind is to be seen,
    because all its clusters lie about equally far from each other.

    Parameters
    ----------
    means : ndarray of shape (clusters, rows, cols)
        Mean heatmap of each cluster.
    families : int
        How many at most; 1 to the number of clusters. Mean heatmaps that are equally far apart stay
        together, so that there can be fewer.

    Returns
    -------
    ndarray of shape (clusters,), int32
        Family of each cluster, from 1; the family of the first cluster is 1, the next family
        that is met is 2, and so on.

    Raises
    ------
    SettingsError
        If there are no clusters, or fewer than families.
    """
    flat = np.asarray(means, np.float64).reshape(len(means), -1)
    if not len(flat) or not 1 <= families <= len(flat):
        raise SettingsError(
            f"{len(flat)} clusters cannot form {families} families: ask for 1 to {len(flat)}."
        )
    if len(flat) == 1:
        return np.ones(1, np.int32)
    from scipy.cluster.hierarchy import fcluster, linkage

    found = fcluster(linkage(_distances(flat), "average"), families, "maxclust")
    return _by_first(found)


def likeness(means: np.ndarray) -> np.ndarray:
    """Correlation of each mean heatmap with each other, (clusters, clusters), -1 to 1.

    That of a map without any difference between its cells is 0, but 1 with itself.
    """
    flat = np.asarray(means, np.float64).reshape(len(means), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(lengths > 0, lengths, 1)
    found = np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(found, 1)
    return found


def _distances(flat: np.ndarray) -> np.ndarray:
    """1 - r of each pair, in the order that scipy wants."""
    return (1 - likeness(flat))[np.triu_indices(len(flat), 1)]


def _by_first(found: np.ndarray) -> np.ndarray:
    """Numbers from 1 in the order in which they are met."""
    _, first, places = np.unique(found, return_index=True, return_inverse=True)
    return (np.argsort(np.argsort(first))[places] + 1).astype(np.int32)
