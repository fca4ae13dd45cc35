"""The silhouette of a fluke seen from behind: tips to the sides, tail stock down.

Coordinates: u to the right, -1 to 1 from tip to tip; v upwards, 0 at the level
of the shoulders beside the median notch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.photos.synthetic.animal import Animal, Shape

STOCK_END = -1.2
"""v where the drawing of the tail stock ends; always under water."""

FIRST_YEAR = 2014
"""Year in which an individual looks as it was designed."""


@dataclass(frozen=True, eq=False)
class Outline:
    """Edges of the two lobes.

    Attributes
    ----------
    trailing, leading : dict from side (-1 or 1) to ndarray of shape (points, 2)
        From the midline to the tip, u rising in absolute value.
    """

    trailing: dict[int, np.ndarray]
    leading: dict[int, np.ndarray]

    @property
    def polygon(self) -> np.ndarray:
        """Closed outline, ndarray of shape (points, 2)."""
        return np.concatenate(
            [
                self.leading[-1],
                self.trailing[-1][::-1],
                self.trailing[1],
                self.leading[1][::-1],
            ]
        )

    def chord_ends(self, side: int, span: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """v of the leading and of the trailing edge at a distance from the midline."""
        leading = np.interp(span, np.abs(self.leading[side][:, 0]), self.leading[side][:, 1])
        trailing = np.interp(span, np.abs(self.trailing[side][:, 0]), self.trailing[side][:, 1])
        return leading, trailing

    def place(self, side: int, span: float, chord: float) -> tuple[float, float]:
        """(u, v) of a point given by its distances along span and chord, each 0 to 1."""
        leading, trailing = self.chord_ends(side, span)
        return side * span, float(leading + chord * (trailing - leading))


def draw_outline(animal: Animal, year: int) -> Outline:
    """The individual's silhouette in a year; the tips wear and curl with age."""
    trailing, leading = {}, {}
    for side in (-1, 1):
        rng = animal.details(1, side + 1)
        wear = rng.uniform(-0.008, 0.012) * (year - FIRST_YEAR)
        skew = rng.normal(0.0, 0.012)
        trailing[side] = _trailing_edge(rng, animal.shape, wear, skew) * (side, 1)
        leading[side] = _leading_edge(animal.shape, wear, skew) * (side, 1)
    return Outline(trailing, leading)


def _trailing_edge(rng: np.random.Generator, shape: Shape, wear: float, skew: float) -> np.ndarray:
    top = shape.tip_height
    control = [
        (0.0, -shape.notch_depth),
        (0.035, -0.25 * shape.notch_depth),
        (0.12, shape.bulge),
        (0.32, 0.3 * top + 0.9 * shape.bulge + skew),
        (0.56, 0.58 * top + 0.55 * shape.bulge + skew),
        (0.78, 0.77 * top - 0.25 * shape.hook),
        (0.92, 0.9 * top - 0.1 * shape.hook + 0.5 * wear),
        (1.0, top + shape.hook + wear),
    ]
    line = _curve(np.array(control), 24)
    span = line[:, 0]
    teeth = np.interp(span, np.linspace(0, 1, 48), rng.uniform(-1, 1, 48))
    teeth += 0.6 * np.interp(span, np.linspace(0, 1, 110), rng.uniform(-1, 1, 110))
    fade = np.clip(span / 0.08, 0, 1) * np.clip((1 - span) / 0.06, 0, 1)
    line[:, 1] += shape.serration * teeth * fade
    return line


def _leading_edge(shape: Shape, wear: float, skew: float) -> np.ndarray:
    top, out = shape.tip_height, shape.sweep
    root = -shape.chord
    control = [
        (0.9 * shape.stock, STOCK_END),
        (0.95 * shape.stock, root - 0.22),
        (1.1 * shape.stock, root - 0.08),
        (0.22, root + 0.1 - 0.2 * out),
        (0.46, 0.6 * root - 0.5 * out + skew),
        (0.7, 0.3 * root - 0.85 * out + skew),
        (0.87, -0.04 - 0.7 * out + 0.1 * top),
        (0.96, 0.3 * top - 0.35 * out + 0.5 * wear),
        (0.995, 0.75 * top - 0.1 * out + wear),
        (1.0, top + shape.hook + wear),
    ]
    return _curve(np.array(control), 16)


def _curve(control: np.ndarray, steps: int) -> np.ndarray:
    """Catmull-Rom curve through the control points."""
    padded = np.vstack([2 * control[0] - control[1], control, 2 * control[-1] - control[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2)
            + 0.5 * (3 * b - a - 3 * c + d) * t**3
        )
    line = np.vstack([*pieces, control[-1:]])
    # Rounding of the curve must not turn an edge back: chords are read off by span.
    line[:, 0] = np.maximum.accumulate(line[:, 0])
    return line
