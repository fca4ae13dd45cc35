"""Clusters that continue earlier ones: they stay where they were, and keep names and notes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from whalecore.clusters.affinity import SigmaChoice, SigmaTrial
from whalecore.clusters.clustering import Earlier
from whalecore.clusters.matching import continues, match_clusters
from whalecore.errors import LabError
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapSet

HEATMAP = ["photo_id", "individual"]
"""What a heatmap is of, whichever model made it."""

KEPT = "kept from the clustering before, where it was: "
"""How the rule begins by which a sigma was chosen that is kept."""

ASKED = {"clusters": None, "sigma": None, "seed": 0, "mode": "auto"}
"""What must be asked for in the same way for clusters to be continued, and what it is where an
older clustering does not say it."""

LEAST_SHARED = 0.5
"""Share of the heatmaps that must have been there before for their clusters to be continued."""


@dataclass(frozen=True, eq=False)
class Before:
    """A clustering of the same kind of heatmaps, made before.

    Attributes
    ----------
    clustering_id : str
    labels : ndarray of shape (heatmaps,), int
        Cluster in it of each of the heatmaps that are clustered now; 0 for new ones.
    same_model : bool
        Whether the heatmaps it shares were made by the same model.
    """

    clustering_id: str
    labels: np.ndarray
    same_model: bool


def clustering_before(
    lab: Lab,
    heatmaps: HeatmapSet,
    maps: str,
    representation: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> Before | None:
    """The clustering of the same kind of heatmaps, in use last, that shares some of them.

    One that was asked for in the same way comes first, then one with the same wanted number of
    clusters. A heatmap of another model counts as the same where photo and individual are the same.

    Parameters
    ----------
    heatmaps : HeatmapSet
        Those that are clustered now.
    maps : str
        ``correct`` or ``top5``.
    representation : mapping
        As in the column of that name.
    asked : mapping
        What the new clustering is asked for, see `ASKED`.
    """
    same = []
    for row in lab.clusterings().to_dict("records"):
        # Clusterings of older versions have no representation, but always one part.
        try:
            kept = lab.representation(row["clustering_id"])
        except LabError:
            # One that cannot be read keeps no other from being continued.
            continue
        parts = [{"method": one.method, "settings": one.settings} for one in kept.parts]
        about = {"parts": parts, "signed": kept.signed, "aligned": kept.aligned}
        if row["ranks"] == maps and about == dict(representation):
            differs = _differs(row, asked)
            same.append(("clusters" in differs, bool(differs), row["clustering_id"]))
    now = pd.DataFrame(
        {
            "photo_id": heatmaps.photo_ids,
            "individual": heatmaps.individuals,
            "model_id": heatmaps.model_ids,
        }
    )
    for *_, clustering_id in sorted(same, key=lambda one: one[:2]):
        earlier = lab.assignments(clustering_id)[[*HEATMAP, "model_id", "cluster"]]
        both = now.merge(earlier, on=HEATMAP, how="left", suffixes=("", "_earlier"))
        there = both["cluster"].notna()
        if there.any():
            return Before(
                clustering_id,
                both["cluster"].fillna(0).to_numpy(int),
                bool((both["model_id"] == both["model_id_earlier"])[there].all()),
            )
    return None


def start_of(lab: Lab, before: Before | None, asked: Mapping[str, Any]) -> Earlier | None:
    """Where a clustering starts that continues the one before; None where it starts anew.

    It continues heatmaps of the same model that are at least half of those to be clustered, where
    number of clusters, sigma, seed and mode were asked for in the same way: whoever gives another
    seed wants to see what becomes of the clusters without those that are there.

    Parameters
    ----------
    asked : mapping
        What the new clustering is asked for, see `ASKED`.
    """
    if before is None or not before.same_model:
        return None
    (row,) = lab.rows("clusterings", clustering_id=before.clustering_id)
    if (
        asked["clusters"] == "auto"
        or _differs(row, asked)
        or (before.labels > 0).mean() < LEAST_SHARED
    ):
        return None
    sweep = tuple(SigmaTrial(**trial) for trial in json.loads(row["sigma_sweep"] or "[]"))
    rule = _asked(row).get("sigma_rule", "").removeprefix(KEPT)
    return Earlier(before.labels, SigmaChoice(row["sigma"], KEPT + rule, sweep))


def number_kept(lab: Lab, before: Before, wanted: int, most: int) -> int:
    """How many clusters a clustering has that continues the one before.

    While there are too few heatmaps for as many as are wanted, the number stays as it was, if that
    is allowed: with every few photos that are added it would grow by one, and every cluster would
    move.

    Parameters
    ----------
    wanted : int
    most : int
        So many are allowed by the number of heatmaps.
    """
    (row,) = lab.rows("clusterings", clustering_id=before.clustering_id)
    own = _asked(row).get("number", row["clusters"])
    return own if 2 <= own <= most < wanted else min(wanted, most)


def made_before(lab: Lab, key: str) -> str | None:
    """The clustering of the same heatmaps and settings, in use last, whatever it continues."""
    for row in lab.clusterings().to_dict("records"):
        # One that continues nothing, and any of older versions, has the key as its id.
        if key in (row["clustering_id"], _asked(row).get("key")):
            return row["clustering_id"]
    return None


def continuing(key: str, earlier_id: str, clusters: int) -> str:
    """Id of a clustering that starts from an earlier one: another start, another id.

    So a clustering that was cut off, and starts from another one when it is asked for again,
    does not mix with what the first attempt left.

    Parameters
    ----------
    key : str
        Of its heatmaps and settings, such as ``top5-k30-0123456789``.
    clusters : int
        That it is made of.
    """
    maps = key.partition("-")[0]
    return f"{maps}-k{clusters}-{hashlib.sha256(f'{key} {earlier_id}'.encode()).hexdigest()[:10]}"


def take_over(lab: Lab, clustering_id: str, before: Before, labels: np.ndarray) -> None:
    """Write which earlier clusters the new ones continue, and take over their names and notes.

    Only a cluster that continues an earlier one wholly, see `whalecore.clusters.matching`, takes
    over what was said of it, and a family only where all its clusters do.

    Parameters
    ----------
    labels : ndarray of shape (heatmaps,), int
        The new clusters.
    """
    there = before.labels > 0
    found = {one.cluster: one for one in match_clusters(labels[there], before.labels[there])}
    rows, names, becomes = [], [], {}
    earlier_id = before.clustering_id
    known = {row["cluster"]: row for row in lab.rows("cluster_names", clustering_id=earlier_id)}
    for cluster in range(1, int(labels.max()) + 1):
        # A cluster of nothing but new heatmaps shares none with any earlier one.
        match = found.get(cluster)
        earlier = None if match is None else match.earlier
        key = {"clustering_id": clustering_id, "cluster": cluster}
        rows.append(
            {
                **key,
                "earlier_id": earlier_id,
                "earlier_cluster": earlier,
                "shared": 0 if match is None else match.shared,
                "overlap": 0.0 if match is None else match.overlap,
            }
        )
        if earlier is not None and continues(match.overlap):
            becomes[earlier] = cluster
            if earlier in known:
                names.append({**known[earlier], **key})
    lab.write("cluster_matches", rows)
    lab.write("cluster_names", names)
    lab.write("family_names", _families(lab, earlier_id, clustering_id, becomes))


def _families(
    lab: Lab, earlier_id: str, clustering_id: str, becomes: Mapping[int, int]
) -> list[dict]:
    """The named families of which every cluster goes on, by the clusters' new numbers."""
    rows = []
    for row in lab.rows("family_names", clustering_id=earlier_id):
        before = [int(number) for number in row["clusters"].split()]
        if row["name"] and all(number in becomes for number in before):
            now = " ".join(map(str, sorted(becomes[number] for number in before)))
            rows.append({**row, "clustering_id": clustering_id, "clusters": now})
    return rows


def _differs(row: Mapping[str, Any], asked: Mapping[str, Any]) -> set[str]:
    """What a clustering was asked for in another way."""
    was = _asked(row)
    return {name for name, usual in ASKED.items() if was.get(name, usual) != asked.get(name, usual)}


def _asked(row: Mapping[str, Any]) -> dict:
    """What a clustering was asked for; nothing where that cannot be read."""
    try:
        return dict(json.loads(row["settings"] or "{}"))
    except (ValueError, TypeError):
        return {}
