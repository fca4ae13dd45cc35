"""The smallest eigenvalues of the Laplacian and their eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.clusters.affinity import GAPS, gaussian_affinity, normalised_laplacian
from whalecore.errors import SettingsError

DIRECT_MOST = 500
"""Heatmaps up to which the direct solver is faster than Lanczos."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """Eigenvectors of L_sym.

    Attributes
    ----------
    eigenvalues : ndarray of shape (60 or more, at most heatmaps), float64
        At least 0, rising.
    vectors : ndarray of shape (heatmaps, columns), float64
        Eigenvectors as columns.
    degrees : ndarray of shape (heatmaps,), float64
        Row sums of the affinity.
    """

    eigenvalues: np.ndarray
    vectors: np.ndarray
    degrees: np.ndarray


def dense_embedding(points: np.ndarray, sigma: float, count: int) -> Embedding:
    """Embed heatmaps by their affinity to each other, as in the paper.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    sigma : float
        In units of the distance between points.
    count : int
        Eigenvectors wanted.
    """
    affinity = gaussian_affinity(points, sigma)
    degrees = affinity.sum(axis=1, dtype=np.float64)
    return Embedding(*smallest_eigenvectors(affinity, count), degrees)


def smallest_eigenvectors(affinity: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest eigenvalues of L_sym and their eigenvectors.

    L_sym is never formed for many heatmaps: the largest eigenvalues of D^-1/2 W D^-1/2 = I - L_sym
    are found by Lanczos steps, in the precision of the affinity.

    Parameters
    ----------
    affinity : ndarray of shape (heatmaps, heatmaps), float64 or float32
    count : int
        Eigenvectors wanted.

    Returns
    -------
    eigenvalues : ndarray of shape (60 or count, at most heatmaps), float64
        At least 0, rising.
    vectors : ndarray of shape (heatmaps, count), float64
        The eigenvectors as columns, each of norm 1.

    Raises
    ------
    SettingsError
        If the Lanczos steps do not converge.
    """
    wanted = min(max(GAPS, count), len(affinity))
    if len(affinity) <= max(DIRECT_MOST, wanted + 1):
        from scipy.linalg import eigh

        laplacian = normalised_laplacian(affinity)
        eigenvalues, vectors = eigh(laplacian, subset_by_index=(0, wanted - 1))
    else:
        eigenvalues, vectors = _lanczos(affinity, wanted)
    return np.maximum(eigenvalues[:wanted], 0), vectors[:, :count].astype(np.float64)


def groups_of(eigenvalues: np.ndarray) -> int:
    """Number of groups that the eigenvalues show: those below the largest step, at least 2.

    The step above the first eigenvalue is left out, which is 0 for any data.
    """
    steps = np.diff(eigenvalues)[1:]
    return int(steps.argmax()) + 2 if len(steps) else min(2, len(eigenvalues))


def _lanczos(affinity: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    degrees = affinity.sum(axis=1, dtype=np.float64)
    scale = (1 / np.sqrt(degrees)).astype(affinity.dtype)
    operator = LinearOperator(
        affinity.shape,
        lambda vector: scale * (affinity @ (scale * vector.ravel())),
        dtype=scale.dtype,
    )
    # A fixed start: the same heatmaps give the same eigenvectors.
    start = np.random.default_rng(0).normal(size=len(affinity)).astype(scale.dtype)
    try:
        largest, vectors = eigsh(operator, k=wanted, which="LA", v0=start)
    except ArpackError as error:
        raise SettingsError(
            "The eigenvalues of these heatmaps could not be found, mostly because sigma is so "
            "small that no two of them are alike: use a larger sigma or 'auto'."
        ) from error
    order = np.argsort(-largest, kind="stable")
    return 1 - largest[order].astype(np.float64), vectors[:, order]
