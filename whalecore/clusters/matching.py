"""Which cluster is which when heatmaps are clustered again, and what another number merges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError

SAME = 0.5
"""Overlap from which on a cluster continues another one: at least half of the heatmaps that lie in
either lie in both. Then each has at most one such partner, but for an exact half, and what people
said of the one holds for most of the other, whichever of the two is larger. A share of the smaller
cluster alone would let a cluster of ten heatmaps hand its name to one of a hundred."""

LEAST_OVERLAP = 0.25
"""Under it two clusters have too little in common to be named together; up to `SAME` the one
continues the other only in part."""

MOST_OF = 0.5
"""Share of a cluster above which it counts as part of another one."""


@dataclass(frozen=True)
class Match:
    """Which earlier cluster a new one continues, wholly or in part; see `continues`.

    Attributes
    ----------
    cluster : int
        The new one.
    earlier : int or None
        None if no earlier cluster is enough like it.
    shared : int
        Heatmaps that lie in both; 0 without a match.
    overlap : float
        Jaccard index: shared heatmaps by those that lie in either, 0 to 1; 0 without a match.
    """

    cluster: int
    earlier: int | None
    shared: int
    overlap: float


@dataclass(frozen=True)
class Flow:
    """Heatmaps that two clusterings share between one cluster each.

    Attributes
    ----------
    cluster, other : int
        The cluster in the one clustering, and in the other.
    heatmaps : int
        At least 1.
    share : float
        Of the heatmaps of `cluster`, above 0 and at most 1.
    """

    cluster: int
    other: int
    heatmaps: int
    share: float


@dataclass(frozen=True)
class Joined:
    """One cluster that holds most of several clusters of another clustering.

    Attributes
    ----------
    cluster : int
    clusters : tuple of int
        Two or more of the other clustering, those with most heatmaps in `cluster` first.
    heatmaps : int
        Of those clusters, in `cluster`.
    share : float
        Of the heatmaps of `cluster`, above 0 and at most 1.
    """

    cluster: int
    clusters: tuple[int, ...]
    heatmaps: int
    share: float


def continues(overlap):
    """Whether a cluster with such an overlap is the earlier one, and keeps its name and note.

    Parameters
    ----------
    overlap : float, or an array of them
    """
    return overlap >= SAME


def match_clusters(labels: np.ndarray, earlier: np.ndarray) -> tuple[Match, ...]:
    """Find for each new cluster the earlier one that it continues, each at most once.

    Clusters that are the same one, see `continues`, are paired. Of all ways to pair the others the
    one with the largest sum of overlaps (Jaccard index) is taken; pairs that overlap by less than a
    quarter are then parted again, and the rest continue each other only in part.

    Parameters
    ----------
    labels, earlier : ndarray of shape (heatmaps,), int
        Clusters of the heatmaps that both clusterings hold, in the same order.

    Returns
    -------
    tuple of Match
        One per cluster in `labels`, by rising number; empty without heatmaps.

    Raises
    ------
    SettingsError
        If the labels are not whole numbers, one for each heatmap.

    References
    ----------
    Kuhn 1955, the assignment problem; Hennig 2007 for the Jaccard index between clusterings.
    """
    from scipy.optimize import linear_sum_assignment

    clusters, others, shared = _table(labels, earlier)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    overlap = shared / np.maximum(either, 1)
    # Any number of partial pairs is worth less than one whole pair.
    worth = overlap + len(clusters) * continues(overlap)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    pairs = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    matches = []
    for row, cluster in enumerate(clusters):
        column = pairs.get(row)
        if column is None or overlap[row, column] < LEAST_OVERLAP:
            matches.append(Match(int(cluster), None, 0, 0.0))
        else:
            both, share = int(shared[row, column]), float(overlap[row, column])
            matches.append(Match(int(cluster), int(others[column]), both, share))
    return tuple(matches)


def flows(labels: np.ndarray, other: np.ndarray) -> tuple[Flow, ...]:
    """Say how the heatmaps of each cluster are spread over the clusters of another clustering.

    Parameters
    ----------
    labels, other : ndarray of shape (heatmaps,), int
        Clusters of the same heatmaps in two clusterings, in the same order.

    Returns
    -------
    tuple of Flow
        By cluster, then by falling share, then by the other cluster's number; the shares of a
        cluster sum to 1.

    Raises
    ------
    SettingsError
        If the labels are not whole numbers, one for each heatmap.
    """
    clusters, others, shared = _table(labels, other)
    size = shared.sum(axis=1)
    return tuple(
        Flow(int(clusters[row]), int(others[column]), int(shared[row, column]), float(share))
        for row in range(len(clusters))
        for column in np.argsort(-shared[row], kind="stable")
        if (share := shared[row, column] / size[row]) > 0
    )


def merges(labels: np.ndarray, other: np.ndarray) -> tuple[Joined, ...]:
    """Say which clusters come together in another clustering.

    Parameters
    ----------
    labels, other : ndarray of shape (heatmaps,), int
        Clusters of the same heatmaps in two clusterings, in the same order.

    Returns
    -------
    tuple of Joined
        Clusters of `other` that hold more than half of each of two or more clusters, by number.

    Raises
    ------
    SettingsError
        If the labels are not whole numbers, one for each heatmap.
    """
    clusters, others, shared = _table(labels, other)
    mostly = shared > MOST_OF * shared.sum(axis=1, keepdims=True)
    found = []
    for column in np.flatnonzero(mostly.sum(axis=0) > 1):
        rows = [row for row in np.argsort(-shared[:, column], kind="stable") if mostly[row, column]]
        held = int(shared[rows, column].sum())
        found.append(
            Joined(
                cluster=int(others[column]),
                clusters=tuple(int(clusters[row]) for row in rows),
                heatmaps=held,
                share=held / int(shared[:, column].sum()),
            )
        )
    return tuple(found)


def splits(labels: np.ndarray, other: np.ndarray) -> tuple[Joined, ...]:
    """Say which clusters come apart in another clustering: `merges` the other way round.

    Parameters
    ----------
    labels, other : ndarray of shape (heatmaps,), int
        Clusters of the same heatmaps in two clusterings, in the same order.

    Returns
    -------
    tuple of Joined
        Clusters that hold more than half of each of two or more clusters of `other`, by number.

    Raises
    ------
    SettingsError
        If the labels are not whole numbers, one for each heatmap.
    """
    return merges(other, labels)


def _table(labels: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names of the clusters on both sides, and heatmaps in each pair (clusters, others)."""
    labels, other = np.asarray(labels), np.asarray(other)
    if labels.ndim != 1 or labels.shape != other.shape:
        raise SettingsError(
            f"The two clusterings hold {labels.shape} and {other.shape} labels: compare them on "
            "the heatmaps that both have, one label for each."
        )
    if len(labels) and not all(np.issubdtype(side.dtype, np.integer) for side in (labels, other)):
        raise SettingsError("Labels of clusters are whole numbers: give those of a clustering.")
    clusters, rows = np.unique(labels, return_inverse=True)
    others, columns = np.unique(other, return_inverse=True)
    shared = np.zeros((len(clusters), len(others)), dtype=np.int64)
    np.add.at(shared, (rows, columns), 1)
    return clusters, others, shared
