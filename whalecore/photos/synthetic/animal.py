"""What an individual is: its shape, its pigmentation and the features that identify it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEATURES = ("pigment", "notches", "scar", "barnacles")
"""Kinds of features that identify an individual; also the names of their masks."""

PATTERNS = 7
"""Common pigmentation patterns, from all black (0) to nearly white (6)."""

_PATTERN_SHARE = (0.2, 0.15, 0.15, 0.14, 0.13, 0.12, 0.11)
_FEATURE_COUNT_SHARE = (0.1, 0.45, 0.45)


@dataclass(frozen=True)
class Shape:
    """Proportions of a fluke in units of half its span.

    Attributes
    ----------
    tip_height : float
        Height of the tips above the notch.
    sweep : float
        How far the leading edge bulges outwards; 0 is straight.
    notch_depth : float
        Depth of the median notch.
    bulge : float
        How far the trailing edge rises beside the notch.
    hook : float
        How far the tips curl upwards.
    chord : float
        Length from the notch down to where the lobes meet the tail stock.
    stock : float
        Half the width of the tail stock.
    serration : float
        Depth of the teeth of the trailing edge.
    """

    tip_height: float
    sweep: float
    notch_depth: float
    bulge: float
    hook: float
    chord: float
    stock: float
    serration: float


@dataclass(frozen=True)
class Feature:
    """One identifying feature.

    Attributes
    ----------
    kind : str
        One of ``FEATURES``.
    side : int
        -1 for the left lobe of the picture, 1 for the right one.
    span : float
        Distance from the midline, 0 (midline) to 1 (tip).
    chord : float
        0 at the leading edge, 1 at the trailing edge.
    """

    kind: str
    side: int
    span: float
    chord: float


@dataclass(frozen=True)
class Animal:
    """One individual. ``seed`` gives all its details, the same in every photo."""

    seed: tuple[int, ...]
    shape: Shape
    pattern: int
    features: tuple[Feature, ...]

    def details(self, *which: int) -> np.random.Generator:
        """A generator for one kind of detail, independent of all other kinds."""
        return np.random.default_rng([*self.seed, *which])


def design_animal(seed: int, number: int) -> Animal:
    """The individual with this number in the world with this seed."""
    origin = (seed, number)
    rng = np.random.default_rng([*origin, 0])
    shape = Shape(
        tip_height=rng.uniform(0.16, 0.3),
        sweep=rng.uniform(0.0, 0.2),
        notch_depth=rng.uniform(0.05, 0.15),
        bulge=rng.uniform(0.03, 0.11),
        hook=rng.uniform(0.0, 0.08),
        chord=rng.uniform(0.56, 0.68),
        stock=rng.uniform(0.085, 0.12),
        serration=rng.uniform(0.008, 0.022),
    )
    pattern = int(rng.choice(PATTERNS, p=_PATTERN_SHARE))
    count = 1 + int(rng.choice(3, p=_FEATURE_COUNT_SHARE))
    kinds = rng.choice(FEATURES, size=count, replace=False)
    return Animal(origin, shape, pattern, _place(rng, [str(kind) for kind in kinds]))


def _place(rng: np.random.Generator, kinds: list[str]) -> tuple[Feature, ...]:
    """Features lie apart, in four places of the lobes that do not age: not in the outer fifth."""
    places = [(-1, 0.29), (-1, 0.6), (1, 0.29), (1, 0.6)]
    order = rng.permutation(len(places))
    features = []
    for kind, place in zip(kinds, order, strict=False):
        side, span = places[place]
        span += rng.uniform(-0.1, 0.1)
        features.append(Feature(kind, side, span, rng.uniform(0.38, 0.68)))
    return tuple(features)
