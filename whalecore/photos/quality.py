"""Measures of a photo that need no knowledge of the animal."""

from __future__ import annotations

import numpy as np

from whalecore.photos.crop import clip, cut
from whalecore.types import Crop, Photo, Quality

HALF_SHARP = 200.0
"""Variance of the Laplacian (in grey levels 0-255, squared) that gives a sharpness of 0.5.

Measured on 386 real fluke crops of 448 pixel photos: at 256 x 512 the median is 220, which blurring
by 1 pixel lowers to 36 and by 2 pixels to 5; at 128 x 256 it is 948. Blurred crops fall below sharp
ones in 90 % of comparisons (1 pixel) and 98 % (2 pixels).
"""

BLACK, BURNT_OUT = 5, 250
"""Grey levels at or beyond which a pixel holds no detail."""

GREY_WEIGHTS = (0.299, 0.587, 0.114)
"""Of red, green and blue in brightness (ITU-R BT.601)."""


def measure(photo: Photo, crop: Crop, height: int, width: int) -> Quality:
    """Measure a photo's quality on the crop that a model would see.

    - sharpness: v / (v + 200) with v the variance of the crop's Laplacian (Pech-Pacheco et al.
      2000, "Diatom autofocusing in brightfield microscopy");
    - exposure: share of the crop's pixels with a brightness between 6 and 249 of 255;
    - contrast: 95th minus 5th percentile of the crop's brightness, as a share of 255;
    - fluke_share: area of the box on the photo over the area of the photo;
    - resolution: pixels of the photo in the box over pixels of the model's input, at most 1.

    Parameters
    ----------
    photo : Photo
    crop : Crop
    height, width : int
        The model's input, in pixels; the sharpness of different inputs is not comparable.

    Returns
    -------
    Quality
        Each 0 to 1, higher is better.

    Raises
    ------
    PhotoError
        When the box lies outside the photo.
    """
    grey = cut(photo, crop.box, height, width).astype(np.float32) @ np.float32(GREY_WEIGHTS)
    box = clip(crop.box, photo)
    area = box.width * box.height
    variance = _laplacian_variance(grey)
    low, high = np.percentile(grey, (5, 95))
    return Quality(
        sharpness=variance / (variance + HALF_SHARP),
        exposure=float(((grey > BLACK) & (grey < BURNT_OUT)).mean()),
        contrast=float(high - low) / 255,
        fluke_share=area / (photo.width * photo.height),
        resolution=min(1.0, area / (height * width)),
    )


def fluke_size(crop: Crop, height: int, width: int) -> dict[str, int | None]:
    """``fluke_width`` and ``fluke_height``: pixels of the photo in the box, at least 1.

    Parameters
    ----------
    crop : Crop
    height, width : int
        Of the photo.

    Returns
    -------
    dict
        None where no fluke was found, or the box lies outside the photo.
    """
    box = crop.box
    wide = min(box.x1, width) - max(box.x0, 0)
    high = min(box.y1, height) - max(box.y0, 0)
    if crop.source == "whole" or min(wide, high) <= 0:
        return {"fluke_width": None, "fluke_height": None}
    return {"fluke_width": max(1, round(wide)), "fluke_height": max(1, round(high))}


def _laplacian_variance(grey: np.ndarray) -> float:
    """Variance of each pixel's four neighbours minus four times itself, borders left out."""
    if min(grey.shape) < 3:
        return 0.0
    neighbours = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.var(neighbours - 4 * grey[1:-1, 1:-1], dtype=np.float64))
