"""Where the patches of an occlusion map lie."""

from __future__ import annotations

import numpy as np


def positions(length: int, stride: int) -> np.ndarray:
    """Return the pixel each patch of an axis is centred on.

    Parameters
    ----------
    length : int
        Pixels of the axis.
    stride : int
        Distance of neighbouring positions in pixels.

    Returns
    -------
    ndarray of shape (ceil(length / stride),), int64
        ``stride * i + (stride - 1) // 2``: the middle of each block of ``stride`` pixels. The
        last may lie beyond the border when the stride does not divide the length; its patch
        still covers the pixels inside.
    """
    return np.arange(-(-length // stride)) * stride + (stride - 1) // 2


def covered_pixels(length: int, patch: int, stride: int) -> np.ndarray:
    """Say which pixels of an axis the patch covers at each position.

    Returns
    -------
    ndarray of shape (positions, length), bool
    """
    first = positions(length, stride)[:, None] - (patch - 1) // 2
    pixel = np.arange(length)[None, :]
    return (pixel >= first) & (pixel < first + patch)
