"""Matched marks as a transparent picture, to be laid over a photo where it is shown."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH = 1024
"""Of the picture, in pixels."""

RADIUS, LINE, TEXT = 11, 3, 17
"""In pixels of the picture."""

MOST_NUMBERED = 30
"""With more marks their numbers would cover each other and the fluke."""

COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
"""Told apart with any kind of colour vision (Okabe and Ito 2008)."""


def mark_layer(points: np.ndarray, shape: tuple[int, int], width: int = WIDTH) -> bytes:
    """WebP with a ring around each mark, of the same colour for the same mark on another photo.

    Up to 30 marks are numbered as well.

    Parameters
    ----------
    points : ndarray of shape (m, 2), float
        x and y in pixels of a crop of this shape.
    shape : (height, width)
        Of the crop.
    width : int
        Of the picture, in pixels.
    """
    scale = width / shape[1]
    picture = Image.new("RGBA", (width, round(shape[0] * scale)))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(TEXT)
    for number, (x, y) in enumerate(np.asarray(points) * scale):
        colour = COLOURS[number % len(COLOURS)]
        around = (x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)
        # A dark line under the bright one shows on white and on black skin.
        draw.ellipse(around, outline="#000000", width=LINE + 2)
        draw.ellipse(around, outline=colour, width=LINE)
        if len(points) > MOST_NUMBERED:
            continue
        # Beyond the right edge a number would be lost.
        right = x + RADIUS + 2 * TEXT < width
        place = (x + RADIUS + 2, y) if right else (x - RADIUS - 2, y)
        draw.text(
            place,
            str(number + 1),
            fill=colour,
            font=font,
            anchor="lm" if right else "rm",
            stroke_width=2,
            stroke_fill="#000000",
        )
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()
