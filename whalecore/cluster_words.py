"""What is known of clusters, in sentences for people who read no tables of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from whalecore.clusters.matching import continues, merges, splits
from whalecore.clusters.meaning import FEW
from whalecore.clusters.spectral import FEWEST_EACH, SCALE_COMPONENTS, SCALE_SAMPLE, most_groups
from whalecore.clusters.stability import UNSTABLE, is_unstable
from whalecore.reliability.heatmap_quality import agreement
from whalecore.types import HeatmapPart, OcclusionSettings, Representation, settings_from_key

Flows = Sequence[Sequence[int]]
"""Rows of cluster, cluster of another clustering, heatmaps that lie in both."""

LANDMARKS = (
    " They are those of heatmaps compared through typical ones (landmarks): kinds that overlap "
    "still show a step there."
)
"""Where the number of clusters was read off landmarks."""

AGAIN = "Cluster the heatmaps again to see"
"""Start of the sentence about what an older clustering does not know."""

SPACE = "\N{NO-BREAK SPACE}"

FAR = 2
"""Standard deviations beyond which a score lies far from the mean of its cluster."""

NEARLY_ALL = 0.9
"""Share of the heatmaps with which a cluster holds nearly everything."""

MOST = 3
"""Parts of the fluke, or steps, that a sentence names."""


def known(value: float | None) -> bool:
    """Whether a number is there at all."""
    return value is not None and not pd.isna(value)


def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent, or that it is not known."""
    return f"{100 * share:.0f}{SPACE}%" if known(share) else "not known"


def chance(probability: float | None) -> str:
    """A probability in percent; never 0 % or 100 %, because nothing is certain."""
    if known(probability) and not 0.01 <= probability <= 0.99:
        return f"under 1{SPACE}%" if probability < 0.5 else f"over 99{SPACE}%"
    return percent(probability)


def label_of(cluster: int, name: str | None = None, stability: float | None = None) -> str:
    """A cluster's number, its name where somebody gave it one, and a mark if it is unstable.

    The stability is given wherever figures of the cluster stand beside its label.
    """
    return (f"{cluster} · {name}" if name else str(cluster)) + unstable_mark(stability)


def unstable_mark(stability: float | None) -> str:
    """What stands behind a figure of an unstable cluster, see the glossary; nothing otherwise."""
    return " (unstable)" if known(stability) and is_unstable(stability) else ""


def listed(words: Iterable[object]) -> str:
    """Words in a row: "1", "1 and 2", "1, 2 and 3"."""
    *first, last = map(str, words)
    return f"{', '.join(first)} and {last}" if first else last


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


def neighbour_words(flows: Flows, clusters: int) -> str:
    """What another number of clusters would change.

    Parameters
    ----------
    flows : sequence of (cluster, other, heatmaps)
        How the heatmaps of each cluster are spread over those of the other clustering.
    clusters : int
        The other number of clusters.
    """
    labels, others = _labels(flows)
    parts = [f"{listed(sorted(one.clusters))} would be one" for one in merges(labels, others)]
    divided = [one.cluster for one in splits(labels, others)]
    if divided:
        parts.append(f"{listed(divided)} would be divided")
    if not parts:
        parts = ["no two clusters would be one and none would be divided; only few heatmaps move"]
    return f"With {clusters} clusters, {'; '.join(parts)}."


def _labels(flows: Flows) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of the heatmaps that both clusterings hold, in the one and in the other."""
    table = np.asarray(flows, int).reshape(-1, 3)
    labels, others = (np.repeat(table[:, side], table[:, 2]) for side in (0, 1))
    return labels, others


def match_words(earlier: int | None, overlap: float, number: int) -> str:
    """What a cluster was in the clustering before.

    Parameters
    ----------
    earlier : int or None
        Its number then; None for a new one.
    overlap : float
        Heatmaps that both hold, of those that either holds.
    number : int
        Its number now.
    """
    if not known(earlier):
        return "New: no cluster of the clustering before is like it."
    if not continues(overlap):
        was = f"Is only in part what cluster {int(earlier)} was"
    elif int(earlier) == number:
        was = "Had the same number"
    else:
        was = f"Was cluster {int(earlier)}"
    return f"{was} before; of the heatmaps both clusterings hold, {percent(overlap)} are the same."


def growth_words(made_at: datetime, before: int, now: int) -> str:
    """When the clustering before was made, and how many heatmaps came or went since."""
    more = now - before
    since = f"{abs(more):,} {'more' if more > 0 else 'fewer'}" if more else "as many"
    return (
        f"The clustering before was made on {made_at:%Y-%m-%d at %H:%M} UTC of {before:,} "
        f"heatmaps; this one holds {since}."
    )


def names_of(names: pd.DataFrame) -> dict[int, str]:
    """Names of the clusters that have one, from the lab's cluster names."""
    return {int(row.cluster): row.name for row in names.itertuples(index=False) if row.name}


