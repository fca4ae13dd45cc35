"""How alike two heatmaps are, and the distance up to which they count as alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError

PAPER_SIGMA = 0.2
"""Of the paper; it is taken per feature, because a distance grows with the descriptor's length."""

NEIGHBOURS = (3, 7, 15)
FACTORS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4)
"""Candidates for sigma are these factors times the median distance to these neighbours."""

SAMPLE = 1000
"""Heatmaps that the sweep looks at; its cost grows with their third power."""

MOST_ISOLATED = 0.05
"""Share of heatmaps that may be left without neighbours."""

ISOLATED_DEGREE = 0.5
"""Summed affinity to all others under which a heatmap has no neighbours."""

GAPS = 60
"""Number of smallest eigenvalues that are looked at and kept."""


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
    """

    sigma: float
    eigengap: float
    groups: int
    mean_degree: float
    isolated: float


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
    ndarray of shape (heatmaps, heatmaps), float64
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
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, 0)
    return np.exp(distances / (-2 * sigma**2))


def check_sigma(sigma: float) -> None:
    """Refuse a sigma that is not a number above 0."""
    if not (np.isfinite(sigma) and sigma > 0):
        raise SettingsError(
            f"The sigma {sigma} is not allowed: use a number above 0, 'auto' or 'paper'."
        )


def normalised_laplacian(affinity: np.ndarray) -> np.ndarray:
    """Return L_sym = I - D^-1/2 W D^-1/2, shape (heatmaps, heatmaps), float64."""
    scale = 1 / np.sqrt(affinity.sum(axis=1))
    return np.eye(len(affinity)) - scale[:, None] * affinity * scale[None, :]


def choose_sigma(points: np.ndarray, seed: int = 0) -> SigmaChoice:
    """Choose sigma from the data.

    Candidates are multiples of the median distance to the 3rd, 7th and 15th nearest
    neighbour. A candidate that leaves more than 5 % of the heatmaps without neighbours is
    put aside; of the others the one with the largest eigengap is taken, because there the
    groups of heatmaps stand apart most clearly. If all are put aside, the candidate with the
    fewest heatmaps without neighbours is taken. More than 1000 heatmaps are represented by a
    random sample.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, features)
    seed : int
        Of the sample.

    Returns
    -------
    SigmaChoice
        With all candidates; sigma is 1 if all points are the same.
    """
    if len(points) > SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(points), SAMPLE, replace=False)
        points = points[np.sort(chosen)]
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, 0)
    ordered = np.sqrt(np.sort(distances, axis=1))
    candidates = sorted(
        {
            float(factor * np.median(ordered[:, min(neighbour, len(points) - 1)]))
            for neighbour in NEIGHBOURS
            for factor in FACTORS
        }
        - {0.0}
    )
    if not candidates:
        return SigmaChoice(1.0, "most heatmaps are the same")
    sweep = tuple(_trial(distances, sigma) for sigma in candidates)
    connected = [trial for trial in sweep if trial.isolated <= MOST_ISOLATED]
    if connected:
        best = max(connected, key=lambda trial: trial.eigengap)
        return SigmaChoice(best.sigma, "largest eigengap", sweep)
    best = min(sweep, key=lambda trial: trial.isolated)
    return SigmaChoice(best.sigma, "fewest heatmaps without neighbours", sweep)


def _trial(distances: np.ndarray, sigma: float) -> SigmaTrial:
    from scipy.linalg import eigh

    affinity = np.exp(distances / (-2 * sigma**2))
    degree = affinity.sum(axis=1) - 1
    last = min(GAPS, len(affinity)) - 1
    eigenvalues = eigh(normalised_laplacian(affinity), eigvals_only=True, subset_by_index=(0, last))
    steps = np.diff(eigenvalues)[1:]
    place = int(steps.argmax()) if len(steps) else 0
    return SigmaTrial(
        sigma=sigma,
        eigengap=float(steps[place]) if len(steps) else 0.0,
        groups=place + 2,
        mean_degree=float(degree.mean()),
        isolated=float((degree < ISOLATED_DEGREE).mean()),
    )
