"""Spectral clustering of heatmaps (Kierdorf et al. 2020, section 4.2)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from whalecore.clusters.affinity import (
    GAPS,
    PAPER_SIGMA,
    SigmaChoice,
    check_sigma,
    choose_sigma,
    gaussian_affinity,
    normalised_laplacian,
    squared_distances,
)
from whalecore.clusters.descriptor import Projection, fit_projection, shortened
from whalecore.errors import SettingsError
from whalecore.types import HeatmapSet

STARTS = 10
"""Random starts of one k-means."""

VOTERS = 10
"""Nearest heatmaps that say how well a heatmap sits in its cluster."""

REPEATS = 4
"""Further runs of k-means that the stability is measured with."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """Groups of heatmaps and what is needed to place new ones.

    Attributes
    ----------
    labels : ndarray of shape (heatmaps,), int32
        1 to `clusters`; 1 has the largest share of correct assignments.
    clusters : int
        Groups found: as many as asked for unless fewer heatmaps differ at all.
    eigenvalues : ndarray of shape (at most 60,), float64
        Smallest of L_sym, rising.
    sigma : SigmaChoice
    memberships : ndarray of shape (heatmaps,), float32
        Share of the ten nearest other heatmaps that lie in the same cluster.
    stability : float
        Mean adjusted Rand index between the labels and those of four further runs of k-means
        from other random starts; 1 = the same groups each time.
    settings : str
        Key under which results are cached.
    projection : Projection
        The leading components, which place heatmaps to come.
    points : ndarray of shape (heatmaps, components), float16
        Of the clustered heatmaps, on those components.
    """

    labels: np.ndarray
    clusters: int
    eigenvalues: np.ndarray
    sigma: SigmaChoice
    memberships: np.ndarray
    stability: float
    settings: str
    projection: Projection
    points: np.ndarray


def spectral_clustering(
    heatmaps: HeatmapSet | np.ndarray,
    clusters: int = 30,
    sigma: str | float = "auto",
    seed: int = 0,
    stride: int | None = None,
    correct: np.ndarray | None = None,
) -> Clustering:
    """Group heatmaps that look alike.

    Parameters
    ----------
    heatmaps : HeatmapSet or ndarray of shape (heatmaps, rows, cols)
    clusters : int
        K, 2 to the number of heatmaps.
    sigma : float, 'auto' or 'paper'
        Distance up to which two heatmaps count as alike; ``auto`` chooses it from the data,
        ``paper`` is 0.2 times the root of the descriptor's length.
    seed : int
        Of k-means; the same seed gives the same labels.
    stride : int, optional
        Of the heatmaps, in pixels of the model's input. Without it that of the heatmaps'
        settings, or 4 (no pooling) where they have none.
    correct : ndarray of shape (heatmaps,), bool, optional
        By which the clusters are numbered; that of the heatmaps where left out.

    Returns
    -------
    Clustering

    Raises
    ------
    SettingsError
        If there are fewer heatmaps than clusters or a setting is not allowed.

    References
    ----------
    Kierdorf et al. 2020, section 4.2; Ng, Jordan and Weiss 2001.
    """
    known = isinstance(heatmaps, HeatmapSet)
    values = heatmaps.values if known else np.asarray(heatmaps)
    if clusters < 2:
        raise SettingsError(f"{clusters} clusters are too few: ask for at least 2.")
    if len(values) < clusters:
        raise SettingsError(
            f"{len(values)} heatmaps cannot form {clusters} clusters: compute more heatmaps or "
            "ask for fewer clusters."
        )
    if stride is None:
        stride = stride_of(heatmaps.settings) if known else 4
    projection = fit_projection(values, stride, seed)
    points = projection.points(values)
    choice = _sigma(points, len(projection.mean), sigma, seed)
    eigenvalues, vectors = smallest_eigenvectors(gaussian_affinity(points, choice.sigma), clusters)
    groups = min(clusters, len(np.unique(points, axis=0)))
    labels = group_rows(vectors, groups, seed)
    if correct is None and known:
        correct = heatmaps.correct
    placing = shortened(projection, points)
    near = placing.points(values).astype(np.float16)
    numbered = number_clusters(labels, correct, heatmaps.scores if known else None)
    return Clustering(
        labels=numbered,
        clusters=int(numbered.max()),
        eigenvalues=eigenvalues,
        sigma=choice,
        memberships=_memberships(near, numbered),
        stability=_stability(vectors, labels, groups, seed),
        settings=f"clusters={clusters},sigma={sigma},seed={seed},stride={stride}",
        projection=placing,
        points=near,
    )


def stride_of(settings: str) -> int:
    """Return the stride that heatmap settings name; 4 (no pooling) where they name none."""
    named = dict(part.split("=", 1) for part in settings.split(",") if "=" in part)
    return int(named.get("stride", 4))


def smallest_eigenvectors(affinity: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest eigenvalues of L_sym and the embedding they span.

    Parameters
    ----------
    affinity : ndarray of shape (heatmaps, heatmaps)
    count : int
        Eigenvectors wanted.

    Returns
    -------
    eigenvalues : ndarray of shape (at most 60,), float64
        At least 0, rising.
    vectors : ndarray of shape (heatmaps, count), float64
        The eigenvectors as columns, each row of norm 1.
    """
    from scipy.linalg import eigh

    last = min(max(GAPS, count), len(affinity)) - 1
    eigenvalues, vectors = eigh(normalised_laplacian(affinity), subset_by_index=(0, last))
    rows = vectors[:, :count]
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.maximum(eigenvalues[:GAPS], 0), rows / np.where(norms > 0, norms, 1)


def group_rows(rows: np.ndarray, groups: int, seed: int) -> np.ndarray:
    """Group rows by k-means; the sign of a column makes no difference.

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
        return KMeans(groups, n_init=STARTS, random_state=seed).fit_predict(rows)


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


def _sigma(points: np.ndarray, length: int, sigma: str | float, seed: int) -> SigmaChoice:
    if sigma == "auto":
        return choose_sigma(points, seed)
    if sigma == "paper":
        return SigmaChoice(PAPER_SIGMA * length**0.5, "the paper's 0.2 per feature")
    if isinstance(sigma, str):
        raise SettingsError(
            f"The sigma '{sigma}' is unknown: use a number above 0, 'auto' or 'paper'."
        )
    check_sigma(sigma)
    return SigmaChoice(float(sigma), "given")


def _memberships(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, np.inf)
    voters = min(VOTERS, len(points) - 1)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :voters]
    return (labels[nearest] == labels[:, None]).mean(axis=1, dtype=np.float32)


def _stability(rows: np.ndarray, labels: np.ndarray, groups: int, seed: int) -> float:
    from sklearn.metrics import adjusted_rand_score

    others = (group_rows(rows, groups, seed + 1 + repeat) for repeat in range(REPEATS))
    return float(np.mean([adjusted_rand_score(labels, other) for other in others]))
