"""A map of clustered heatmaps in two dimensions, to look at and to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whalecore.clusters.clustering import Clustering
from whalecore.errors import CheckpointError, SettingsError
from whalecore.files import write_bytes

MOST = 3000
"""Heatmaps on a map; of more, a random sample is drawn."""

NEIGHBOURS = 30
"""About how many of its most alike heatmaps each one is kept near to (t-SNE's perplexity)."""

STEPS = 500
"""Of the arranging."""


@dataclass(frozen=True, eq=False)
class FlatMap:
    """Where heatmaps lie on a map.

    Attributes
    ----------
    kept : ndarray of shape (heatmaps,), int64
        Their places among the clustering's points.
    x, y : ndarray of shape (heatmaps,), float32
        0 to 1.
    arranged : bool
        Whether neighbours were brought together (t-SNE), instead of looking at the cloud of
        points from its broadest side (the first two principal components).
    """

    kept: np.ndarray
    x: np.ndarray
    y: np.ndarray
    arranged: bool


def broad_map(clustering: Clustering, seed: int = 0, most: int = MOST) -> FlatMap:
    """The first two principal components of a clustering's heatmaps; at once."""
    kept = drawn(len(clustering.points), seed, most)
    return _flat(kept, _two(clustering.points[kept]), arranged=False)


def arranged_map(clustering: Clustering, seed: int = 0, most: int = MOST) -> FlatMap:
    """A map on which heatmaps that are alike lie together; takes up to a minute.

    t-SNE of the points, begun at their first two principal components.

    References
    ----------
    van der Maaten and Hinton 2008.
    """
    kept = drawn(len(clustering.points), seed, most)
    points = clustering.points[kept]
    if len(kept) < 4 or np.ptp(points, axis=0).max() == 0:
        return _flat(kept, _two(points), arranged=True)
    from sklearn.manifold import TSNE

    start = _two(points)
    start = start / max(float(start[:, 0].std()), 1e-12) * 1e-4
    nearby = min(NEIGHBOURS, (len(kept) - 1) / 3)
    model = TSNE(2, perplexity=nearby, init=start, max_iter=STEPS, random_state=seed)
    return _flat(kept, model.fit_transform(points), arranged=True)


def drawn(count: int, seed: int, most: int = MOST) -> np.ndarray:
    """Places of the heatmaps that a map shows, rising."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def inside(x: np.ndarray, y: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Say which points lie inside an outline.

    Parameters
    ----------
    x, y : ndarray of shape (points,)
    outline : ndarray of shape (corners, 2)
        In order; the last corner is joined to the first. Where it crosses itself, what it goes
        round twice is outside.

    Returns
    -------
    ndarray of shape (points,), bool

    Raises
    ------
    SettingsError
        If there are fewer than three corners.
    """
    corners = np.asarray(outline, float)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise SettingsError("An outline on the map needs at least three corners: draw it again.")
    within = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        if crosses.any():
            within ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0 if y1 != y0 else 1) + x0)
    return within


def save_flat_map(flat: FlatMap, path: Path) -> None:
    """Write a map to one safetensors file, whole or not at all."""
    from safetensors.numpy import save

    arrays = {"kept": flat.kept.astype(np.int64), "x": flat.x, "y": flat.y}
    write_bytes(Path(path), save(arrays, metadata={"arranged": str(int(flat.arranged))}))


def load_flat_map(path: Path, points: int) -> FlatMap:
    """Read a map of a clustering with so many points.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another clustering.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(Path(path), framework="numpy") as file:
            flat = FlatMap(
                *(file.get_tensor(name) for name in ("kept", "x", "y")),
                arranged=file.metadata()["arranged"] == "1",
            )
        fits = flat.kept.ndim == 1 and flat.kept.shape == flat.x.shape == flat.y.shape
        if not (fits and len(flat.kept) and flat.kept.min() >= 0 and flat.kept.max() < points):
            raise ValueError("the arrays do not fit together")
        if not (np.isfinite(flat.x).all() and np.isfinite(flat.y).all()):
            raise ValueError("places that are not finite")
        return flat
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"The map '{Path(path).name}' is missing or damaged: have it arranged again."
        ) from error


def _two(points: np.ndarray) -> np.ndarray:
    """The first two columns; zeros where there is only one."""
    found = np.zeros((len(points), 2), np.float32)
    found[:, : points.shape[1]] = points[:, :2]
    return found


def _flat(kept: np.ndarray, places: np.ndarray, arranged: bool) -> FlatMap:
    low, spread = places.min(axis=0), np.ptp(places, axis=0)
    scaled = np.where(spread > 0, (places - low) / np.where(spread > 0, spread, 1), 0.5)
    x, y = scaled.astype(np.float32).T
    return FlatMap(kept, np.ascontiguousarray(x), np.ascontiguousarray(y), arranged)
