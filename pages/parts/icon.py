"""The picture in the browser's tab, drawn here: a named symbol would be fetched from outside."""

from __future__ import annotations

from PIL import Image, ImageDraw

_OUTLINE = ((2, 14), (14, 20), (29, 40), (32, 36), (35, 40), (50, 20), (62, 14), (56, 34), (38, 50))


def fluke_icon() -> Image.Image:
    """A fluke, 64 x 64 pixels, on a transparent ground."""
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    mirrored = ((36, 62), (28, 62), (26, 50), (8, 34))
    ImageDraw.Draw(picture).polygon((*_OUTLINE, *mirrored), fill=(21, 122, 140, 255))
    return picture
