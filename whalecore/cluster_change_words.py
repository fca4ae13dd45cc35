"""What became of clusters in another clustering, in sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from whalecore.cluster_words import label_of
from whalecore.clusters.matching import continues, merges, splits
from whalecore.plain_words import MOST, known, listed, percent

Flows = Sequence[Sequence[int]]
"""Rows of cluster, cluster of another clustering, heatmaps that lie in both."""


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
    now, then = _labels(flows)
    joined, parted = merges(then, now), splits(then, now)
    # What is part of one before is not new, and what went into another one is not gone.
    pieces = {piece for one in parted for piece in one.clusters}
    merged = {cluster for one in joined for cluster in one.clusters}
    unmatched = matches["cluster"][matches["earlier_cluster"].isna()]
    new = [one for one in unmatched if one not in pieces]
    gone = sorted(set(range(1, earlier_clusters + 1)) - set(before) - merged)
    if new:
        sentences.append(f"New: {listed(new)}.")
    if gone:
        sentences.append(f"Gone, as they were numbered before: {listed(gone)}.")
    sentences += [
        f"Most of {listed(sorted(one.clusters))}, as they were numbered before, came together in "
        f"{one.cluster}."
        for one in joined
    ]
    sentences += [
        f"Cluster {one.cluster}, as it was numbered before, came apart into "
        f"{listed(sorted(one.clusters))}."
        for one in parted
    ]
    return sentences


def change_table(
    matches: pd.DataFrame, names: Mapping[int, str], flows: Flows = ()
) -> pd.DataFrame:
    """What each cluster was before: Cluster, Before, Same heatmaps (0 to 1); by cluster.

    Parameters
    ----------
    matches, flows
        As of `change_words`.
    names : mapping of int to str
        Names that clusters have.
    """
    now, then = _labels(flows)
    part_of = {piece: one.cluster for one in splits(then, now) for piece in one.clusters}

    def before(row) -> str:
        if not known(row.earlier_cluster):
            return f"part of {part_of[row.cluster]}" if row.cluster in part_of else "new"
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


def _labels(flows: Flows) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of the heatmaps that both clusterings hold, in the one and in the other."""
    table = np.asarray(flows, int).reshape(-1, 3)
    labels, others = (np.repeat(table[:, side], table[:, 2]) for side in (0, 1))
    return labels, others
