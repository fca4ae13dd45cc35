"""Measures of a heatmap that need no knowledge of the animal; many heatmaps at once."""

from __future__ import annotations

import numpy as np

from whalecore.errors import SettingsError

DENSEST = 0.1
"""Share of the grid on which a compact heatmap has nearly all of its evidence."""


def compactness(values: np.ndarray) -> np.ndarray:
    """Share of the positive values that lies in the tenth of the grid that holds most.

    0.1 for evidence spread evenly, 1 for evidence in few places. Unlike the spread around one
    centre it does not punish evidence at both tips.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        nan where nothing is positive.
    """
    positive = np.sort(_positive(values), axis=1)
    densest = max(1, round(DENSEST * positive.shape[1]))
    return _share(positive[:, -densest:].sum(axis=1), positive.sum(axis=1))


def inside(values: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share of the positive values that lies under a mask, such as the fluke.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)
    masks : ndarray of shape (heatmaps, height, width), bool
        May be finer or coarser than the heatmaps: a cell counts by the share that is covered.

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        nan where nothing is positive.
    """
    _check(values), _check(masks)
    covered = pooled(masks, *values.shape[1:]).reshape(len(masks), -1)
    positive = _positive(values)
    return _share((positive * covered).sum(axis=1), positive.sum(axis=1))


def balance(values: np.ndarray) -> np.ndarray:
    """Positive minus negative values, as a share of both.

    1 where everything speaks for the individual, -1 where everything speaks for others.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        nan where all values are 0.
    """
    positive, negative = _positive(values).sum(axis=1), _positive(-values).sum(axis=1)
    return _share(positive - negative, positive + negative)


def agreement(values: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation of two maps of the same photo, on the coarser grid of the two.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)
    other : ndarray of shape (heatmaps, other rows, other cols)

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        -1 to 1; nan where one of the maps has the same value everywhere.
    """
    _check(values), _check(other)
    grid = [min(sides) for sides in zip(values.shape[1:], other.shape[1:], strict=True)]
    one, two = (pooled(part, *grid).reshape(len(part), -1) for part in (values, other))
    one, two = (part - part.mean(axis=1, keepdims=True) for part in (one, two))
    both = np.sqrt((one**2).sum(axis=1) * (two**2).sum(axis=1))
    # Maps that are constant but for rounding have no shape to agree on.
    scale = np.abs(values).max(axis=(1, 2)) * np.abs(other).max(axis=(1, 2))
    both = np.where(both > 1e-10 * scale * one.shape[1], both, 0)
    return np.clip(_share((one * two).sum(axis=1), both), -1, 1)


def pooled(values: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """Means over the cells of another grid, each value counting by the area that it covers there.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, height, width)
    rows, cols : int

    Returns
    -------
    ndarray of shape (heatmaps, rows, cols), float64
    """
    down, across = _overlaps(values.shape[1], rows), _overlaps(values.shape[2], cols)
    return down @ np.asarray(values, np.float64) @ across.T


def _overlaps(cells: int, wanted: int) -> np.ndarray:
    """Share of each wanted cell that each given cell covers, (wanted, cells)."""
    given = np.arange(cells + 1) / cells
    edges = np.arange(wanted + 1) / wanted
    least = np.maximum(edges[:-1, None], given[None, :-1])
    most = np.minimum(edges[1:, None], given[None, 1:])
    return np.maximum(most - least, 0) * wanted


def _positive(values: np.ndarray) -> np.ndarray:
    """Positive values, flat: (heatmaps, cells), float64."""
    _check(values)
    return np.maximum(np.asarray(values, np.float64), 0).reshape(len(values), -1)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    there = whole > 0
    return np.where(there, part / np.where(there, whole, 1), np.nan).astype(np.float32)


def _check(values: np.ndarray) -> None:
    if np.ndim(values) != 3 or 0 in np.shape(values)[1:]:
        raise SettingsError(
            f"Heatmaps are stacked as (heatmaps, rows, cols), not as {np.shape(values)}: give "
            "values[None] for a single one."
        )
