"""Orientation, date and place from a photo's EXIF; what cannot be read counts as absent."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from datetime import datetime

from PIL import Image

ORIENTATION = 0x0112
CAMERA_BLOCK = 0x8769
PLACE_BLOCK = 0x8825
TAKEN = (0x9003, 0x9004)
"""When the shutter opened; when the picture was digitised. The plain "date and time" is left
out: editors set it to the day of editing."""

UNREADABLE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    Warning,
)
"""Everything Pillow raises on damaged notes of the camera."""


@dataclass(frozen=True)
class ExifFacts:
    """What the camera noted.

    ``orientation`` is 1 (upright) to 8 as in the EXIF standard; ``latitude`` and ``longitude``
    are degrees, north and east positive, both given or both absent.
    """

    orientation: int = 1
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


def read_exif(image: Image.Image) -> ExifFacts:
    """Read what can be read; damaged EXIF never stops a photo."""
    try:
        exif = image.getexif()
        orientation = exif.get(ORIENTATION, 1)
    except UNREADABLE:
        return ExifFacts()
    latitude, longitude = _place(exif)
    return ExifFacts(
        orientation=orientation if orientation in range(1, 9) else 1,
        taken_at=_taken_at(exif),
        latitude=latitude,
        longitude=longitude,
    )


def _taken_at(exif: Image.Exif) -> datetime | None:
    try:
        block = exif.get_ifd(CAMERA_BLOCK)
    except UNREADABLE:
        return None
    for tag in TAKEN:
        try:
            return datetime.strptime(str(block[tag]).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
        except (LookupError, ValueError):
            continue
    return None


def _place(exif: Image.Exif) -> tuple[float | None, float | None]:
    try:
        block = exif.get_ifd(PLACE_BLOCK)
        latitude = _degrees(block[2], str(block[1]), "NS")
        longitude = _degrees(block[4], str(block[3]), "EW")
    except UNREADABLE:
        return None, None
    # Cameras without a satellite fix write 0, 0, a spot in the Atlantic off Ghana.
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def _degrees(parts: tuple[float, float, float], side: str, sides: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    side = side.strip("\0 ").upper()
    value = degrees + minutes / 60 + seconds / 3600
    if side not in tuple(sides) or not math.isfinite(value):
        raise ValueError("not a place")
    return -value if side == sides[1] else value
