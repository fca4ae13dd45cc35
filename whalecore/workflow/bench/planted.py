"""Synthetic heatmaps of known kinds, as many as are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 1000
"""Heatmaps drawn together: float16 is all that is ever held of the others."""


@dataclass(frozen=True)
class Planted:
    """How heatmaps are drawn.

    Each kind is two round spots at fixed places. A heatmap of the kind moves each spot and makes
    it stronger or weaker, adds one spot anywhere that means nothing, and grain to every cell.
    Lengths are shares of the map's height, so that small maps look like large ones.

    Attributes
    ----------
    kinds : int
    rows, cols : int
        Cells of a heatmap.
    spread : float
        Standard deviation of a spot's profile.
    moves : float
        Standard deviation of a spot's place along each axis.
    distraction : float
        Strength of the meaningless spot; those of the kind have about 1.
    grain : float
        Standard deviation of what is added to a cell.
    seed : int
        The same seed gives the same kinds and the same heatmaps; the first heatmaps of many are
        those of few.
    """

    kinds: int = 30
    rows: int = 64
    cols: int = 128
    spread: float = 0.11
    moves: float = 0.06
    distraction: float = 0.8
    grain: float = 0.15
    seed: int = 0


def planted_heatmaps(count: int, planted: Planted) -> tuple[np.ndarray, np.ndarray]:
    """Draw heatmaps of known kinds.

    Parameters
    ----------
    count : int
        200,000 of 64 x 128 cells take 3.3 GB, and hardly more while they are drawn.

    Returns
    -------
    heatmaps : ndarray of shape (count, rows, cols), float16
    kinds : ndarray of shape (count,), int32
        0 to the number of kinds - 1, all about equally frequent.
    """
    heatmaps = np.empty((count, planted.rows, planted.cols), np.float16)
    kinds = np.empty(count, np.int32)
    spots = np.random.default_rng(planted.seed).uniform(
        (0, 0), (1, planted.cols / planted.rows), (planted.kinds, 2, 2)
    )
    for start in range(0, count, BLOCK):
        # A block is drawn whole, so that its heatmaps do not depend on how many are wanted.
        random = np.random.default_rng((planted.seed, start))
        kind = random.integers(planted.kinds, size=BLOCK)
        kinds[start : start + BLOCK] = kind[: count - start]
        heatmaps[start : start + BLOCK] = _block(spots[kind], planted, random)[: count - start]
    return heatmaps, kinds


def _block(spots: np.ndarray, planted: Planted, random: np.random.Generator) -> np.ndarray:
    """Draw heatmaps around spots (heatmaps, 2, row and col): float32 (heatmaps, rows, cols)."""
    count = len(spots)
    moved = spots + planted.moves * random.standard_normal(spots.shape)
    anywhere = random.uniform((0, 0), (1, planted.cols / planted.rows), (count, 1, 2))
    places = np.concatenate([moved, anywhere], axis=1)
    strength = random.uniform(0.7, 1.3, places.shape[:2])
    strength[:, -1] *= planted.distraction
    down = _profile(places[..., 0], planted.rows, planted) * strength[..., None]
    across = _profile(places[..., 1], planted.cols, planted)
    drawn = random.standard_normal((count, planted.rows, planted.cols), np.float32)
    drawn *= planted.grain
    drawn += down.astype(np.float32).transpose(0, 2, 1) @ across.astype(np.float32)
    return drawn


def _profile(places: np.ndarray, cells: int, planted: Planted) -> np.ndarray:
    """Return each spot's profile along an axis, shape (heatmaps, spots, cells)."""
    centres = (np.arange(cells) + 0.5) / planted.rows
    return np.exp(((centres - places[..., None]) / planted.spread) ** 2 / -2)
