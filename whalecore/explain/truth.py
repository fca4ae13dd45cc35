"""How well a heatmap finds a feature whose place is known."""

from __future__ import annotations

import numpy as np

from whalecore.errors import SettingsError


def cell_centres(cells: int, length: int, stride: int | None = None) -> np.ndarray:
    """Return the place of each cell of a heatmap's axis in pixels of the model's input.

    Parameters
    ----------
    cells, length : int
        Cells of the heatmap and pixels of the input along the axis.
    stride : int, optional
        Of an occlusion map, whose cells are exactly that far apart. Without it the cells
        divide the axis evenly, as those of a network's block do.

    Returns
    -------
    ndarray of shape (cells,), float64
        Pixel 0 has its centre at 0.
    """
    step = length / cells if stride is None else stride
    return (np.arange(cells) + 0.5) * step - 0.5


def enlarge(values: np.ndarray, height: int, width: int, stride: int | None = None) -> np.ndarray:
    """Enlarge a heatmap to the model's input, linear between the centres of its cells.

    Parameters
    ----------
    values : ndarray of shape (rows, cols)
    height, width : int
        Pixels of the model's input.
    stride : int, optional
        Of an occlusion map, see `cell_centres`.

    Returns
    -------
    ndarray of shape (height, width), float32
        Beyond the outermost centres the value of the outermost cell goes on.
    """
    by_row = _interpolation(values.shape[0], height, stride)
    by_col = _interpolation(values.shape[1], width, stride)
    return (by_row @ values.astype(np.float64) @ by_col.T).astype(np.float32)


def mass_inside(values: np.ndarray, mask: np.ndarray, stride: int | None = None) -> float:
    """Return the share of a heatmap's positive mass that lies inside a mask.

    A uniform map scores the mask's share of the picture.

    Parameters
    ----------
    values : ndarray of shape (rows, cols)
        Enlarged to the mask where smaller.
    mask : ndarray of shape (height, width), bool
        At the resolution of the model's input.
    stride : int, optional
        Of an occlusion map, see `cell_centres`.

    Returns
    -------
    float
        0 to 1; 0 also for a map without any positive value, which finds nothing.

    Raises
    ------
    SettingsError
        If the mask is not a picture of truth values.
    """
    positive = np.maximum(enlarge(values, *_checked(mask).shape, stride), 0).astype(np.float64)
    total = positive.sum()
    return float(positive[mask].sum() / total) if total > 0 else 0.0


def points_inside(values: np.ndarray, mask: np.ndarray, stride: int | None = None) -> bool:
    """Say whether a heatmap's maximum lies inside a mask (the pointing game).

    The maximum is the centre of the heatmap's largest cell. Where several cells share it all
    of them must lie inside, so that a flat map does not point anywhere by luck.

    Parameters
    ----------
    values, mask, stride
        As for `mass_inside`.

    Raises
    ------
    SettingsError
        If the mask is not a picture of truth values.
    """
    height, width = _checked(mask).shape
    rows, cols = np.nonzero(values == values.max())
    row_pixels = _pixels(cell_centres(values.shape[0], height, stride), height)
    col_pixels = _pixels(cell_centres(values.shape[1], width, stride), width)
    return bool(mask[row_pixels[rows], col_pixels[cols]].all())


def _pixels(centres: np.ndarray, length: int) -> np.ndarray:
    return np.clip(np.floor(centres), 0, length - 1).astype(int)


def _interpolation(cells: int, length: int, stride: int | None) -> np.ndarray:
    """Return the (length, cells) matrix of weights of each cell in each pixel."""
    centres = cell_centres(cells, length, stride)
    return np.stack([np.interp(np.arange(length), centres, unit) for unit in np.eye(cells)], axis=1)


def _checked(mask: np.ndarray) -> np.ndarray:
    if mask.ndim != 2 or mask.dtype != bool:
        raise SettingsError(
            f"A mask is a picture of truth values (height, width), not {mask.dtype} of shape "
            f"{mask.shape}: give one bool per pixel."
        )
    return mask
