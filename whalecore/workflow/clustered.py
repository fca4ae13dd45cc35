"""What there is to say about a clustering when it is made: mode, what it continues, warnings."""

from __future__ import annotations

import json

from whalecore.clusters.spectral import BYTES_PER_PAIR
from whalecore.lab.lab import Lab


def describe_clustering(lab: Lab, clustering_id: str) -> dict:
    """What ``cluster --json`` says about a clustering.

    Returns
    -------
    dict
        ``id``, ``maps``, ``heatmaps``, ``clusters``, ``mode`` with ``mode_asked``, ``sigma``,
        ``stability``, ``matched_to``, ``started_from_it`` (whether its sigma was kept and its
        clusters were the start), ``continued`` and ``new`` (numbers of clusters),
        ``unstable`` (numbers of clusters), ``warnings`` (by cluster), ``calibrated`` (whether
        verdicts follow from it).
    """
    (row,) = lab.rows("clusterings", clustering_id=clustering_id)
    facts = lab.cluster_facts(clustering_id)
    matches = lab.cluster_matches(clustering_id)
    asked = json.loads(row["settings"] or "{}")
    is_continued = matches["earlier_cluster"].notna()
    return {
        "id": clustering_id,
        "maps": row["ranks"],
        "heatmaps": row["heatmaps"],
        "clusters": row["clusters"],
        "mode": row["mode"],
        "mode_asked": asked.get("mode", "auto"),
        "sigma": row["sigma"],
        "stability": row["stability"],
        "matched_to": row["matched_to"],
        "started_from_it": asked.get("continued", False),
        "continued": matches["cluster"][is_continued].tolist(),
        "new": matches["cluster"][~is_continued].tolist(),
        "unstable": facts["cluster"][facts["unstable"]].tolist(),
        "warnings": {
            str(one.cluster): list(one.warnings) for one in facts.itertuples() if one.warnings
        },
        "calibrated": row["ranks"] != "top5"
        or lab.rules(lab.newest_model_id(), clustering_id) is not None,
    }


def spoken_clustering(about: dict) -> list[str]:
    """The object that `describe_clustering` gives, as sentences for a person."""
    name, count = about["id"], about["heatmaps"]
    table = count * count * BYTES_PER_PAIR
    size = f"{table / 1e9:.1f} GB" if table >= 1e9 else f"{max(1, round(table / 1e6))} MB"
    why = {
        ("exact", "auto"): f"the table of all pairs takes {size}",
        ("scale", "auto"): f"the table of all pairs would take {size}",
    }.get((about["mode"], about["mode_asked"]), "as asked for")
    lines = [
        f"{name}: {about['clusters']} clusters of {count} heatmaps in the {about['mode']} mode "
        f"({why})."
    ]
    if about["matched_to"]:
        new = f"; new: {_numbers(about['new'])}" if about["new"] else ""
        if about["started_from_it"]:
            lines.append(
                f"{name}: kept sigma {about['sigma']:.3g} and started from the clusters of "
                f"{about['matched_to']}, so that they stay where they were; --anew starts from "
                "chance."
            )
        lines.append(
            f"{name}: {len(about['continued'])} of {about['clusters']} clusters continue one of "
            f"{about['matched_to']} and keep its name and note{new}."
        )
    if about["unstable"]:
        lines.append(
            f"{name}: unstable, do not rely on their figures: clusters "
            f"{_numbers(about['unstable'])}. With fewer --clusters more of them would hold."
        )
    for cluster, warnings in about["warnings"].items():
        lines += [f"{name}, cluster {cluster}: {warning}" for warning in warnings]
    if not about["calibrated"]:
        lines.append(
            f"{name}: verdicts do not follow from these clusters yet: give the command calibrate."
        )
    return lines


def _numbers(clusters: list[int]) -> str:
    return ", ".join(map(str, clusters))
