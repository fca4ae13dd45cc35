"""Maps from some of their positions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

from whalecore.explain.phases import MapGrid


def interpolated(values: np.ndarray, known: np.ndarray, grid: MapGrid) -> np.ndarray:
    """Fill the positions of a map that are not known.

    Linear between the positions of the finest grid that is known completely; positions that are
    known beside it keep their values.

    Parameters
    ----------
    values : ndarray of shape (maps, rows, cols)
        Anything where not known.
    known : ndarray of shape (rows, cols), bool
        At least the coarsest grid.
    grid : MapGrid

    Returns
    -------
    ndarray of shape (maps, rows, cols), float32
    """
    level = finest_level(known, grid)
    filled = _filled(values, (level, level), grid, _linear)
    return np.where(known, values, filled).astype(np.float32)


def smoothly_interpolated(values: np.ndarray, levels: tuple[int, int], grid: MapGrid) -> np.ndarray:
    """Fill the positions between those of a grid by cubic splines.

    Parameters
    ----------
    values : ndarray of shape (maps, rows, cols)
        Anything off the grid.
    levels : (int, int)
        How fine the grid is along rows and along columns.
    grid : MapGrid

    Returns
    -------
    ndarray of shape (maps, rows, cols), float64
    """
    return _filled(values, levels, grid, _splines)


def _filled(values, levels, grid: MapGrid, weights: Callable) -> np.ndarray:
    rows, cols = grid.rows.of_level(levels[0]), grid.cols.of_level(levels[1])
    coarse = values[:, rows[:, None], cols].astype(np.float64)
    return weights(rows, grid.rows.count) @ coarse @ weights(cols, grid.cols.count).T


def finest_level(known: np.ndarray, grid: MapGrid) -> int:
    """The finest grid all of whose positions are known; -1 if not even the coarsest."""
    level = -1
    while level + 1 < grid.levels and known[grid.known_at(level + 1)].all():
        level += 1
    return level


def _linear(places: np.ndarray, count: int) -> np.ndarray:
    """Weights of some places of an axis at all of them; constant beyond the outermost."""
    return np.stack(
        [np.interp(np.arange(count), places, one) for one in np.eye(len(places))], axis=1
    )


def _splines(places: np.ndarray, count: int) -> np.ndarray:
    """As `_linear`, of a curve that bends as little as possible."""
    if len(places) == 1:
        return _linear(places, count)
    inside = np.clip(np.arange(count), places[0], places[-1])
    return CubicSpline(places, np.eye(len(places)))(inside)
