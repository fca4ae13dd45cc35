"""Water, horizon, sky and foam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.photos.synthetic.noise import rough_noise, smooth_noise

# Colours of water: deep tone and the tone of its light ripples (RGB, 0 to 1).
_WATERS = (
    ((0.10, 0.22, 0.40), (0.36, 0.54, 0.74)),
    ((0.06, 0.16, 0.32), (0.28, 0.46, 0.68)),
    ((0.20, 0.30, 0.36), (0.52, 0.62, 0.68)),
    ((0.30, 0.34, 0.36), (0.62, 0.66, 0.68)),
    ((0.42, 0.47, 0.52), (0.74, 0.78, 0.82)),
    ((0.16, 0.28, 0.30), (0.44, 0.58, 0.58)),
)
_SKIES = ((0.74, 0.80, 0.88), (0.84, 0.86, 0.88), (0.62, 0.74, 0.88), (0.88, 0.84, 0.78))


@dataclass(frozen=True)
class Water:
    """The sea of one encounter.

    Attributes
    ----------
    deep, light, sky : tuple of float
        RGB, 0 to 1.
    roughness : float
        Strength of waves and ripples, 0 (oily calm) to 1.
    horizon : float
        Row of the horizon as a share of the photo's height; negative: not in the photo.
    hills : float
        Height of land on the horizon as a share of the photo's height, 0 for none.
    """

    deep: tuple[float, float, float]
    light: tuple[float, float, float]
    sky: tuple[float, float, float]
    roughness: float
    horizon: float
    hills: float


def choose_water(rng: np.random.Generator) -> Water:
    """The sea of an encounter."""
    deep, light = _WATERS[int(rng.integers(len(_WATERS)))]
    sky = _SKIES[int(rng.integers(len(_SKIES)))]
    visible = rng.random() < 0.28
    return Water(
        deep=deep,
        light=light,
        sky=sky,
        roughness=float(rng.uniform(0.25, 1.0)),
        horizon=float(rng.uniform(0.06, 0.34)) if visible else -float(rng.uniform(0.05, 0.6)),
        hills=float(rng.uniform(0.05, 0.16)) if visible and rng.random() < 0.4 else 0.0,
    )


def draw_sea(rng: np.random.Generator, water: Water, height: int, width: int) -> np.ndarray:
    """Sea and sky without the animal: float32 (height, width, 3), 0 to 1."""
    horizon = water.horizon * height
    rows = np.arange(height, dtype=np.float32)[:, None]
    near = np.clip((rows - horizon) / max(height - horizon, 1.0), 0.0, 1.0)
    waves = _waves(rng, near, height, width)
    tone = 0.3 + 0.3 * (1 - near) + 0.5 * water.roughness * waves
    deep, light = np.array(water.deep, np.float32), np.array(water.light, np.float32)
    picture = deep + (light - deep) * np.clip(tone, -0.3, 1.5)[..., None]
    crests = np.clip((waves - 0.95) * 2.5, 0, 1) * max(water.roughness - 0.5, 0.0) * 1.4
    picture = picture + (0.95 - picture) * crests[..., None]
    if horizon > 0:
        picture = _add_sky(rng, picture, water, horizon, rows)
    return picture.astype(np.float32)


def _waves(rng: np.random.Generator, near: np.ndarray, height: int, width: int) -> np.ndarray:
    """Swell and ripples, smaller towards the horizon: float32 (height, width), about -1 to 1."""
    distance = 1.0 / (0.4 + near[:, 0])
    down = np.cumsum(distance)
    tall, wide = int(down[-1]) + 2, 2 * width
    swell = smooth_noise(rng, tall, wide, 14, 80)
    ripple = smooth_noise(rng, tall, wide, 4.5, 22) + 0.5 * smooth_noise(rng, tall, wide, 3, 10)
    # Folding the noise at zero gives the long bright lines of ripples.
    flat = 0.5 * swell + 0.55 * ripple - 0.5 * np.abs(ripple + 0.4 * swell) + 0.15
    spread = np.sqrt(distance * 1.4)[:, None]
    across = (np.arange(width) - width / 2)[None, :] * spread + width
    at = np.clip(across, 0, wide - 1).astype(np.int32)
    return flat[down.astype(np.int32)[:, None], at] * np.clip(0.5 + near, 0, 1)


def _add_sky(
    rng: np.random.Generator, picture: np.ndarray, water: Water, horizon: float, rows: np.ndarray
) -> np.ndarray:
    height, width = picture.shape[:2]
    sky = np.array(water.sky, np.float32)
    clouds = smooth_noise(rng, height, width, 14, 60)[..., None]
    shade = (0.9 + 0.1 * rows / max(horizon, 1.0))[..., None] + 0.05 * clouds
    above = np.clip(horizon - rows, 0, 1)[..., None]
    picture = picture * (1 - above) + sky * shade * above
    if water.hills:
        ridge = horizon - water.hills * height * np.clip(
            0.55 + rough_noise(rng, 1, width, 1, 70, 3)[0], 0, 1.4
        )
        land = above * np.clip(rows - ridge, 0, 1)[..., None]
        picture = picture * (1 - land) + (0.55 * sky + 0.1) * np.float32((0.72, 0.8, 0.9)) * land
    return picture


def water_rows(
    rng: np.random.Generator, waterline: float, roughness: float, width: int
) -> np.ndarray:
    """Row of the water's surface in front of the fluke for each column."""
    swell = smooth_noise(rng, 1, width, 1, 42)[0] * 5 + smooth_noise(rng, 1, width, 1, 9)[0] * 2
    return waterline + swell * (0.3 + 0.7 * roughness)


def draw_foam(
    rng: np.random.Generator, contact: np.ndarray, surface: np.ndarray, strength: float
) -> np.ndarray:
    """White water where the fluke breaks the surface.

    Parameters
    ----------
    contact : ndarray of shape (height, width), float32
        The fluke, above and under water.
    surface : ndarray of shape (width,), float
        Row of the water's surface.
    strength : float
        0 (none) to 1.

    Returns
    -------
    ndarray of shape (height, width), float32
        Cover, 0 to 1.
    """
    height, width = contact.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    at = np.clip(surface.astype(int), 0, height - 1)
    wet = contact[at, np.arange(width)]
    if wet.max() <= 0:
        return np.zeros_like(contact)
    columns = np.flatnonzero(wet > 0.3)
    if columns.size == 0:
        return np.zeros_like(contact)
    middle, half = columns.mean(), 0.5 * (columns[-1] - columns[0]) + 14
    beside = np.clip(1.3 - np.abs(np.arange(width) - middle) / (half * (1.3 + strength)), 0, 1)
    depth = rows - surface
    reach = 2.0 + 5.0 * strength
    band = np.where(depth < 0, np.exp(depth / reach), np.exp(-depth / (2.5 * reach)))
    froth = rough_noise(rng, height, width, 6, 14, 3)
    white = np.clip((band * beside * 1.5 + 0.6 * froth * (band > 0.08) - 0.75) * 1.6, 0, 1)
    return white * min(1.0, 0.55 + strength)
