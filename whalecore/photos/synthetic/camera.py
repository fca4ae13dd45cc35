"""From the animal in the water to the photo: light, spray, haze, blur and grain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from whalecore.photos.synthetic.noise import rough_noise, smooth_noise
from whalecore.photos.synthetic.pose import Pose, look
from whalecore.photos.synthetic.sea import Water, draw_foam, draw_sea, water_rows
from whalecore.photos.synthetic.skin import Skin

_GREY = np.array((0.30, 0.59, 0.11), np.float32)
_MIDDLE = 0.42


@dataclass(frozen=True)
class Conditions:
    """Light and equipment of one encounter.

    Attributes
    ----------
    grey : bool
        Black-and-white film.
    haze, glare : float
        0 (none) to 1 (nothing else can be seen).
    skin_dark, skin_light : float
        Tones of black and of white skin, 0 to 1.
    warmth : float
        Red against blue in the light; 0 is neutral.
    exposure, contrast : float
        Factors on all tones and on their distance from middle grey.
    grain : float
        Standard deviation of the noise, 0 to 1.
    """

    water: Water
    grey: bool
    haze: float
    glare: float
    skin_dark: float
    skin_light: float
    warmth: float
    exposure: float
    contrast: float
    grain: float


@dataclass(frozen=True)
class Mishaps:
    """What goes wrong in one photo.

    Attributes
    ----------
    blur : float
        Standard deviation of the lack of focus in pixels.
    motion : float
        Length of the motion blur in pixels.
    motion_angle : float
        Radians.
    spray : float
        0 (none) to 1 (the fluke is hidden).
    glare : float
        A veil of light over the fluke, 0 (none) to 1 (white).
    """

    blur: float
    motion: float
    motion_angle: float
    spray: float
    glare: float


@dataclass(frozen=True, eq=False)
class Shot:
    """A photo and what is visible in it.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    masks : dict from name to ndarray of shape (height, width), bool
        ``fluke`` and the identifying features.
    """

    pixels: np.ndarray
    masks: dict[str, np.ndarray]


def take_photo(
    rng: np.random.Generator,
    skin: Skin,
    pose: Pose,
    conditions: Conditions,
    mishaps: Mishaps,
    height: int,
    width: int,
) -> Shot:
    """Draw one photo."""
    view = look(skin, pose, height, width)
    water = conditions.water
    picture = draw_sea(rng, water, height, width)
    surface = water_rows(rng, pose.waterline, water.roughness, width)
    rows = np.arange(height, dtype=np.float32)[:, None]
    dry = np.clip(surface - rows, 0, 1)

    cover = view.cover * dry
    picture = _reflect(rng, picture, cover, pose.waterline, 0.7 - 0.55 * water.roughness)
    light = _light_on_skin(rng, conditions, height, width)
    dark, pale = conditions.skin_dark, conditions.skin_light
    tone = dark * view.cover + (pale - dark) * view.brightness
    tint = np.float32((0.97, 1.0, 1.05))
    fluke = (tone * light * dry)[..., None] * tint
    picture = picture * (1 - cover[..., None]) + fluke

    strength = 0.15 + 0.85 * rng.random() ** 1.5
    foam = draw_foam(rng, view.cover, surface, strength)
    foam = np.maximum(foam, _spray(rng, pose, mishaps.spray, height, width))
    white = 0.86 + 0.12 * smooth_noise(rng, height, width, 8, 10)
    picture = picture + (white[..., None] - picture) * foam[..., None]

    picture = _through_air(picture, conditions)
    anywhere = (rng.uniform(0, width), rng.uniform(0, 0.7 * height))
    picture = _glare(picture, anywhere, 0.6 * width, conditions.glare)
    picture = _glare(picture, (pose.x, pose.y), 2.2 * pose.half_span, mishaps.glare)
    picture = _through_lens(rng, picture, conditions, mishaps)
    seen = (rows < surface) & (foam < 0.6)
    masks = {"fluke": view.shape & seen}
    masks |= {kind: mask & seen for kind, mask in view.features.items()}
    return Shot(picture, masks)


def _reflect(
    rng: np.random.Generator,
    picture: np.ndarray,
    cover: np.ndarray,
    waterline: float,
    strength: float,
) -> np.ndarray:
    """Darken the water in front of the fluke, broken by ripples."""
    height, width = cover.shape
    ripple = smooth_noise(rng, height, width, 4, 18)
    rows = np.arange(height)[:, None]
    mirrored = np.clip(2 * waterline - rows + 6 * ripple, 0, height - 1).astype(int)
    shade = cover[mirrored, np.arange(width)[None, :]] * (rows > waterline)
    shade = shade * np.clip(1 - (rows - waterline) / (0.4 * height), 0, 1)
    return picture * (1 - strength * shade * np.clip(0.6 + ripple, 0, 1))[..., None]


def _light_on_skin(
    rng: np.random.Generator, conditions: Conditions, height: int, width: int
) -> np.ndarray:
    """Uneven light on the wet skin."""
    slope = rng.uniform(-0.2, 0.2)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return 1.0 + slope * across + 0.16 * smooth_noise(rng, height, width, 50, 70)


def _spray(
    rng: np.random.Generator, pose: Pose, strength: float, height: int, width: int
) -> np.ndarray:
    """Droplets and mist thrown up around the fluke: cover, 0 to 1."""
    if strength <= 0:
        return np.zeros((height, width), np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    mist = np.zeros((height, width), np.float32)
    for _ in range(1 + round(4 * strength)):
        x = pose.x + rng.uniform(-0.9, 0.9) * pose.half_span
        wide = pose.half_span * rng.uniform(0.12, 0.3) * (0.6 + strength)
        tall = pose.half_span * rng.uniform(0.25, 0.6) * (0.4 + strength)
        foot = pose.waterline
        plume = np.exp(-(((columns - x) / wide) ** 2)) * np.exp(
            -np.clip(foot - rows, 0, None) / tall
        )
        mist += plume * np.clip(1 - (rows - foot) / 10, 0, 1)
    texture = rough_noise(rng, height, width, 9, 9, 3)
    return np.clip(mist * (0.75 + 0.7 * texture) * (0.4 + 1.3 * strength), 0, 1)


def _through_air(picture: np.ndarray, conditions: Conditions) -> np.ndarray:
    """Haze, and the tones that film or sensor make of the light."""
    veil = np.array(conditions.water.sky, np.float32)
    picture = picture + (veil - picture) * conditions.haze
    if conditions.grey:
        picture = (picture @ _GREY)[..., None]
    else:
        warmth = conditions.warmth
        picture = picture * np.float32((1 + warmth, 1.0, 1 - warmth))
    picture = (picture * conditions.exposure - _MIDDLE) * conditions.contrast + _MIDDLE
    return np.clip(picture, 0, 1)


def _glare(
    picture: np.ndarray, middle: tuple[float, float], size: float, strength: float
) -> np.ndarray:
    """A bright veil around one spot (x, y), 0 (none) to 1 (white)."""
    if strength <= 0:
        return picture
    height, width = picture.shape[:2]
    x, y = middle
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    glow = np.exp(-(((columns - x) / size) ** 2) - ((rows - y) / size) ** 2)
    return picture + strength * glow[..., None] * (1.0 - picture)


def _through_lens(
    rng: np.random.Generator, picture: np.ndarray, conditions: Conditions, mishaps: Mishaps
) -> np.ndarray:
    """Blur and grain; the finished photo."""
    height, width = picture.shape[:2]
    if mishaps.blur > 0.3:
        picture = ndimage.gaussian_filter(picture, (mishaps.blur, mishaps.blur, 0), truncate=2.5)
    if mishaps.motion > 1.0:
        picture = _smear(picture, mishaps.motion, mishaps.motion_angle)
    grain = smooth_noise(rng, height, width, 1.6, 1.6)[..., None] * 2.0 * conditions.grain
    levels = (np.clip(picture + grain, 0, 1) * 255.0 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels, (height, width, 3)))


def _smear(picture: np.ndarray, length: float, angle: float) -> np.ndarray:
    """Mean of copies moved along a line."""
    steps = max(2, round(length))
    total = np.zeros_like(picture)
    for t in np.linspace(-0.5, 0.5, steps):
        down, right = round(t * length * np.sin(angle)), round(t * length * np.cos(angle))
        total += ndimage.shift(picture, (down, right, 0), order=0, mode="nearest")
    return total / steps
