"""Heatmaps as a clustering is given them: as arrays, with what is known about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.clusters.descriptor import parts_of
from whalecore.errors import SettingsError
from whalecore.types import HeatmapSet


def stride_of(settings: str) -> int:
    """Return the stride that heatmap settings name; 4 (no pooling) where they name none."""
    named = dict(part.split("=", 1) for part in settings.split(",") if "=" in part)
    return int(named.get("stride", 4))


@dataclass(frozen=True, eq=False)
class Given:
    """Heatmaps as arrays, with what is known about them.

    Attributes
    ----------
    parts : tuple of ndarray of shape (heatmaps, rows, cols)
    strides : tuple of int
        Of each part.
    correct : ndarray of shape (heatmaps,), bool, or None
    scores : ndarray of shape (heatmaps,), float, or None
    units : ndarray of shape (heatmaps,), int, or None
        The same number for heatmaps of one photo.
    """

    parts: tuple[np.ndarray, ...]
    strides: tuple[int, ...]
    correct: np.ndarray | None
    scores: np.ndarray | None
    units: np.ndarray | None


def given_heatmaps(heatmaps, stride, correct: np.ndarray | None) -> Given:
    """Take heatmaps, their stride and what is correct as `spectral_clustering` is given them.

    Raises
    ------
    SettingsError
        If the parts are not of the same photos and individuals in the same order.
    """
    alone = isinstance(heatmaps, HeatmapSet | np.ndarray)
    sets = (heatmaps,) if alone else tuple(heatmaps)
    known = [one for one in sets if isinstance(one, HeatmapSet)]
    for other in known[1:]:
        same = (other.photo_ids, other.individuals) == (known[0].photo_ids, known[0].individuals)
        if not same:
            raise SettingsError(
                f"The heatmaps of '{known[0].method} {known[0].settings}' and '{other.method} "
                f"{other.settings}' are not of the same photos and individuals in the same order: "
                "give only those that both have."
            )
    parts = parts_of([one.values if isinstance(one, HeatmapSet) else one for one in sets])
    if stride is None:
        strides = tuple(
            stride_of(one.settings) if isinstance(one, HeatmapSet) else 4 for one in sets
        )
    else:
        strides = (int(stride),) * len(parts) if np.ndim(stride) == 0 else tuple(stride)
    if known and correct is None:
        correct = known[0].correct
    return Given(
        parts=parts,
        strides=strides,
        correct=correct,
        scores=known[0].scores if known else None,
        units=np.unique(known[0].photo_ids, return_inverse=True)[1] if known else None,
    )
