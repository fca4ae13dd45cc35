"""The smallest eigenvalues of the Laplacian and their eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.clusters.affinity import GAPS, gaussian_affinity, normalised_laplacian
from whalecore.clusters.alike import alike
from whalecore.errors import SettingsError

DIRECT_MOST = 500
"""Heatmaps up to which the direct solver is faster than Lanczos."""

DIRECT_LAST = 5000
"""Heatmaps up to which it takes over where Lanczos steps do not converge: about a minute."""


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
    first, place, times = _different(alike(points))
    # Of the different ones alone: no second matrix where some are the same.
    affinity = gaussian_affinity(points[first], sigma)
    several = np.flatnonzero(times > 1)
    degrees = affinity.sum(axis=1, dtype=np.float64)
    degrees += affinity[:, several] @ (times[several] - 1.0)
    found = _counted(affinity, degrees, count, place, times)
    return Embedding(*found, degrees[place])


def smallest_eigenvectors(
    affinity: np.ndarray, count: int, same: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest eigenvalues of L_sym and their eigenvectors.

    L_sym is never formed for many heatmaps: the largest eigenvalues of D^-1/2 W D^-1/2 = I - L_sym
    are found by Lanczos steps, in the precision of the affinity. Heatmaps that are the same are
    taken as one that counts as often as there are: the eigenvectors of all are then its
    eigenvectors, and those that would part the same heatmaps, of eigenvalue 1, are left at 0.

    Parameters
    ----------
    affinity : ndarray of shape (heatmaps, heatmaps), float64 or float32
    count : int
        Eigenvectors wanted.
    same : ndarray of shape (heatmaps,), int, optional
        The same number for heatmaps that are the same; without it all differ.

    Returns
    -------
    eigenvalues : ndarray of shape (60 or count, at most heatmaps), float64
        At least 0, rising.
    vectors : ndarray of shape (heatmaps, count), float64
        The eigenvectors as columns, each of norm 1 or, beyond the number of different heatmaps, 0.

    Raises
    ------
    SettingsError
        If the eigenvalues of many heatmaps cannot be found.
    """
    if same is None:
        return _solved(affinity, min(max(GAPS, count), len(affinity)), count)
    first, place, times = _different(same)
    degrees = affinity.sum(axis=1, dtype=np.float64)[first]
    if len(first) < len(affinity):
        affinity = affinity[np.ix_(first, first)]
    return _counted(affinity, degrees, count, place, times)


def _different(same: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one place of each kind, each place's kind, and how often each kind is there."""
    _, first, place, times = np.unique(
        same, return_index=True, return_inverse=True, return_counts=True
    )
    return first, place, times


def _counted(
    affinity: np.ndarray, degrees: np.ndarray, count: int, place: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `smallest_eigenvectors`, from affinity and degrees of the different heatmaps alone."""
    wanted = min(max(GAPS, count), len(place))
    scale = np.sqrt(times / degrees)
    found, own = _solved(affinity, min(wanted, len(affinity)), count, scale)
    eigenvalues = np.ones(wanted)
    eigenvalues[: len(found)] = found if len(found) == wanted else np.minimum(found, 1)
    vectors = np.zeros((len(place), min(count, len(place))))
    vectors[:, : own.shape[1]] = (own / np.sqrt(times)[:, None])[place]
    return eigenvalues, vectors


def groups_of(eigenvalues: np.ndarray) -> int:
    """Number of groups that the eigenvalues show: those below the largest step, at least 2.

    The step above the first eigenvalue is left out, which is 0 for any data.
    """
    steps = np.diff(eigenvalues)[1:]
    return int(steps.argmax()) + 2 if len(steps) else min(2, len(eigenvalues))


def _solved(
    affinity: np.ndarray, wanted: int, count: int, scale: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and the first `count` eigenvectors of I - S W S; S is D^-1/2 by default."""
    if len(affinity) <= max(DIRECT_MOST, wanted + 1):
        eigenvalues, vectors = _direct(affinity, wanted, scale)
    else:
        eigenvalues, vectors = _lanczos(affinity, wanted, scale)
    return np.maximum(eigenvalues[:wanted], 0), vectors[:, :count].astype(np.float64)


def _direct(
    affinity: np.ndarray, wanted: int, scale: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.linalg import eigh

    return eigh(normalised_laplacian(affinity, scale), subset_by_index=(0, wanted - 1))


def _lanczos(
    affinity: np.ndarray, wanted: int, scale: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    if scale is None:
        scale = 1 / np.sqrt(affinity.sum(axis=1, dtype=np.float64))
    single = scale.astype(affinity.dtype)
    operator = LinearOperator(
        affinity.shape,
        lambda vector: single * (affinity @ (single * vector.ravel())),
        dtype=single.dtype,
    )
    # A fixed start: the same heatmaps give the same eigenvectors.
    start = np.random.default_rng(0).normal(size=len(affinity)).astype(single.dtype)
    try:
        largest, vectors = eigsh(operator, k=wanted, which="LA", v0=start)
    except ArpackError as error:
        # Many equal eigenvalues stop Lanczos steps, but not the direct solver.
        if len(affinity) <= DIRECT_LAST:
            return _direct(affinity, wanted, scale)
        raise SettingsError(
            "The eigenvalues of these heatmaps could not be found, mostly because sigma is so "
            "small that no two of them are alike: use a larger sigma or 'auto'."
        ) from error
    order = np.argsort(-largest, kind="stable")
    return 1 - largest[order].astype(np.float64), vectors[:, order]
