"""What there is to say about a clustering when it is made: mode, what it continues, warnings."""

from __future__ import annotations

import json

from whalecore.clustering_words import lopsided_words, noise_words, number_words
from whalecore.clusters.matching import continues
from whalecore.clusters.modes import BYTES_PER_PAIR, EXACT_MOST
from whalecore.lab.lab import Lab
from whalecore.plain_words import known


def describe_clustering(lab: Lab, clustering_id: str) -> dict:
    """What ``cluster --json`` says about a clustering.

    Returns
    -------
    dict
        ``id``, ``maps``, ``heatmaps``, ``clusters`` with ``clusters_asked`` (a number, ``auto``, or
        None where that is not known), ``by_landmarks`` (whether ``auto`` took their eigenvalues),
        ``mode`` with ``mode_asked``, ``sigma``, ``stability`` with ``noise_stability`` (what as
        many clusters of noise reach; None where it was not measured) and ``lopsided`` (a sentence
        where nothing was divided), ``matched_to``, ``kept_sigma`` and ``started_from_it``
        (whether its sigma was kept, and whether its clusters were the start),
        ``continued``, ``partly`` and ``new`` (numbers of clusters), ``unstable`` (numbers of
        clusters), ``warnings`` (by cluster), ``calibrated`` (whether verdicts follow from it).
    """
    (row,) = lab.rows("clusterings", clustering_id=clustering_id)
    facts = lab.cluster_facts(clustering_id)
    matches = lab.cluster_matches(clustering_id)
    asked = json.loads(row["settings"] or "{}")
    matched = matches["earlier_cluster"].notna()
    whole = matched & continues(matches["overlap"])
    kept_sigma = asked.get("continued", False)
    return {
        "id": clustering_id,
        "maps": row["ranks"],
        "heatmaps": row["heatmaps"],
        "clusters": row["clusters"],
        "clusters_asked": asked.get("clusters"),
        "by_landmarks": asked.get("by_landmarks", False),
        "mode": row["mode"],
        "mode_asked": asked.get("mode", "auto"),
        "sigma": row["sigma"],
        "stability": row["stability"],
        "noise_stability": row["noise_stability"],
        "lopsided": lopsided_words(facts["heatmaps"].tolist()),
        "matched_to": row["matched_to"],
        "kept_sigma": kept_sigma,
        "started_from_it": asked.get("started", kept_sigma),
        "continued": matches["cluster"][whole].tolist(),
        "partly": matches["cluster"][matched & ~whole].tolist(),
        "new": matches["cluster"][~matched].tolist(),
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
    short = ", and too little memory was free" if count <= EXACT_MOST else ""
    why = {
        ("exact", "auto"): f"the table of all pairs takes {size}",
        ("scale", "auto"): f"the table of all pairs would take {size}{short}",
    }.get((about["mode"], about["mode_asked"]), "as asked for")
    lines = [
        f"{name}: {about['clusters']} clusters of {count} heatmaps in the {about['mode']} mode "
        f"({why})."
    ]
    number = number_words(about["clusters_asked"], about["clusters"], count, about["by_landmarks"])
    if number:
        lines.append(f"{name}: {number}")
    if about["matched_to"]:
        lines += _continued(about)
    if known(about["stability"]) and known(about["noise_stability"]):
        lines.append(f"{name}: {noise_words(about['stability'], about['noise_stability'])}")
    if about["lopsided"]:
        lines.append(f"{name}: {about['lopsided']}")
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


def _continued(about: dict) -> list[str]:
    """What became of the clustering before."""
    name, before = about["id"], about["matched_to"]
    partly = f"; only in part: {_numbers(about['partly'])}" if about["partly"] else ""
    new = f"; new: {_numbers(about['new'])}" if about["new"] else ""
    lines = []
    if about["started_from_it"]:
        lines.append(
            f"{name}: kept sigma {about['sigma']:.3g} and started from the clusters of {before}, "
            "so that they stay where they were; --anew starts from chance."
        )
    elif about["kept_sigma"]:
        lines.append(
            f"{name}: kept sigma {about['sigma']:.3g} of {before}, but started from chance, "
            "because the number of clusters is another one or not all are there any more."
        )
    lines.append(
        f"{name}: {len(about['continued'])} of {about['clusters']} clusters continue one of "
        f"{before} and keep its name and note{partly}{new}."
    )
    return lines


def _numbers(clusters: list[int]) -> str:
    return ", ".join(map(str, clusters))
