"""The features that identify an individual, drawn on the sheet.

Each function takes the feature, the outline and a generator that is the same in
every photo of the individual, and returns where the feature is.
"""

from __future__ import annotations

import numpy as np

from whalecore.photos.synthetic import canvas
from whalecore.photos.synthetic.animal import Feature
from whalecore.photos.synthetic.noise import smooth_noise
from whalecore.photos.synthetic.outline import Outline

SCAR_SHAPES = ("bar", "hook", "fork", "cross", "zigzag", "arc", "double")


def pigment_patch(feature: Feature, outline: Outline, rng: np.random.Generator) -> np.ndarray:
    """A patch with a soft ragged border: float32 sheet, 0 to 1."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    radius = np.ones_like(angle)
    for wave in (2, 3, 4, 5):
        radius += rng.normal(0, 0.5 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    radius = np.clip(radius, 0.3, 1.8)
    stretch = rng.uniform(1.0, 1.9)
    size = rng.uniform(0.09, 0.135)
    x = size * radius * np.cos(angle) * np.sqrt(stretch)
    y = size * radius * np.sin(angle) / np.sqrt(stretch)
    tilt = rng.uniform(0, np.pi)
    centre = np.array(outline.place(feature.side, feature.span, feature.chord))
    shape = centre + np.stack(
        [x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1
    )
    soft = canvas.polygon(shape, blur=3.5)
    ragged = smooth_noise(rng, canvas.HEIGHT, canvas.WIDTH, 7, 5)
    return np.clip((soft - 0.5 + 0.22 * ragged) * 3.0 + 0.5, 0, 1) * (soft > 0.03)


def scar(feature: Feature, outline: Outline, rng: np.random.Generator) -> np.ndarray:
    """A healed wound, one of ``SCAR_SHAPES``: float32 sheet, 0 to 1."""
    kind = SCAR_SHAPES[int(rng.integers(len(SCAR_SHAPES)))]
    length = rng.uniform(0.25, 0.37)
    t = np.linspace(-0.5, 0.5, 13)
    bar = np.stack([t, np.zeros_like(t)], axis=1)
    bow = np.stack([t, 0.5 - 2.2 * t**2], axis=1)
    aside = np.array((0.0, 0.13))
    paths = {
        "bar": [bar * 1.2],
        "hook": [np.vstack([bar, [(0.62, 0.1), (0.62, 0.3), (0.45, 0.42)]])],
        "fork": [bar, np.array([(0.0, 0.0), (0.45, 0.42)])],
        "cross": [bar, np.array([(-0.1, -0.35), (0.12, 0.4)])],
        "zigzag": [np.array([(-0.6, 0), (-0.3, 0.25), (0, -0.1), (0.3, 0.25), (0.6, -0.05)])],
        "arc": [bow],
        "double": [bar + aside, bar * 0.8 - aside],
    }[kind]
    tilt = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    centre = outline.place(feature.side, feature.span, feature.chord)
    placed = [path @ turn * length + centre for path in paths]
    soft = canvas.lines(placed, rng.uniform(0.034, 0.046), blur=2.0)
    ragged = smooth_noise(rng, canvas.HEIGHT, canvas.WIDTH, 6, 6)
    return np.clip((soft - 0.42 + 0.28 * ragged) * 2.5 + 0.5, 0, 1) * (soft > 0.03)


def barnacles(
    feature: Feature, outline: Outline, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A cluster of barnacles.

    Returns
    -------
    shells, mouths : ndarray, float32 sheet, 0 to 1
        The shells with their mouths, and the dark mouths alone.
    """
    centre = np.array(outline.place(feature.side, feature.span, feature.chord))
    count = int(rng.integers(5, 10))
    tilt = rng.uniform(0, np.pi)
    along, across = rng.normal(0, 0.085, count), rng.normal(0, 0.04, count)
    centres = centre + np.stack(
        [
            along * np.cos(tilt) - across * np.sin(tilt),
            along * np.sin(tilt) + across * np.cos(tilt),
        ],
        axis=1,
    )
    radii = rng.uniform(0.024, 0.04, count)
    return canvas.discs(centres, radii), canvas.discs(centres, radii * rng.uniform(0.35, 0.55))


def bites(
    feature: Feature, outline: Outline, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One to three notches cut into the trailing edge around the feature's place.

    Returns
    -------
    missing, area : ndarray, float32 sheet, 0 to 1
        What is cut out, and the surroundings in which the cut is seen.
    """
    count = int(rng.integers(1, 4))
    spans = feature.span + (np.arange(count) - (count - 1) / 2) * rng.uniform(0.15, 0.2)
    spans = np.clip(spans, 0.12, 0.7)
    missing = np.zeros((canvas.HEIGHT, canvas.WIDTH), np.float32)
    area = np.zeros_like(missing)
    for span in spans:
        half = rng.uniform(0.04, 0.075)
        depth = rng.uniform(0.085, 0.15)
        lean = rng.uniform(-0.05, 0.05)
        u, v = outline.place(feature.side, float(span), 1.0)
        square = rng.random() < 0.4
        floor = 0.8 * half if square else 0.12 * half
        cut = np.array(
            [
                (u - half - 0.02, v + 0.12),
                (u - half, v),
                (u - floor + lean, v - depth),
                (u + floor + lean, v - depth * rng.uniform(0.75, 1.0)),
                (u + half, v),
                (u + half + 0.02, v + 0.12),
            ]
        )
        missing = np.maximum(missing, canvas.polygon(cut))
        middle = np.array([(u + lean / 2, v - depth / 2)])
        area = np.maximum(area, canvas.discs(middle, np.array([0.5 * depth + 0.045]), blur=0.0))
    return missing, area
