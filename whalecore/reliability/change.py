"""Where on the fluke a heatmap lies, and who looks alike on the parts that change over the years.

The outer fifth on each side, the tips, wears and scars most; the pigmentation of the inner surface
changes while an animal is young. An identification that rests on these can fail for the same animal
years later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from whalecore.clusters.meaning import PARTS, fluke_parts, part_shares
from whalecore.errors import SettingsError

CHANGING = ("left tip", "right tip")
"""Parts that change over the years: the outer 20 % of the crop's width on each side."""

COLUMNS = {part: part.replace(" ", "_") for part in PARTS}
"""Part of the fluke to the name of its share in `whalecore.reliability.evidence.Measures`."""

PROPOSED = 5
"""Individuals that are proposed for comparison."""


@dataclass(frozen=True)
class SimilarIndividual:
    """An individual of the gallery whose tips look alike.

    Attributes
    ----------
    individual : str
    similarity : float
        Cosine of the two photos' tips as the network sees them, -1 to 1.
    photo_id : str
        Its most similar photo.
    """

    individual: str
    similarity: float
    photo_id: str


@dataclass(frozen=True)
class ChangingParts:
    """What an identification owes to parts that change.

    Attributes
    ----------
    share : float
        Of the positive evidence that lies on the tips, 0 to 1; evidence spread evenly over the
        crop would give `area`.
    area : float
        Share of the crop that the tips take.
    similar : tuple of SimilarIndividual
        Individuals to compare by hand, the most similar first.
    """

    share: float
    area: float
    similar: tuple[SimilarIndividual, ...] = ()


def changing_mask(rows: int, cols: int) -> np.ndarray:
    """Where the changing parts lie, bool (rows, cols); see `whalecore.clusters.meaning`."""
    parts = fluke_parts(rows, cols)
    return np.logical_or.reduce([parts[name] for name in CHANGING])


def changing_share(values: np.ndarray) -> np.ndarray:
    """Share of each heatmap's positive values on the changing parts.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)

    Returns
    -------
    ndarray of shape (heatmaps,), float32
        0 to 1; 0 where a heatmap has no positive value.
    """
    return part_shares(values)[:, [PARTS.index(name) for name in CHANGING]].sum(axis=1)


def shares_of_parts(values: np.ndarray) -> dict[str, float]:
    """Share of a heatmap's positive values on each part, by the name in `COLUMNS`.

    Parameters
    ----------
    values : ndarray of shape (rows, cols)

    Returns
    -------
    dict of str to float
        Together 1; empty where the heatmap has no positive value.
    """
    if not (np.asarray(values) > 0).any():
        return {}
    (shares,) = part_shares(np.asarray(values)[None])
    return dict(zip(COLUMNS.values(), shares.tolist(), strict=True))


def similar_individuals(
    tips: np.ndarray,
    gallery: np.ndarray,
    individuals: Sequence[str],
    photo_ids: Sequence[str],
    count: int = PROPOSED,
) -> tuple[SimilarIndividual, ...]:
    """Individuals whose tips are most similar to those of a photo, each by its best photo.

    Parameters
    ----------
    tips : ndarray of shape (embedding size,)
        Embedding, of length 1, of the photo with all but its tips covered.
    gallery : ndarray of shape (photos, embedding size)
        The same of the gallery's photos.
    individuals, photo_ids : sequence of str
        Of each gallery photo.
    count : int

    Returns
    -------
    tuple of SimilarIndividual
        At most `count`, the most similar first; equals in the alphabet's order.

    Raises
    ------
    SettingsError
        If the arrays do not fit together.
    """
    gallery, tips = np.asarray(gallery, np.float64), np.asarray(tips, np.float64)
    if gallery.shape != (len(individuals), len(tips)) or len(photo_ids) != len(individuals):
        raise SettingsError(
            f"A gallery of shape {gallery.shape} does not fit {len(individuals)} individuals, "
            f"{len(photo_ids)} photos and an embedding of {len(tips)} numbers: give one row a "
            "photo."
        )
    best: dict[str, SimilarIndividual] = {}
    for individual, photo_id, similarity in zip(
        individuals, photo_ids, (gallery @ tips).tolist(), strict=True
    ):
        if individual not in best or similarity > best[individual].similarity:
            best[individual] = SimilarIndividual(individual, similarity, photo_id)
    return tuple(sorted(best.values(), key=lambda one: (-one.similarity, one.individual))[:count])
