"""The number of clusters that heatmaps seem to have, looked for through landmarks.

Where only the nearest landmarks of a heatmap count, kinds that overlap still show an eigengap,
which the affinity of all pairs smooths away.
"""

from __future__ import annotations

import numpy as np

from whalecore.clusters.affinity import GAPS, check_sigma, squared_distances

LANDMARKS = 1000
"""Most landmarks."""

HEATMAPS_PER_LANDMARK = 10
"""At least so many on average, so that a landmark is a mean free of the noise of single maps."""

NEAREST = 4
"""Landmarks that describe a heatmap."""

COMPONENTS = 128
"""Principal components that are kept."""

SAMPLE = 50_000
"""Heatmaps that the landmarks are fitted on, where there are more."""

BLOCK = 2000
"""Heatmaps whose distances to the landmarks are in memory together."""


def fit_landmarks(points: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Choose landmarks: the centres of mini-batch k-means.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    count : int
    seed : int
        Of the sample and of k-means.

    Returns
    -------
    ndarray of shape (count, components), float64
    """
    from sklearn.cluster import MiniBatchKMeans

    if count >= len(points):
        return points.astype(np.float64)
    if len(points) > SAMPLE:
        drawn = np.random.default_rng(seed).choice(len(points), SAMPLE, replace=False)
        points = points[np.sort(drawn)]
    model = MiniBatchKMeans(count, batch_size=4096, max_iter=20, n_init=1, random_state=seed)
    return model.fit(points).cluster_centers_.astype(np.float64)


def landmark_eigenvalues(points: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    """Return the smallest eigenvalues of L_sym where heatmaps are compared through landmarks.

    Each heatmap has the weights exp(-d^2 / (2 sigma^2)) of its 4 nearest landmarks, divided by
    their sum. The rows of these weights Z, divided by the root of their column's sum, give the
    affinity W = Z D^-1 Z^T, whose degrees are all 1. Its eigenvalues are those of a matrix of
    landmarks by landmarks.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
        The first 128 components are used.
    sigma : float
        In units of the distance between points. It only shares out the weight among the nearest
        landmarks, so that the result depends on it far less than with the full affinity.
    seed : int
        Of the landmarks.

    Returns
    -------
    ndarray of shape (at most 60,), float64
        At least 0, rising.

    References
    ----------
    Chen and Cai 2011, "Large scale spectral clustering with landmark-based representation".
    """
    from scipy.linalg import eigvalsh

    check_sigma(sigma)
    points = points[:, :COMPONENTS]
    count = min(LANDMARKS, max(2 * GAPS, len(points) // HEATMAPS_PER_LANDMARK))
    weights = landmark_weights(points, fit_landmarks(points, count, seed), sigma)
    columns = np.asarray(weights.sum(axis=0)).ravel()
    used = columns > 0
    scaled = weights[:, used].multiply(1 / np.sqrt(columns[used])).tocsr()
    small = (scaled.T @ scaled).toarray()
    wanted = min(GAPS, len(small))
    largest = eigvalsh(small, subset_by_index=(len(small) - wanted, len(small) - 1))
    return np.maximum(1 - largest[::-1], 0)


def landmark_weights(points: np.ndarray, landmarks: np.ndarray, sigma: float):
    """Weights of the nearest landmarks of each heatmap.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (heatmaps, landmarks), float64
        At most 4 entries a row; they sum to 1.
    """
    from scipy.sparse import csr_matrix

    nearest = min(NEAREST, len(landmarks))
    columns = np.empty((len(points), nearest), np.int64)
    weights = np.empty((len(points), nearest))
    for start in range(0, len(points), BLOCK):
        rows = slice(start, start + BLOCK)
        distances = squared_distances(points[rows], landmarks)
        columns[rows] = np.argpartition(distances, nearest - 1, axis=1)[:, :nearest]
        near = np.take_along_axis(distances, columns[rows], axis=1)
        # Only differences count: without the smallest distance nothing can become 0 / 0.
        near = np.exp((near.min(axis=1, keepdims=True) - near) / (2 * sigma**2))
        weights[rows] = near / near.sum(axis=1, keepdims=True)
    places = np.repeat(np.arange(len(points)), nearest)
    shape = (len(points), len(landmarks))
    return csr_matrix((weights.ravel(), (places, columns.ravel())), shape=shape)
