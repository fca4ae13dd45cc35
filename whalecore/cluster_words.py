"""What is known of single clusters, in sentences for people who read no tables of numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whalecore.clusters.stability import UNSTABLE, is_unstable
from whalecore.plain_words import MOST, known, listed, percent
from whalecore.reliability.heatmap_quality import agreement

FAR = 2
"""Standard deviations beyond which a score lies far from the mean of its cluster."""


def label_of(cluster: int, name: str | None = None, stability: float | None = None) -> str:
    """A cluster's number, its name where somebody gave it one, and a mark if it is unstable.

    The stability is given wherever figures of the cluster stand beside its label.
    """
    return (f"{cluster} · {name}" if name else str(cluster)) + unstable_mark(stability)


def unstable_mark(stability: float | None) -> str:
    """What stands behind a figure of an unstable cluster, see the glossary; nothing otherwise."""
    return " (unstable)" if known(stability) and is_unstable(stability) else ""


def stability_words(stability: float | None, noise: float | None = None) -> str:
    """What the stability of a cluster means for those who read its figures.

    Parameters
    ----------
    stability : float or None
    noise : float, optional
        What as many clusters of noise reach, where that is known.
    """
    if not known(stability):
        return "It could not be measured, because the cluster has too few heatmaps."
    beside = f" Clusters of noise reach {percent(noise)}." if known(noise) else ""
    if is_unstable(stability):
        return (
            f"Unstable: only {percent(stability)} of its pairs of heatmaps stay together when a "
            f"part of the photos is clustered anew, fewer than {percent(UNSTABLE)}. Do not rely on "
            f"this cluster's figures.{beside}"
        )
    return (
        f"{percent(stability)} of its pairs of heatmaps stay together when a part of the photos is "
        f"clustered anew.{beside}"
    )


def names_of(names: pd.DataFrame) -> dict[int, str]:
    """Names of the clusters that have one, from the lab's cluster names."""
    return {int(row.cluster): row.name for row in names.itertuples(index=False) if row.name}


def part_words(shares: Mapping[str, float]) -> str:
    """On which parts of the fluke a cluster rests, the largest shares first."""
    large = sorted(shares.items(), key=lambda one: -one[1])[:MOST]
    named = [f"the {name} ({percent(share)})" for name, share in large if share >= 0.005]
    return f"Rests mostly on {listed(named)}." if named else "Rests on no part of the fluke."


def most_frequent_words(animal: str | None, candidate: str | None) -> str:
    """The animal that most photos of a cluster show, and the candidate of most of its heatmaps."""
    shown = animal if known(animal) else "not known"
    of = candidate if known(candidate) else "not known"
    return f"The most frequent animal on the photos: {shown}; the most frequent candidate: {of}."


def described(correctness: pd.DataFrame, facts: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """The lab's cluster correctness with the columns ``stability`` and ``name`` of each cluster."""
    stability = dict(zip(facts["cluster"], facts["stability"], strict=True))
    called = names_of(names)
    return correctness.assign(
        stability=[float(stability.get(one, np.nan)) for one in correctness["cluster"]],
        name=[called.get(one, "") for one in correctness["cluster"]],
    )


def agreement_words(one: np.ndarray, two: np.ndarray) -> str:
    """How alike two heatmaps of one photo are."""
    found = float(agreement(np.asarray(one)[None], np.asarray(two)[None])[0])
    if not known(found):
        return "One of the heatmaps has the same value everywhere, so they cannot be compared."
    return f"The patterns of the two heatmaps correlate with r = {found:.2f}."


def outlier_words(z: pd.Series) -> str:
    """How many scores of a cluster lie unusually far from their mean."""
    if z.isna().all():
        return "All scores of this cluster are the same, so that none lies far from their mean."
    low, high = int((z < -FAR).sum()), int((z > FAR).sum())
    return (
        f"{low:,} of {len(z):,} scores lie more than {FAR} standard deviations below the "
        f"cluster's mean, {high:,} as far above it."
    )


def map_words(shown: int, clustered: int, arranged: bool) -> str:
    """What a map of heatmaps shows."""
    which = f"all {clustered:,}" if shown == clustered else f"{shown:,} of {clustered:,}"
    side = "alike ones together" if arranged else "seen from the broadest side"
    return (
        f"Shown: {which} heatmaps, {side}. Draw round some of them to see them below, click one to "
        "open it; numbers are clusters."
    )


def chosen_words(heatmaps: pd.DataFrame, stability: Mapping[int, float]) -> str:
    """How many heatmaps were chosen on the map, of which clusters, and how often they are right.

    Parameters
    ----------
    heatmaps : DataFrame
        Columns cluster, is_reference and score.
    stability : mapping of int to float
        Of the clusters of which it is known.
    """
    counts = heatmaps["cluster"].value_counts().head(MOST)
    largest = listed(
        f"{label_of(cluster, stability=stability.get(cluster))} ({count:,})"
        for cluster, count in counts.items()
    )
    more = heatmaps["cluster"].nunique() - len(counts)
    others = f" and {more} more" if more > 0 else ""
    return (
        f"{len(heatmaps):,} heatmaps, mostly of cluster {largest}{others}; "
        f"{percent(heatmaps['is_reference'].mean())} show the right individual, mean score "
        f"{heatmaps['score'].mean():.2f}."
    )
