"""How alike two heatmaps are, given the distance up to which they count as alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError

SMALLEST_SIGMA, LARGEST_SIGMA = 1e-6, 1e15
"""Beyond them the square of sigma is too small or too large for single precision."""

PAPER_SIGMA = 0.2
"""Of the paper; it is taken per feature, because a distance grows with the descriptor's length."""

DOUBLE_MOST = 3000
"""Points up to which affinities are kept in double precision; float32 halves the memory above."""

GAPS = 60
"""Number of smallest eigenvalues that are looked at and kept."""

BLOCK = 1000
"""Rows of a large affinity that are computed together."""


@dataclass(frozen=True)
class SigmaTrial:
    """One candidate of the sweep.

    Attributes
    ----------
    sigma : float
    eigengap : float
        Largest step between neighbouring eigenvalues from the second to the 60th.
    groups : int
        Number of eigenvalues below that step: groups that the data seem to have.
    mean_degree : float
        Mean summed affinity of a heatmap to all others.
    isolated : float
        Share of heatmaps without neighbours.
    stability : float
        Mean adjusted Rand index between the clusters of three parts of the heatmaps, on those
        that two parts share; 1 = the same groups each time. nan where it was not measured.
    """

    sigma: float
    eigengap: float
    groups: int
    mean_degree: float
    isolated: float
    stability: float = float("nan")


@dataclass(frozen=True)
class SigmaChoice:
    """The chosen sigma, how it was chosen in words, and all trials by rising sigma."""

    sigma: float
    rule: str
    sweep: tuple[SigmaTrial, ...] = ()


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return squared Euclidean distances, shape (len(first), len(second)), float64."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None, :]
    return np.maximum(squares - 2 * first @ second.T, 0)


def gaussian_affinity(points: np.ndarray, sigma: float) -> np.ndarray:
    """Return W with W_nm = exp(-||z_n - z_m||^2 / (2 sigma^2)).

    Parameters
    ----------
    points : ndarray of shape (heatmaps, features)
    sigma : float
        In units of the distance between points.

    Returns
    -------
    ndarray of shape (heatmaps, heatmaps), float64, or float32 above 3000 heatmaps
        Symmetric, 1 on the diagonal, so that even a heatmap without neighbours has a degree.

    Raises
    ------
    SettingsError
        If sigma is not above 0.

    References
    ----------
    Kierdorf et al. 2020, section 4.2.
    """
    check_sigma(sigma)
    if len(points) <= DOUBLE_MOST:
        affinity = squared_distances(points, points)
        affinity /= -2 * sigma**2
        np.exp(affinity, out=affinity)
    else:
        points = np.asarray(points, np.float32)
        squares = np.einsum("nd,nd->n", points, points)
        affinity = np.empty((len(points), len(points)), np.float32)
        for start in range(0, len(points), BLOCK):
            rows = slice(start, start + BLOCK)
            block = affinity[rows]
            np.matmul(points[rows], points.T, out=block)
            block *= 2
            block -= squares[rows, None]
            block -= squares
            np.minimum(block, 0, out=block)
            block /= np.float32(2 * sigma**2)
            np.exp(block, out=block)
    np.fill_diagonal(affinity, 1)
    return affinity


def check_sigma(sigma: float) -> None:
    """Refuse a sigma that is not a number above 0, or beyond all distances."""
    if not SMALLEST_SIGMA <= sigma <= LARGEST_SIGMA:
        raise SettingsError(
            f"The sigma {sigma} is not allowed: use a number above 0 (0.000001 to 1e15), 'auto' or "
            "'paper'."
        )


def normalised_laplacian(affinity: np.ndarray, scale: np.ndarray | None = None) -> np.ndarray:
    """Return L_sym = I - D^-1/2 W D^-1/2, shape (heatmaps, heatmaps), float64.

    `scale` stands in for the diagonal of D^-1/2.
    """
    if scale is None:
        scale = 1 / np.sqrt(affinity.sum(axis=1))
    return np.eye(len(affinity)) - scale[:, None] * affinity * scale[None, :]
