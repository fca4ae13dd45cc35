"""How much of the fluke a photo shows: what is under water, and what the photo cuts off."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw

from whalecore.photos.crop import MARGIN, cut
from whalecore.photos.silhouette import HEIGHT, OUTLINE, WIDTH, silhouette
from whalecore.types import Box, Crop, Photo

WIDEST = 3.5
"""Width over height from which a box is too low for a fluke that is seen whole.

Of 905 boxes of drawn flukes 92 % are not wider, of submerged ones hardly any; of 2,302 boxes of
real photographs two thirds, where many flukes are seen from a low angle.
"""

TOUCHING = 0.005
"""Distance from the photo's edge, as a share of the photo's side, that counts as on it."""


def fluke_mask(photo: Photo, crop: Crop, margin: float = MARGIN) -> np.ndarray:
    """The fluke within its widened box: bool (32, 64), as `silhouette` finds it."""
    return silhouette(cut(photo, crop.box, 4 * HEIGHT, 4 * WIDTH, margin))


def visible_share(mask: np.ndarray, aspect: float) -> float:
    """Share of a fluke's usual place where one is seen.

    A fluke that is partly under water has a low box: the part that is missing to the usual height
    hangs below it, hidden. The usual place is the outline in `whalecore.photos.silhouette`.

    Parameters
    ----------
    mask : ndarray of shape (32, 64), bool
        The fluke within its box.
    aspect : float
        Width of the box over its height, in pixels of the photo.

    Returns
    -------
    float
        0 to 1.
    """
    rows, cols = mask.shape
    whole = max(rows, round(rows * aspect / WIDEST))
    usual = _usual(whole, cols)
    return float((usual[:rows] & mask).sum() / usual.sum())


def cut_off(box: Box, height: int, width: int) -> float:
    """Share of a box's outline that lies on the photo's edge or beyond it.

    Parameters
    ----------
    box : Box
        Not widened.
    height, width : int
        Of the photo, in pixels.

    Returns
    -------
    float
        0 where the box lies inside, 1 where it is the whole photo.
    """
    on_side = (box.x0 <= TOUCHING * width) + (box.x1 >= (1 - TOUCHING) * width)
    on_top = (box.y0 <= TOUCHING * height) + (box.y1 >= (1 - TOUCHING) * height)
    return (on_side * box.height + on_top * box.width) / (2 * (box.width + box.height))


@functools.lru_cache(maxsize=64)
def _usual(rows: int, cols: int) -> np.ndarray:
    """Where a fluke usually lies, bool (rows, cols)."""
    picture = Image.new("1", (cols, rows))
    ImageDraw.Draw(picture).polygon([(x * cols, y * rows) for x, y in OUTLINE], fill=1)
    return np.array(picture, bool)
