"""Smooth random fields: the raw material of skin, sea and spray."""

from __future__ import annotations

import numpy as np
from PIL import Image


def smooth_noise(
    rng: np.random.Generator, height: int, width: int, cell_y: float, cell_x: float
) -> np.ndarray:
    """Random values on a coarse grid, enlarged smoothly.

    Parameters
    ----------
    cell_y, cell_x : float
        Size of a grid cell in pixels: the size of the blotches.

    Returns
    -------
    ndarray of shape (height, width), float32
        Mean about 0, standard deviation about 0.5.
    """
    rows = int(np.ceil(height / cell_y)) + 1
    cols = int(np.ceil(width / cell_x)) + 1
    grid = Image.fromarray(rng.uniform(-1.0, 1.0, (rows, cols)).astype(np.float32))
    area = (0.0, 0.0, width / cell_x, height / cell_y)
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC, box=area))


def rough_noise(
    rng: np.random.Generator, height: int, width: int, cell_y: float, cell_x: float, octaves: int
) -> np.ndarray:
    """Sum of smooth fields, each half as coarse and half as strong as the one before."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        part = smooth_noise(rng, height, width, cell_y / 2**octave, cell_x / 2**octave)
        total += part * 0.5**octave
    return total