def change_words(matches: pd.DataFrame, earlier_clusters: int, flows: Flows = ()) -> list[str]:
    """What changed against the clustering before: what went on, is new, is gone, joined or parted.

    Parameters
    ----------
    matches : DataFrame
        Columns cluster, earlier_cluster (missing for a new one), overlap.
    earlier_clusters : int
        How many there were.
    flows : sequence of (cluster, earlier cluster, heatmaps)
        How the heatmaps of both clusterings are spread.
    """
    matched = matches[matches["earlier_cluster"].notna()]
    before = matched["earlier_cluster"].astype(int)
    whole = continues(matched["overlap"])
    renumbered = int((before != matched["cluster"])[whole].sum())
    sentences = [
        f"{int(whole.sum())} of {len(matches)} clusters continue one of the clustering before, "
        f"{renumbered} of them under another number."
    ]
    if not whole.all():
        partly = [
            f"{now} (was {then})"
            for now, then in zip(matched["cluster"][~whole], before[~whole], strict=True)
        ]
        sentences.append(
            "Only in part, with fewer than half of the heatmaps of either in both: "
            f"{listed(partly)}."
        )
    new = matches["cluster"][matches["earlier_cluster"].isna()].tolist()
    gone = sorted(set(range(1, earlier_clusters + 1)) - set(before))
    if new:
        sentences.append(f"New: {listed(new)}.")
    if gone:
        sentences.append(f"Gone, as they were numbered before: {listed(gone)}.")
    now, then = _labels(flows)
    sentences += [
        f"Most of {listed(sorted(one.clusters))}, as they were numbered before, came together in "
        f"{one.cluster}."
        for one in merges(then, now)
    ]
    sentences += [
        f"Cluster {one.cluster}, as it was numbered before, came apart into "
        f"{listed(sorted(one.clusters))}."
        for one in splits(then, now)
    ]
    return sentences


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


def spread_table(
    flows: pd.DataFrame, names: Mapping[int, str], other_names: Mapping[int, str]
) -> pd.DataFrame:
    """Where the heatmaps of each cluster lie in another clustering, a row a cluster.

    Parameters
    ----------
    flows : DataFrame
        Columns cluster, other, heatmaps, share; see ``Lab.compare_clusterings``.
    names, other_names : mapping of int to str
        Names that clusters have, on either side.

    Returns
    -------
    DataFrame
        Cluster, Heatmaps in both, Mostly in, Share (0 to 1), Others; by cluster.
    """
    rows = []
    for cluster, own in flows.groupby("cluster", sort=True):
        places = own.sort_values(["heatmaps", "other"], ascending=[False, True])
        named = [label_of(int(one), other_names.get(int(one))) for one in places["other"]]
        rest = [
            f"{name} ({percent(share)})"
            for name, share in list(zip(named, places["share"], strict=True))[1 : MOST + 1]
        ]
        more = len(places) - 1 - len(rest)
        rows.append(
            {
                "Cluster": label_of(int(cluster), names.get(int(cluster))),
                "Heatmaps in both": int(places["heatmaps"].sum()),
                "Mostly in": named[0],
                "Share": round(float(places["share"].iloc[0]), 2),
                "Others": ", ".join(rest) + (f" and {more} more" if more else ""),
            }
        )
    columns = ["Cluster", "Heatmaps in both", "Mostly in", "Share", "Others"]
    return pd.DataFrame(rows, columns=columns)


def change_table(matches: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """What each cluster was before: Cluster, Before, Same heatmaps (0 to 1); by cluster."""

    def before(row) -> str:
        if not known(row.earlier_cluster):
            return "new"
        return f"{int(row.earlier_cluster)}" + ("" if continues(row.overlap) else " in part")

    return pd.DataFrame(
        [
            {
                "Cluster": label_of(int(row.cluster), names.get(int(row.cluster))),
                "Before": before(row),
                "Same heatmaps": round(row.overlap, 2) if known(row.earlier_cluster) else None,
            }
            for row in matches.itertuples()
        ],
        columns=["Cluster", "Before", "Same heatmaps"],
    )


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
