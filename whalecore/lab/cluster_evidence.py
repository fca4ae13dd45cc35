"""What the cluster of a photo's first heatmap says about the photo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from whalecore.clusters.placing import assign
from whalecore.lab.grids import StoredHeatmap
from whalecore.reliability.metrics import wilson_interval
from whalecore.types import ClusterEvidence

if TYPE_CHECKING:
    from whalecore.clusters.clustering import Clustering
    from whalecore.lab.lab import Lab

UPLOADED = re.compile(r"uploads/[0-9a-f]{16}\.[a-z]{3,4}")
"""Path of a photo that was uploaded; as in the view ``cluster_correctness``."""


def cluster_evidence(
    lab: Lab, clustering_id: str, clustering: Clustering, described: Sequence[StoredHeatmap]
) -> ClusterEvidence:
    """How often other photos were identified rightly whose first heatmap fell into the cluster.

    `described` are the maps of the first candidate that describe its heatmap together. A cluster
    without any first candidates says nothing: the share over all clusters stands in, with the
    whole range as its interval and no heatmaps behind it.
    """
    stacks = [np.asarray(one.values)[None] for one in described]
    placement = assign(clustering, stacks)
    number, first = placement.cluster, described[0]
    table = lab.rows("cluster_correctness", clustering_id=clustering_id)
    counts = {row["cluster"]: _counts(row) for row in table}
    same = {"photo_id": first.photo_id, "individual": first.individual, "model_id": first.model_id}
    own = lab.rows("assignments", clustering_id=clustering_id, **same)
    membership, unlike = placement.membership, placement.unlike
    if own:
        # The photo is in the lab: what was found without its own heatmaps counts.
        number, membership = own[0]["cluster"], own[0]["membership"]
        unlike = bool(own[0]["unlike"])
    identified, right = counts.get(number, (0, 0))
    scored = lab.rows("scores", rank=1, **same)
    if own and scored and _counts_as_identified(lab, first.photo_id):
        identified, right = identified - 1, right - int(scored[0]["is_reference"])
    mean_score = next((row["mean_score"] for row in table if row["cluster"] == number), 0.0)
    if identified > 0:
        low, high = wilson_interval(right, identified)
        share = right / identified
        row = next(row for row in table if row["cluster"] == number)
        mean_score = row["identified_score"]
    else:
        total = sum(count for count, _ in counts.values())
        share = sum(hits for _, hits in counts.values()) / total if total else 0.0
        low, high = 0.0, 1.0
    facts = lab.rows("clusters", clustering_id=clustering_id, cluster=number)
    return ClusterEvidence(
        number,
        share,
        low,
        high,
        mean_score,
        max(identified, 0),
        membership,
        unlike,
        facts[0]["stability"] if facts else None,
    )


def _counts_as_identified(lab: Lab, photo_id: str) -> bool:
    """Whether the view ``cluster_correctness`` holds a photo: not one uploaded without a name."""
    found = lab.rows("catalogue", photo_id=photo_id)
    return (
        not found
        or found[0]["individual"] is not None
        or UPLOADED.fullmatch(found[0]["path"]) is None
    )


def _counts(row: dict) -> tuple[int, int]:
    """First candidates of a cluster, and how many of them are right."""
    if not row["identified"]:
        return 0, 0
    return row["identified"], round(row["identified"] * row["identified_correct"])
