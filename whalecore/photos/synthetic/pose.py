"""How the fluke is held towards the camera, and the flat skin seen in that pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.photos.synthetic import canvas
from whalecore.photos.synthetic.skin import Skin

FINE = 2
"""Pixels drawn per pixel of the photo, along each axis, before averaging."""


@dataclass(frozen=True)
class Pose:
    """Where and how the fluke stands in the photo.

    Attributes
    ----------
    x, y : float
        Pixel of the photo at which the median notch lies.
    half_span : float
        Pixels from midline to tip of a lobe that faces the camera.
    steepness : float
        Height of the fluke against its height when seen squarely.
    roll : float
        Radians, clockwise.
    turn : tuple of float
        Foreshortening of the left and of the right lobe, at most 1.
    lift : tuple of float
        How far the left and the right tip are raised, in half spans.
    curl : float
        Bending of both lobes, upwards positive.
    perspective : float
        How much larger the right side appears than the left one.
    waterline : float
        Row of the photo at which the fluke meets the water.
    """

    x: float
    y: float
    half_span: float
    steepness: float
    roll: float
    turn: tuple[float, float]
    lift: tuple[float, float]
    curl: float
    perspective: float
    waterline: float


@dataclass(frozen=True, eq=False)
class View:
    """The fluke as the camera sees it, before water and light.

    Attributes
    ----------
    brightness : ndarray of shape (height, width), float32
        Multiplied with ``cover``.
    cover : ndarray of shape (height, width), float32
        Share of each pixel that the fluke fills, 0 to 1.
    shape : ndarray of shape (height, width), bool
        The fluke with the cuts in its trailing edge filled in.
    features : dict from kind to ndarray of shape (height, width), bool
    """

    brightness: np.ndarray
    cover: np.ndarray
    shape: np.ndarray
    features: dict[str, np.ndarray]


def to_photo(pose: Pose, u: float, v: float) -> tuple[float, float]:
    """Pixel of the photo at which a point of the fluke lies."""
    lobe = int(u > 0)
    x = u * pose.turn[lobe]
    y = v * pose.steepness + pose.lift[lobe] * abs(u) + pose.curl * u * u
    depth = 1.0 - pose.perspective * x
    x, y = x / depth, y / depth
    cos, sin = np.cos(pose.roll), np.sin(pose.roll)
    return (
        pose.x + pose.half_span * (x * cos + y * sin),
        pose.y - pose.half_span * (y * cos - x * sin),
    )


def look(skin: Skin, pose: Pose, height: int, width: int) -> View:
    """The skin seen in a pose, by looking up each fine pixel on the flat sheet."""
    left, top, right, bottom = _window(pose, height, width)
    x = (np.arange(left * FINE, right * FINE, dtype=np.float32) + 0.5) / FINE - pose.x
    y = pose.y - (np.arange(top * FINE, bottom * FINE, dtype=np.float32) + 0.5) / FINE
    u, v = _to_skin(pose, x[None, :] / pose.half_span, y[:, None] / pose.half_span)
    col = np.clip((u + canvas.RIGHT) * canvas.SCALE, 0, canvas.WIDTH - 1).astype(np.int32)
    row = np.clip((canvas.TOP - v) * canvas.SCALE, 0, canvas.HEIGHT - 1).astype(np.int32)
    at = row * canvas.WIDTH + col

    def seen(sheet: np.ndarray) -> np.ndarray:
        photo = np.zeros((height, width), np.float32)
        photo[top:bottom, left:right] = _average(sheet.ravel()[at].astype(np.float32))
        return photo

    return View(
        brightness=seen(skin.brightness * skin.present),
        cover=seen(skin.present),
        shape=seen(skin.shape) >= 0.5,
        features={kind: seen(mask) >= 0.5 for kind, mask in skin.features.items()},
    )


def _window(pose: Pose, height: int, width: int) -> tuple[int, int, int, int]:
    """Part of the photo that the sheet can cover: left, top, right, bottom."""
    edges = [-canvas.RIGHT, -0.5, 0.0, 0.5, canvas.RIGHT]
    corners = [to_photo(pose, u, v) for u in edges for v in (canvas.BOTTOM, canvas.TOP)]
    xs, ys = zip(*corners, strict=True)
    left, right = max(0, int(min(xs)) - 2), min(width, int(max(xs)) + 3)
    top, bottom = max(0, int(min(ys)) - 2), min(height, int(max(ys)) + 3)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _to_skin(pose: Pose, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of ``to_photo``, for offsets from the notch in half spans, y upwards."""
    cos, sin = np.float32(np.cos(pose.roll)), np.float32(np.sin(pose.roll))
    x, y = x * cos - y * sin, y * cos + x * sin
    depth = 1.0 / (1.0 + np.float32(pose.perspective) * x)
    x, y = x * depth, y * depth
    right = x > 0
    u = x / np.where(right, np.float32(pose.turn[1]), np.float32(pose.turn[0]))
    lift = np.where(right, np.float32(pose.lift[1]), np.float32(pose.lift[0]))
    v = (y - lift * np.abs(u) - np.float32(pose.curl) * u * u) / np.float32(pose.steepness)
    return u, v


def _average(fine: np.ndarray) -> np.ndarray:
    """Mean of each block of fine pixels."""
    halves = fine[0::2] + fine[1::2]
    return (halves[:, 0::2] + halves[:, 1::2]) * 0.25
