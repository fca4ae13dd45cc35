"""Maps from some of their positions."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from whalecore.explain.phases import MapGrid


def interpolated(
    values: np.ndarray, known: np.ndarray, grid: MapGrid, smooth: bool = False
) -> np.ndarray:
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
    smooth : bool
        By cubic splines instead of linearly.

    Returns
    -------
    ndarray of shape (maps, rows, cols), float32
    """
    level = finest_level(known, grid)
    rows, cols = grid.rows.of_level(level), grid.cols.of_level(level)
    coarse = values[:, rows[:, None], cols].astype(np.float64)
    by_row = _weights(rows, grid.rows.count, smooth)
    by_col = _weights(cols, grid.cols.count, smooth)
    filled = by_row @ coarse @ by_col.T
    return np.where(known, values, filled).astype(np.float32)


def finest_level(known: np.ndarray, grid: MapGrid) -> int:
    """The finest grid all of whose positions are known; -1 if not even the coarsest."""
    level = -1
    while level + 1 < grid.levels and known[grid.known_at(level + 1)].all():
        level += 1
    return level


def _weights(places: np.ndarray, count: int, smooth: bool) -> np.ndarray:
    """Interpolation from some places of an axis to all; constant beyond the outermost."""
    if smooth and len(places) > 1:
        inside = np.clip(np.arange(count), places[0], places[-1])
        return CubicSpline(places, np.eye(len(places)))(inside)
    return np.stack(
        [np.interp(np.arange(count), places, one) for one in np.eye(len(places))], axis=1
    )
