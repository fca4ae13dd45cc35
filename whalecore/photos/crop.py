"""Cut the fluke out of a photo and bring it to the model's input size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from whalecore.errors import PhotoError
from whalecore.photos.text import printable
from whalecore.types import Box, Photo

MARGIN = 0.05
"""Share of the box's width and height added on each side, so that tips are never cut off."""


def cut(photo: Photo, box: Box, height: int, width: int, margin: float = MARGIN) -> np.ndarray:
    """The part of the photo under a box, resized with smoothing.

    Parameters
    ----------
    photo : Photo
    box : Box
        In pixels of the upright photo.
    height, width : int
        Size of the result, in pixels.
    margin : float
        Share of the box's width and height added on each side before clipping to the photo.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8

    Raises
    ------
    PhotoError
        When the box lies outside the photo.
    """
    box = clip(widen(box, margin), photo)
    picture = Image.fromarray(photo.pixels)
    edges = (box.x0, box.y0, box.x1, box.y1)
    return np.array(picture.resize((width, height), Image.Resampling.BICUBIC, box=edges))


def widen(box: Box, margin: float) -> Box:
    """The box with a share of its width and height added on each side."""
    across, down = margin * box.width, margin * box.height
    return Box(box.x0 - across, box.y0 - down, box.x1 + across, box.y1 + down)


def clip(box: Box, photo: Photo) -> Box:
    """The part of a box that lies on the photo.

    Raises
    ------
    PhotoError
        When no part of it does.
    """
    x0, x1 = max(box.x0, 0.0), min(box.x1, float(photo.width))
    y0, y1 = max(box.y0, 0.0), min(box.y1, float(photo.height))
    if x1 <= x0 or y1 <= y0:
        raise PhotoError(
            f"The box ({box.key}) lies outside the photo '{printable(photo.name)}' of "
            f"{photo.width} x {photo.height} pixels: draw it on the fluke."
        )
    return Box(x0, y0, x1, y1)


def intersection_over_union(a: Box, b: Box) -> float:
    """Area shared by two boxes over the area they cover together, 0 (apart) to 1 (equal)."""
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    down = min(a.y1, b.y1) - max(a.y0, b.y0)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (a.width * a.height + b.width * b.height - shared)
