"""Clusters that continue earlier ones keep their names and notes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from whalecore.clusters.matching import match_clusters
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapSet

KEY = ["model_id", "photo_id", "individual"]


def earlier_clustering(
    lab: Lab, maps: str, representation: Mapping[str, Any], clusters: int | str
) -> str | None:
    """The newest clustering of the same kind of heatmaps: what a new one continues.

    One that was made with the same wanted number of clusters comes first.

    Parameters
    ----------
    maps : str
        ``correct`` or ``top5``.
    representation : mapping
        As in the column of that name.
    clusters : int or 'auto'
        The number that is asked for, before it is lowered.

    Returns
    -------
    str or None
        Its id.
    """
    same = []
    for row in lab.clusterings().to_dict("records"):
        # Clusterings of older versions have no representation, but always one part.
        kept = lab.representation(row["clustering_id"])
        parts = [{"method": one.method, "settings": one.settings} for one in kept.parts]
        about = {"parts": parts, "signed": kept.signed, "aligned": kept.aligned}
        if row["ranks"] == maps and about == dict(representation):
            asked = json.loads(row["settings"] or "{}").get("clusters")
            same.append((asked != clusters, row["clustering_id"]))
    return min(same, key=lambda one: one[0])[1] if same else None


def take_over(lab: Lab, clustering_id: str, earlier_id: str, heatmaps: HeatmapSet, labels) -> None:
    """Write which earlier clusters the new ones continue, and take over their names and notes.

    Parameters
    ----------
    heatmaps : HeatmapSet
        The heatmaps of the new clustering.
    labels : ndarray of shape (heatmaps,), int
        Their clusters.
    """
    new = pd.DataFrame(
        {
            "model_id": heatmaps.model_ids,
            "photo_id": heatmaps.photo_ids,
            "individual": heatmaps.individuals,
            "cluster": labels,
        }
    )
    earlier = lab.assignments(earlier_id)[[*KEY, "cluster"]]
    both = new.merge(earlier, on=KEY, suffixes=("", "_earlier"))
    found = {
        one.cluster: one
        for one in match_clusters(both["cluster"].to_numpy(), both["cluster_earlier"].to_numpy())
    }
    rows, names = [], []
    known = {row["cluster"]: row for row in lab.rows("cluster_names", clustering_id=earlier_id)}
    for cluster in range(1, int(labels.max()) + 1):
        # A cluster of nothing but new heatmaps shares none with any earlier one.
        match = found.get(cluster)
        continues = None if match is None else match.earlier
        key = {"clustering_id": clustering_id, "cluster": cluster}
        rows.append(
            {
                **key,
                "earlier_id": earlier_id,
                "earlier_cluster": continues,
                "shared": 0 if match is None else match.shared,
                "overlap": 0.0 if match is None else match.overlap,
            }
        )
        if continues in known:
            names.append({**known[continues], **key})
    lab.write("cluster_matches", rows)
    lab.write("cluster_names", names)
