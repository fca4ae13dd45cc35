"""Which of a lab's heatmaps are clustered, and what is to be said of those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from whalecore.errors import LabError, TooFewError
from whalecore.lab.lab import Lab
from whalecore.plain_words import listed
from whalecore.types import HeatmapPart, HeatmapSet

NAMED = 5
"""Photos that are named where more have damaged heatmaps."""


@dataclass(frozen=True, eq=False)
class Clusterable:
    """Heatmaps to be clustered, and those that are left out.

    Attributes
    ----------
    stacks : tuple of HeatmapSet
        One for each of the maps that describe a heatmap together.
    left_out : int
        Heatmaps that are left out.
    note : str
        Why, a sentence for each reason; empty where none are.
    """

    stacks: tuple[HeatmapSet, ...]
    left_out: int
    note: str


def clusterable_heatmaps(
    lab: Lab, maps: str, parts: Sequence[HeatmapPart], method: str
) -> Clusterable:
    """Read the heatmaps that can be clustered.

    Left out are fast heatmaps whose estimates correlate with computed values less than the lab's
    ``least_correlation`` asks for, heatmaps without one of the parts, and those that hold values
    that are not finite.

    Parameters
    ----------
    maps : str
        ``correct`` or ``top5``.
    parts : sequence of HeatmapPart
        Maps that describe a heatmap together; none for those of `method` with most heatmaps.
    method : str
        ``osm`` or ``gradcam``.

    Raises
    ------
    LabError
        If there are no such heatmaps.
    TooFewError
        If there were some and all are left out.
    """
    correct_only, least = maps == "correct", lab.info.least_correlation
    fast = [part.settings for part in parts if part.method == "osm"]
    any_settings = [None] if not parts and method == "osm" else fast

    def doubtful_of(settings: Sequence[str | None]) -> int:
        return sum(lab.count_doubtful(key, correct_only, least) for key in settings)

    choice = {"correct_only": correct_only, "least_correlation": least}
    try:
        stacks = (
            lab.heatmap_parts(parts, **choice)
            if parts
            else (lab.heatmaps(method=method, **choice),)
        )
    except LabError as error:
        doubtful = doubtful_of(any_settings)
        if not doubtful:
            raise
        words = _doubtful_words(doubtful, maps, least)
        raise TooFewError(f"No heatmap is left to be clustered: {words}") from error
    # Without a choice those of other settings than the ones taken are not missed.
    doubtful = doubtful_of(fast if any_settings == fast else [stacks[0].settings])
    notes = [_doubtful_words(doubtful, maps, least)]
    incomplete = lab.count_incomplete(parts, **choice) if len(parts) > 1 else 0
    notes.append(_incomplete_words(incomplete, maps))
    damaged = ~np.logical_and.reduce([_finite(one.values) for one in stacks])
    if damaged.any():
        notes.append(_damaged_words(lab, stacks[0].photo_ids, damaged, maps))
        stacks = tuple(_only(one, ~damaged) for one in stacks)
    left_out = doubtful + incomplete + int(damaged.sum())
    return Clusterable(stacks, left_out, " ".join(filter(None, notes)))


def _finite(values: np.ndarray) -> np.ndarray:
    """Whether each heatmap holds nothing but finite values, one by one to save memory."""
    return np.array([np.isfinite(one).all() for one in values], bool)


def _only(heatmaps: HeatmapSet, which: np.ndarray) -> HeatmapSet:
    names = ("model_ids", "photo_ids", "individuals")
    arrays = ("values", "ranks", "scores", "correct")
    return replace(
        heatmaps,
        **{name: tuple(compress(getattr(heatmaps, name), which)) for name in names},
        **{name: getattr(heatmaps, name)[which] for name in arrays},
    )


def _doubtful_words(count: int, maps: str, least: float) -> str:
    if not count:
        return ""
    return (
        f"{count} fast heatmaps were left out ('{maps}'), because their correlation with the "
        f"exact ones is below the lab's limit of {least:g} or not known: compute them again with "
        "a higher 'explain --accuracy', or 1 for exact ones."
    )


def _incomplete_words(count: int, maps: str) -> str:
    if not count:
        return ""
    return (
        f"{count} heatmaps were left out ('{maps}'), because they lack one of the maps that are "
        "compared together: compute it with the command explain."
    )


def _damaged_words(lab: Lab, photo_ids: Sequence[str], damaged: np.ndarray, maps: str) -> str:
    photos = list(dict.fromkeys(compress(photo_ids, damaged)))
    names = {row["photo_id"]: row["name"] for row in lab.rows("photos")}
    shown = [names.get(one, one) for one in photos[:NAMED]]
    if len(photos) > NAMED:
        shown.append(f"{len(photos) - NAMED} more")
    return (
        f"{int(damaged.sum())} damaged heatmaps were left out ('{maps}'), which hold values that "
        f"are not finite, of {listed(shown)}: correct the crop of such a photo, and its heatmaps "
        "are computed anew."
    )
