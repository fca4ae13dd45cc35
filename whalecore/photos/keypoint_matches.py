"""Do two crops show the same marks? Keypoints that look alike and lie alike.

As in HotSpotter (Crall et al. 2013): descriptors are compared, ambiguous pairs are dropped by
their ratio (Lowe 2004), and what is left must agree on one affine map from crop to crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError


@dataclass(frozen=True, eq=False)
class Keypoints:
    """Marks of one crop.

    Attributes
    ----------
    frames : ndarray of shape (n, 3), float32
        x, y and size in pixels of the crop.
    descriptors : ndarray of shape (n, d), float32
        What each mark looks like; of length 1.
    """

    frames: np.ndarray
    descriptors: np.ndarray


@dataclass(frozen=True)
class MatchSettings:
    """When two marks count as the same.

    Attributes
    ----------
    ratio : float
        A mark's nearest neighbour must be nearer than this share of the second nearest.
    tolerance : float
        Pixels by which matched marks may miss each other under the map.
    largest_scale : float
        Factor by which the fluke may be larger or smaller in one crop than in the other.
    """

    ratio: float = 0.85
    tolerance: float = 16.0
    largest_scale: float = 2.0

    def __post_init__(self) -> None:
        allowed = {
            "ratio": (0 < self.ratio <= 1, "above 0 and at most 1"),
            "tolerance": (0 < self.tolerance < float("inf"), "above 0"),
            "largest_scale": (1 <= self.largest_scale < float("inf"), "at least 1"),
        }
        for name, (holds, rule) in allowed.items():
            if not holds:
                raise SettingsError(
                    f"The setting {name} is {getattr(self, name)}, but must be {rule}."
                )


@dataclass(frozen=True, eq=False)
class Matches:
    """Marks that two crops share.

    Attributes
    ----------
    query, other : ndarray of shape (m, 2), float32
        Where they lie, x and y in pixels of either crop.
    strength : float
        Sum over them of 1 minus the ratio of the two nearest distances: marks that look like
        no other count more.
    """

    query: np.ndarray
    other: np.ndarray
    strength: float

    def left_to_right(self) -> Matches:
        """The same, ordered by where the marks lie on the query."""
        order = np.argsort(self.query[:, 0], kind="stable")
        return Matches(self.query[order], self.other[order], self.strength)


NO_MATCHES = Matches(np.empty((0, 2), np.float32), np.empty((0, 2), np.float32), 0.0)

FEWEST = 3
"""Pairs that fix an affine map; fewer prove nothing."""

REFITS = 3
LEAST_DETERMINANT = 0.2
"""A map that flattens the fluke more than this, or mirrors it, is no other view of it."""


def match(query: Keypoints, other: Keypoints, settings: MatchSettings | None = None) -> Matches:
    """Marks that look alike and lie alike on two crops.

    Parameters
    ----------
    query, other : Keypoints
        Descriptors of the same length.
    settings : MatchSettings, optional

    Returns
    -------
    Matches
        Empty where fewer than 3 marks agree.
    """
    settings = settings or MatchSettings()
    if len(query.frames) < FEWEST or len(other.frames) < FEWEST:
        return NO_MATCHES
    likeness = query.descriptors @ other.descriptors.T
    rows, columns, weights = unambiguous(likeness, settings.ratio)
    if len(rows) < FEWEST:
        return NO_MATCHES
    agreeing = agree(query.frames[rows], other.frames[columns], weights, settings)
    if agreeing.sum() < FEWEST:
        return NO_MATCHES
    return Matches(
        query.frames[rows[agreeing], :2],
        other.frames[columns[agreeing], :2],
        float(weights[agreeing].sum()),
    )


def unambiguous(likeness: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs whose nearest distance is below ``ratio`` times the second nearest (Lowe 2004).

    Parameters
    ----------
    likeness : ndarray of shape (n, m), float32
        Products of descriptors of length 1; m at least 2.
    ratio : float

    Returns
    -------
    rows, columns : ndarray of shape (pairs,), int
    weights : ndarray of shape (pairs,), float32
        1 minus the ratio.
    """
    rows = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    nearest = likeness[rows, best]
    others = likeness.copy()
    others[rows, best] = -np.inf
    second = others.max(axis=1)
    # Rounding can bring a product of equal descriptors above 1.
    found = np.sqrt(np.maximum(1 - nearest, 0) / np.maximum(1 - second, 1e-6))
    kept = np.flatnonzero(found < ratio)
    return kept, best[kept], (1 - found[kept]).astype(np.float32)


def agree(
    query: np.ndarray, other: np.ndarray, weights: np.ndarray, settings: MatchSettings
) -> np.ndarray:
    """Which pairs of marks lie alike.

    Every pair proposes the move and the scale that its two frames imply; the proposal with the
    greatest weight of pairs behind it is refined to an affine map by least squares.

    Parameters
    ----------
    query, other : ndarray of shape (pairs, 3), float32
        Frames as in `Keypoints`.
    weights : ndarray of shape (pairs,), float32

    Returns
    -------
    ndarray of shape (pairs,), bool
    """
    scale = other[:, 2] / query[:, 2]
    allowed = np.flatnonzero(np.maximum(scale, 1 / scale) < settings.largest_scale)
    found = np.zeros(len(query), dtype=bool)
    if len(allowed) < FEWEST:
        return found
    here, there = query[allowed, :2], other[allowed, :2]
    proposed = scale[allowed, None, None] * (here[None] - here[:, None]) + there[:, None]
    behind = np.linalg.norm(proposed - there[None], axis=2) < 2 * settings.tolerance
    inside = behind[(behind @ weights[allowed]).argmax()]
    found[allowed[_refined(here, there, inside, settings)]] = True
    return found


def _refined(
    query: np.ndarray, other: np.ndarray, inside: np.ndarray, settings: MatchSettings
) -> np.ndarray:
    """Pairs near the affine map that is fitted to those inside, fitted again a few times."""
    places = np.column_stack([query, np.ones(len(query))])
    for _ in range(REFITS):
        if inside.sum() < FEWEST:
            return np.zeros(len(query), dtype=bool)
        affine, _, rank, _ = np.linalg.lstsq(places[inside], other[inside], rcond=None)
        # Marks on one line, as a waterline has, fix no map.
        if rank < 3 or np.linalg.det(affine[:2]) < LEAST_DETERMINANT:
            return np.zeros(len(query), dtype=bool)
        inside = np.linalg.norm(places @ affine - other, axis=1) < settings.tolerance
    return inside
