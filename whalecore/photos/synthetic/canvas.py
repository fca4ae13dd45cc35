"""The flat sheet on which a fluke's skin is drawn before it is held into the scene."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SCALE = 240.0
"""Pixels of the sheet per half span."""

RIGHT, TOP, BOTTOM = 1.08, 0.62, -1.1
WIDTH, HEIGHT = round(2 * RIGHT * SCALE), round((TOP - BOTTOM) * SCALE)


def to_sheet(points: np.ndarray) -> np.ndarray:
    """Fluke coordinates (u, v) to (x, y) pixels of the sheet."""
    points = np.asarray(points, dtype=float)
    return np.stack([(points[..., 0] + RIGHT) * SCALE, (TOP - points[..., 1]) * SCALE], axis=-1)


def coordinates() -> tuple[np.ndarray, np.ndarray]:
    """u as a row and v as a column of the sheet's pixels, float32."""
    u = (np.arange(WIDTH, dtype=np.float32) + 0.5) / SCALE - RIGHT
    v = TOP - (np.arange(HEIGHT, dtype=np.float32) + 0.5) / SCALE
    return u[None, :], v[:, None]


def polygon(points: np.ndarray, blur: float = 0.0) -> np.ndarray:
    """Filled polygon given in fluke coordinates: float32 sheet, 0 to 1."""
    sheet = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(sheet).polygon([tuple(point) for point in to_sheet(points)], fill=255)
    return _finish(sheet, blur)


def lines(paths: list[np.ndarray], thickness: float, blur: float = 0.6) -> np.ndarray:
    """Open lines given in fluke coordinates, thickness in half spans: float32 sheet, 0 to 1."""
    sheet = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(sheet)
    width = max(1, round(thickness * SCALE))
    for path in paths:
        draw.line([tuple(point) for point in to_sheet(path)], fill=255, width=width, joint="curve")
    return _finish(sheet, blur)


def discs(centres: np.ndarray, radii: np.ndarray, blur: float = 0.6) -> np.ndarray:
    """Filled circles given in fluke coordinates: float32 sheet, 0 to 1."""
    sheet = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(sheet)
    for (x, y), radius in zip(to_sheet(centres), np.asarray(radii) * SCALE, strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return _finish(sheet, blur)


def _finish(sheet: Image.Image, blur: float) -> np.ndarray:
    if blur:
        sheet = sheet.filter(ImageFilter.BoxBlur(blur))
    return np.asarray(sheet, dtype=np.float32) / 255.0
