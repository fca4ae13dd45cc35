"""Carrying new heatmaps into the space in which clusters were found (Nystrom extension)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SMALLEST = 1e-6
"""Least eigenvalue of the affinity that is divided by: below it there is only noise."""


VALUES = 20_000_000
"""Affinities that are in memory together: 80 MB."""


@dataclass(frozen=True, eq=False)
class Extension:
    """What carries a point into the embedding, and where the clusters lie there.

    Attributes
    ----------
    anchors : ndarray of shape (anchors, components), float16 or float32
        Points that new ones are compared with.
    rows : ndarray of shape (anchors, dimensions), float32
        What each of them adds to the embedding of a new point, times their affinity.
    centres : ndarray of shape (clusters, dimensions), float32
        Of the clusters, by number; of rows of norm 1.
    sigma : float
        Width of the affinity, in units of the distance between points.
    """

    anchors: np.ndarray
    rows: np.ndarray
    centres: np.ndarray
    sigma: float

    def squares(self, points: np.ndarray) -> np.ndarray:
        """Return squared distances (points, anchors) in single precision."""
        anchors, lengths = self._single
        return squared_distances(points, anchors, lengths)

    @cached_property
    def _single(self) -> tuple[np.ndarray, np.ndarray]:
        """Anchors in single precision and their squared lengths: half the time of one point."""
        anchors = self.anchors.astype(np.float32, copy=False)
        return anchors, squared_lengths(anchors)

    def clusters(self, points: np.ndarray, squares: np.ndarray | None = None) -> np.ndarray:
        """Return the cluster of each point, 1 to the number of clusters.

        Parameters
        ----------
        points : ndarray of shape (points, components), float32
        squares : ndarray of shape (points, anchors), optional
            Their squared distances to the anchors, where they are known already.

        Returns
        -------
        ndarray of shape (points,), int32
        """
        if squares is None:
            squares = self.squares(points)
        return nearest_centre(unit_rows(self._carried(squares)), self.centres)

    def embedded(self, points: np.ndarray) -> np.ndarray:
        """Return rows of the embedding (points, dimensions), each up to a factor of its own."""
        size = max(1, VALUES // len(self.anchors))
        blocks = [points[start : start + size] for start in range(0, len(points), size)]
        return np.concatenate([self._carried(self.squares(block)) for block in blocks])

    def _carried(self, squares: np.ndarray) -> np.ndarray:
        # A common factor of a row's affinities changes nothing; this one keeps the largest at 1.
        beyond = squares - squares.min(axis=1, keepdims=True)
        affinity = np.exp(beyond * np.float32(-0.5 / self.sigma**2))
        return affinity @ self.rows


def nystrom(
    anchors: np.ndarray,
    vectors: np.ndarray,
    degrees: np.ndarray,
    eigenvalues: np.ndarray,
    sigma: float,
    labels: np.ndarray,
) -> Extension:
    """Make the extension of the eigenvectors of L_sym.

    An eigenvector v of D^-1/2 W D^-1/2 with eigenvalue 1 - lambda fulfils, at each point x,
    v(x) = sum_n W(x, n) v_n / sqrt(d(x) d_n) / (1 - lambda), which holds for a new x as well. As
    rows are brought to norm 1, the new point's own degree d(x) makes no difference.

    Parameters
    ----------
    anchors : ndarray of shape (heatmaps, components)
        All clustered points.
    vectors : ndarray of shape (heatmaps, dimensions)
        Eigenvectors as columns, each of norm 1; their rows are as they came.
    degrees : ndarray of shape (heatmaps,)
        Row sums of W.
    eigenvalues : ndarray of shape (dimensions or more,)
        Of L_sym, rising.
    sigma : float
    labels : ndarray of shape (heatmaps,), int
        1 to the number of clusters.

    Returns
    -------
    Extension

    References
    ----------
    Fowlkes et al. 2004, spectral grouping using the Nystrom method; Bengio et al. 2003.
    """
    kept = np.maximum(1 - eigenvalues[: vectors.shape[1]], SMALLEST)
    rows = vectors / np.sqrt(degrees)[:, None] / kept
    # One factor for all, so that single precision holds them whatever the degrees are.
    rows = rows / max(np.abs(rows).max(), np.finfo(float).tiny)
    centres = centres_of(unit_rows(vectors), labels)
    return Extension(anchors, rows.astype(np.float32), centres, float(sigma))


def centres_of(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean row of each cluster, (clusters, dimensions) float32.

    Parameters
    ----------
    rows : ndarray of shape (heatmaps, dimensions)
        Of norm 1.
    labels : ndarray of shape (heatmaps,), int
        1 to the number of clusters, each at least once.
    """
    return np.stack(
        [rows[labels == number].mean(axis=0) for number in range(1, labels.max() + 1)]
    ).astype(np.float32)


def nearest_centre(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the number of each row's nearest centre, from 1, (rows,) int32."""
    return squared_distances(rows, centres).argmin(axis=1).astype(np.int32) + np.int32(1)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Bring rows to norm 1; a row of zeros stays."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def squared_lengths(points: np.ndarray) -> np.ndarray:
    """Return each point's squared distance to the origin, (points,)."""
    return np.einsum("ij,ij->i", points, points)


def squared_distances(
    first: np.ndarray, second: np.ndarray, lengths: np.ndarray | None = None
) -> np.ndarray:
    """Return squared Euclidean distances (len(first), len(second)) in the precision given.

    `lengths` are the squared lengths of the second points, where they are known already.
    """
    squares = first @ second.T
    squares *= -2
    squares += squared_lengths(second) if lengths is None else lengths
    squares += squared_lengths(first)[:, None]
    return np.maximum(squares, 0, out=squares)
