"""Placing new heatmaps into existing clusters, and saying when they are unlike all of them.

A new heatmap gets the cluster whose centre is nearest in the space in which the clusters were
found. How well it sits there, and whether it is unlike any cluster, the nearest clustered heatmaps
say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from whalecore.clusters.clustering import Clustering
from whalecore.clusters.descriptor import Projection, Stacks, parts_of
from whalecore.clusters.extension import squared_distances
from whalecore.errors import SettingsError

VOTERS = 10
"""Nearest heatmaps that say how well a heatmap sits in its cluster."""

USUAL = 0.99
"""Share of held-out heatmaps that are nearer to the clustered ones than the usual distance."""

SAMPLE = 2000
"""Heatmaps that are held out to find the usual distance."""

VALUES = 10_000_000
"""Distances in one block: 40 MB."""


@dataclass(frozen=True)
class Placement:
    """Where one new heatmap falls.

    Attributes
    ----------
    cluster : int
        The nearest, even if the heatmap is unlike all.
    membership : float
        Share of the ten nearest clustered heatmaps that lie in that cluster, 0 to 1.
    distance : float
        Mean distance to those ten, in units of the heatmaps' points.
    unlike : bool
        Whether the heatmap is unlike any cluster: further away than 99 % of heatmaps of the
        clustered kinds would be, or without any difference between its cells.
    """

    cluster: int
    membership: float
    distance: float
    unlike: bool


@dataclass(frozen=True, eq=False)
class Placements:
    """Where new heatmaps fall: one array per field of `Placement`.

    Attributes
    ----------
    clusters : ndarray of shape (heatmaps,), int32
    memberships, distances : ndarray of shape (heatmaps,), float32
    unlike : ndarray of shape (heatmaps,), bool
    """

    clusters: np.ndarray
    memberships: np.ndarray
    distances: np.ndarray
    unlike: np.ndarray


def assign(clustering: Clustering, stacks_of_one: Stacks) -> Placement:
    """Place one heatmap into a cluster.

    Parameters
    ----------
    clustering : Clustering
    stacks_of_one : ndarray of shape (rows, cols) or (1, rows, cols), or a sequence of them
        One map per part, of the same methods and settings as the clustered heatmaps.

    Returns
    -------
    Placement

    Raises
    ------
    SettingsError
        If it is not one heatmap, or has other parts or grids than the clustered ones.
    """
    parts = (stacks_of_one,) if isinstance(stacks_of_one, np.ndarray) else stacks_of_one
    parts = [part[None] if part.ndim == 2 else part for part in map(np.asarray, parts)]
    found = assign_many(clustering, parts)
    if len(found.clusters) != 1:
        raise SettingsError(
            f"{len(found.clusters)} heatmaps were given to be placed as one: give a single one, "
            "or place them with assign_many."
        )
    return Placement(
        cluster=int(found.clusters[0]),
        membership=float(found.memberships[0]),
        distance=float(found.distances[0]),
        unlike=bool(found.unlike[0]),
    )


def assign_many(clustering: Clustering, stacks: Stacks) -> Placements:
    """Place several heatmaps, see `assign`.

    Parameters
    ----------
    clustering : Clustering
    stacks : ndarray of shape (heatmaps, rows, cols), or a sequence of them
        One array per part.

    Returns
    -------
    Placements

    Raises
    ------
    SettingsError
        If the heatmaps have other parts or grids than the clustered ones.
    """
    parts = parts_of(stacks)
    blocks = [
        _placed(clustering, [part[block] for part in parts])
        for block in _blocks(len(parts[0]), len(clustering.points))
    ]
    return Placements(*map(np.concatenate, zip(*blocks, strict=True)))


def memberships(
    points: np.ndarray,
    labels: np.ndarray,
    units: np.ndarray | None = None,
    among: np.ndarray | None = None,
) -> np.ndarray:
    """Say how well clustered heatmaps sit in their clusters.

    Heatmaps of the same unit do not count, because a new photo's heatmap has none of its own
    beside it either.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    labels : ndarray of shape (heatmaps,), int
    units : ndarray of shape (heatmaps,), optional
        The photo of each heatmap; without it each is a unit of its own.
    among : ndarray of int, optional
        Places of the heatmaps they are compared with; all without it.

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        Share of the ten nearest heatmaps of other units that lie in the same cluster; 1 for a
        heatmap without any.
    """
    points = points.astype(np.float32, copy=False)
    units = _numbered(units, len(points))
    among = np.arange(len(points)) if among is None else among
    others, owners, names = points[among], units[among], labels[among]
    found = np.ones(len(points), np.float32)
    for block in _blocks(len(points), len(others)):
        squares = squared_distances(points[block], others)
        squares[units[block, None] == owners] = np.inf
        nearest, near = _nearest(squares, min(VOTERS, len(others)))
        there = np.isfinite(near)
        count = there.sum(axis=1)
        same = ((names[nearest] == labels[block, None]) & there).sum(axis=1)
        np.divide(same, count, out=found[block], where=count > 0)
    return found


def outside(projection: Projection, stacks: Stacks, points: np.ndarray) -> np.ndarray:
    """Say how much of heatmaps the components of a projection leave out.

    It adds to the distance to all clustered heatmaps alike, and is large for a map of noise.

    Parameters
    ----------
    projection : Projection
    stacks : ndarray of shape (heatmaps, rows, cols), or a sequence of them
        One array per part.
    points : ndarray of shape (heatmaps, components)
        Their points on the projection.

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        Squared distance between a heatmap's descriptor and the space of the components.
    """
    parts = parts_of(stacks)
    found = np.empty(len(points), np.float32)
    for block in _blocks(len(points), projection.features):
        described = projection.describe([part[block] for part in parts])
        found[block] = _rest(projection, described, points[block])
    return found


def usual_distance(
    points: np.ndarray,
    seed: int = 0,
    units: np.ndarray | None = None,
    outside: np.ndarray | None = None,
) -> float:
    """Find the distance beyond which a new heatmap is unlike any cluster.

    Heatmaps of one unit are held out together and compared with all others, as those of a new
    photo are; 99 % of the heatmaps are then nearer. One distance serves all clusters: few clusters
    have enough heatmaps for a 99th percentile of their own, and distances that follow the width
    of each cluster called up to 10 % of held-out heatmaps unlike.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    seed : int
        Of the sample that is held out where there are more than 2,000 heatmaps.
    units : ndarray of shape (heatmaps,), optional
        The photo of each heatmap; without it each is a unit of its own.
    outside : ndarray of shape (heatmaps,), optional
        See the function `outside`; without it the components are taken to leave out nothing.

    Returns
    -------
    float
        Mean distance to the ten nearest; infinite where all heatmaps belong to one unit.
    """
    points = points.astype(np.float32, copy=False)
    count = len(points)
    units = _numbered(units, count)
    if units.max() == 0:
        return float("inf")
    held = np.sort(np.random.default_rng(seed).permutation(count)[:SAMPLE])
    return float(np.quantile(distances_to_others(points, units, outside, held), USUAL))


def distances_to_others(
    points: np.ndarray,
    units: np.ndarray,
    outside: np.ndarray | None = None,
    which: np.ndarray | None = None,
    among: np.ndarray | None = None,
) -> np.ndarray:
    """Say how far clustered heatmaps lie from those of other units, as new ones would.

    Parameters
    ----------
    points : ndarray of shape (heatmaps, components)
    units : ndarray of shape (heatmaps,)
    outside : ndarray of shape (heatmaps,), optional
        See the function `outside`.
    which : ndarray of int, optional
        Places of the heatmaps that are asked for; all without it.
    among : ndarray of int, optional
        Places of the heatmaps they are compared with; all without it.

    Returns
    -------
    ndarray of shape (which,), float64
        Mean distance to the ten nearest of other units, or to as many as there are; 0 without any.
    """
    points = points.astype(np.float32, copy=False)
    units = _numbered(units, len(points))
    which = np.arange(len(points)) if which is None else which
    others, owners = (points, units) if among is None else (points[among], units[among])
    distances = np.empty(len(which))
    for block in _blocks(len(which), len(others)):
        squares = squared_distances(points[which[block]], others)
        squares[units[which[block], None] == owners] = np.inf
        _, near = _nearest(squares, min(VOTERS, len(others)))
        reached = np.isfinite(near)
        if outside is not None:
            near = near + outside[which[block], None]
        total = np.sqrt(np.where(reached, near, 0)).sum(axis=1)
        distances[block] = total / np.maximum(reached.sum(axis=1), 1)
    return distances


def _numbered(units: np.ndarray | None, count: int) -> np.ndarray:
    """Units as numbers from 0; each heatmap is one where none are given."""
    return np.arange(count) if units is None else np.unique(units, return_inverse=True)[1]


def _placed(clustering: Clustering, parts: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Clusters, memberships, distances and unlikeness of one block of heatmaps."""
    projection, extension = clustering.projection, clustering.extension
    described = projection.describe(parts)
    points = projection.project(described)
    if extension.anchors is clustering.points:
        squares = extension.squares(points)
        clusters = extension.clusters(points, squares)
    else:
        squares = squared_distances(points, clustering.points.astype(np.float32, copy=False))
        clusters = extension.clusters(points)
    nearest, near = _nearest(squares, min(VOTERS, len(clustering.points)))
    shares = (clustering.point_labels[nearest] == clusters[:, None]).mean(axis=1)
    distances = np.sqrt(near + _rest(projection, described, points)[:, None]).mean(axis=1)
    unlike = (distances > clustering.usual_distance) | ~described.any(axis=1)
    return clusters, shares.astype(np.float32), distances.astype(np.float32), unlike


def _rest(projection: Projection, described: np.ndarray, points: np.ndarray) -> np.ndarray:
    points = points.astype(np.float32, copy=False)
    rest = np.square(described - projection.mean).sum(axis=1) - np.square(points).sum(axis=1)
    return np.maximum(rest, 0)


def _nearest(squares: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places and squared distances of each row's nearest, in no particular order."""
    nearest = np.argpartition(squares, count - 1, axis=1)[:, :count]
    return nearest, np.take_along_axis(squares, nearest, axis=1)


def _blocks(count: int, compared: int) -> Iterator[slice]:
    size = max(1, VALUES // max(1, compared))
    return (slice(start, start + size) for start in range(0, count, size))
