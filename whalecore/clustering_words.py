"""How a clustering came about and what it is worth as a whole, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whalecore.clusters.how_many import FEWEST_EACH, most_groups
from whalecore.clusters.meaning import FEW
from whalecore.clusters.modes import SCALE_COMPONENTS, SCALE_SAMPLE
from whalecore.plain_words import MOST, known, listed, percent
from whalecore.types import HeatmapPart, OcclusionSettings, Representation, settings_from_key

LANDMARKS = (
    " They are those of heatmaps compared through typical ones (landmarks): kinds that overlap "
    "still show a step there."
)
"""Where the number of clusters was read off landmarks."""

AGAIN = "Cluster the heatmaps again to see"
"""Start of the sentence about what an older clustering does not know."""

NEARLY_ALL = 0.9
"""Share of the heatmaps with which a cluster holds nearly everything."""


def noise_words(stability: float | None, noise: float | None) -> str:
    """What the stability of all clusters together is worth, beside that of clusters of noise."""
    if not known(stability):
        return "The stability could not be measured, because the clusters have too few heatmaps."
    if not known(noise):
        return f"{AGAIN} how stable clusters of noise would be."
    words = (
        f"In all, {percent(stability)} of the pairs stay together; in as many clusters of noise, "
        f"which holds no kinds at all, {percent(noise)}."
    )
    if stability <= noise:
        words += " These clusters hold no better than that: do not take them for kinds of heatmaps."
    return words


def lopsided_words(sizes: Sequence[int]) -> str:
    """Whether one cluster holds nearly everything and most others hardly anything; else nothing.

    Such clusters come out again each time, so that their stability does not tell.

    Parameters
    ----------
    sizes : sequence of int
        Heatmaps of each cluster.
    """
    if len(sizes) < 2:
        return ""
    *others, largest = sorted(sizes)
    if largest < NEARLY_ALL * sum(sizes) or np.median(others) >= FEW:
        return ""
    return (
        f"One cluster holds {largest:,} of {sum(sizes):,} heatmaps, and most others fewer than "
        f"{FEW}: the heatmaps were hardly divided, whatever the stability says. Another sigma, or "
        "fewer clusters, may do better."
    )


def mode_words(mode: str | None, heatmaps: int) -> str:
    """Whether all heatmaps were compared with each other."""
    if not known(mode):
        return f"{AGAIN} how heatmaps were compared."
    if mode == "exact":
        return "Every heatmap was compared with every other one, as in the paper (exact)."
    if mode != "scale":
        return f"Heatmaps were compared in the mode '{mode}'."
    if heatmaps <= SCALE_SAMPLE:
        return (
            "Every heatmap was compared with every other one, by their first "
            f"{SCALE_COMPONENTS} principal components alone (scale)."
        )
    return (
        f"A random sample of {SCALE_SAMPLE:,} heatmaps was compared with each other, by their "
        f"first {SCALE_COMPONENTS} principal components, and the others were carried into its "
        "clusters (scale)."
    )


def number_words(
    asked: int | str | None, clusters: int, heatmaps: int, by_landmarks: bool = False
) -> str:
    """How the number of clusters came about; nothing where it is the one that was asked for.

    Parameters
    ----------
    asked : int or str or None
        The number that was asked for, or ``auto``; None where that is not known.
    clusters, heatmaps : int
        That there are.
    by_landmarks : bool
        Whether ``auto`` took the number from eigenvalues of landmarks, which are the ones shown.
    """
    if asked == "auto":
        words = (
            "The number was looked for: the largest step after 2 to "
            f"{most_groups(heatmaps)} eigenvalues decided."
        )
        return words + (LANDMARKS if by_landmarks else "")
    if asked is None or clusters >= int(asked):
        return ""
    needed = FEWEST_EACH * int(asked)
    why = (
        f"{asked} clusters of {FEWEST_EACH} heatmaps each on average need {needed:,} heatmaps, and "
        f"there are {heatmaps:,}"
        if heatmaps < needed
        else "no more of the heatmaps differ, or a cluster remained empty"
    )
    return f"{clusters} clusters were made instead of {asked}: {why}."


def gap_words(eigenvalues: Sequence[float], clusters: int) -> str:
    """After how many eigenvalues the largest steps lie, and where the chosen number is."""
    steps = np.diff(np.asarray(eigenvalues, float))[1:]
    if not len(steps):
        return f"{clusters} clusters were chosen."
    order = np.argsort(-steps, kind="stable")
    largest = [int(place) + 2 for place in order[:MOST]]
    words = f"The largest steps lie after {listed(largest)} eigenvalues; {clusters} clusters "
    if 2 <= clusters <= len(steps) + 1:
        rank = int(np.flatnonzero(order == clusters - 2)[0]) + 1
        return f"{words}were chosen, where the step is number {rank} of {len(steps)} in size."
    return f"{words}were chosen."


def representation_words(representation: Representation) -> str:
    """Which maps of a photo were compared, and how."""
    maps = [_named_maps(part) for part in representation.parts]
    together = " together" if len(maps) > 1 else ""
    evidence = (
        "support and evidence against the individual kept apart in them"
        if representation.signed
        else "each scaled from 0 at its lowest value to 1 at its highest, so that places that "
        "speak against the individual count as less than those without influence"
    )
    turned = (
        "; heatmaps that lie more on the right were mirrored first, so that left and right tip "
        "count as one"
        if representation.aligned
        else ""
    )
    return f"Compared were {listed(maps)}{together}, {evidence}{turned}."


def first_part_words(representation: Representation) -> str:
    """Of which maps mean heatmap and meaning are, where several were compared; else nothing."""
    if len(representation.parts) < 2:
        return ""
    return (
        "Mean heatmap, parts of the fluke and warnings are of the first maps alone: "
        f"{_named_maps(representation.parts[0])}."
    )


def _named_maps(part: HeatmapPart) -> str:
    settings = settings_from_key(part.settings)
    if isinstance(settings, OcclusionSettings):
        return f"occlusion sensitivity maps (patch {settings.patch}, stride {settings.stride})"
    return f"Grad-CAM ({settings.layer})"
