"""The modes, exact and scale: which of them fits, and which heatmaps it compares."""

from __future__ import annotations

import numpy as np

from whalecore.clusters.descriptor import COMPONENTS
from whalecore.errors import SettingsError
from whalecore.memory import available_bytes

MODES = ("auto", "exact", "scale")

EXACT_MOST = 20_000
"""Heatmaps up to which the exact mode is taken by itself: about 2.3 GB."""

BYTES_PER_PAIR = 4
"""Of an affinity in the exact mode, and of a value of a point: single precision."""

BYTES_PER_CELL = 2
"""Of a heatmap: half precision."""

USUAL_CELLS = 64 * 128
"""Of an occlusion map of 256 x 512 pixels with stride 4."""

SCALE_SAMPLE = 10_000
"""Heatmaps that the scale mode compares with each other."""

SCALE_COMPONENTS = 128
"""Principal components of the scale mode."""


def mode_for(heatmaps: int, mode: str = "auto", cells: int = USUAL_CELLS) -> str:
    """Return the mode, ``exact`` or ``scale``, that so many heatmaps are clustered in.

    ``auto`` is exact where `exact_bytes` are free and there are at most 20,000 heatmaps.

    Parameters
    ----------
    heatmaps : int
    mode : str
    cells : int
        Of a heatmap, all parts together.

    Raises
    ------
    SettingsError
        If the mode is unknown, or ``exact`` was asked for and would take more memory than is free.
    """
    if mode not in MODES:
        raise SettingsError(
            f"The mode '{mode}' is unknown: choose 'auto', 'exact' (the paper) or 'scale'."
        )
    needed, free = exact_bytes(heatmaps, cells), available_bytes()
    fits = free is None or needed <= free
    if mode == "auto":
        return "exact" if heatmaps <= EXACT_MOST and fits else "scale"
    if mode == "exact" and not fits:
        raise SettingsError(
            f"The exact mode needs {needed / 1e9:.1f} GB for {heatmaps} heatmaps, and "
            f"{free / 1e9:.1f} GB of this computer's memory are free: use the mode 'scale', or "
            "close other programs."
        )
    return mode


def exact_bytes(heatmaps: int, cells: int = USUAL_CELLS) -> int:
    """Memory that the exact mode takes: the affinity of all pairs, the heatmaps and their points.

    The points are there about four times: all components, those compared, and as they are stored.
    """
    each = BYTES_PER_CELL * cells + 4 * BYTES_PER_PAIR * COMPONENTS
    return heatmaps * (BYTES_PER_PAIR * heatmaps + each)


def compared(count: int, mode: str, seed: int) -> np.ndarray:
    """Return the places of the heatmaps that are compared with each other, rising.

    Parameters
    ----------
    count : int
        Heatmaps in all.
    mode : str
        ``exact`` or ``scale``.
    seed : int
    """
    if mode == "exact" or count <= SCALE_SAMPLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:SCALE_SAMPLE])
