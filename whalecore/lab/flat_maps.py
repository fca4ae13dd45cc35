"""The map of a clustering's heatmaps, with what is known of each heatmap on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from whalecore.clusters.clustering import Clustering
from whalecore.clusters.flat_map import (
    FlatMap,
    arranged_map,
    broad_map,
    load_flat_map,
    save_flat_map,
)
from whalecore.clusters.modes import compared
from whalecore.errors import CheckpointError, LabError
from whalecore.lab.lab import Lab
from whalecore.lab.values import file_name
from whalecore.terminal import lab_option

# In the order in which heatmaps are clustered; with the rank that a heatmap had then, because
# that order follows it.
PLACES = """
WITH ranks AS (
    SELECT model_id, photo_id, individual, h.method, h.settings, coalesce(
        arg_max(h.rank, h.sequence) FILTER (h.sequence < a.sequence),
        arg_max(h.rank, h.sequence)
    ) AS rank_then
    FROM heatmaps_rows h
    JOIN assignments_newest a USING (model_id, photo_id, individual)
    WHERE a.clustering_id = $1 AND h.method = a.method AND h.settings = a.settings
    GROUP BY ALL
)
SELECT a.model_id, a.photo_id, a.individual, a.method, a.settings, a.cluster
FROM assignments_newest a
LEFT JOIN ranks r USING (model_id, photo_id, individual, method, settings)
WHERE a.clustering_id = $1
ORDER BY a.photo_id, r.rank_then, a.model_id
"""

FACTS = """
SELECT a.model_id, a.photo_id, a.individual, s.rank, s.score, s.is_reference,
    p.name, p.path, p.catalogue_individual AS reference
FROM assignments a
JOIN scores s USING (model_id, photo_id, individual)
LEFT JOIN photos p USING (photo_id)
WHERE a.clustering_id = $1
"""

KEY = ["model_id", "photo_id", "individual"]


@dataclass(frozen=True, eq=False)
class LabMap:
    """A map of heatmaps.

    Attributes
    ----------
    heatmaps : DataFrame
        ``x`` and ``y`` (0 to 1), key, ``cluster``, ``rank``, ``score``, ``is_reference``,
        ``name``, ``path`` and ``reference`` of each heatmap on it.
    clustered : int
        Heatmaps that were clustered; more than are shown where a sample was drawn.
    arranged : bool
        As of `FlatMap`.
    """

    heatmaps: pd.DataFrame
    clustered: int
    arranged: bool


def lab_map(lab: Lab, clustering_id: str) -> LabMap:
    """The map of a clustering: the arranged one where it was kept, else the one made at once.

    Raises
    ------
    LabError
        When the clustering's file is missing, or it cannot be told which heatmap is which.
    """
    clustering = lab.clustering(clustering_id)
    path, count = map_path(lab, clustering_id), len(clustering.points)
    try:
        flat = load_flat_map(path, count)
    except CheckpointError:
        # Not arranged yet, or damaged: the reader is offered to have it arranged.
        flat = broad_map(clustering)
    places = lab._database.frame(PLACES, [clustering_id])
    kept = _compared(lab, clustering_id, clustering)
    # The same clusters in the same order: each row is the heatmap that it is taken for.
    if len(places) != len(clustering.labels) or (places["cluster"] != clustering.labels).any():
        raise LabError(
            "The heatmaps of this clustering changed since it was made, so that they cannot be "
            "found on its map: cluster again with "
            f"'python -m whalecore cluster {lab_option(lab.folder)}'."
        )
    shown = places.iloc[kept[flat.kept]].assign(x=flat.x, y=flat.y)
    facts = lab._database.frame(FACTS, [clustering_id])
    # Heatmaps of photos whose crop changed since are left out.
    known = shown.merge(facts, on=KEY, how="inner")
    return LabMap(known, len(clustering.labels), flat.arranged)


def keep_arranged_map(lab: Lab, clustering_id: str) -> FlatMap:
    """Arrange the map of a clustering and keep it; takes up to a minute.

    Raises
    ------
    LabError
        When the clustering's file is missing, somebody else is arranging it, or it cannot be kept.
    """
    with lab.claim(f"map-{file_name(clustering_id)}"):
        flat = arranged_map(lab.clustering(clustering_id))
        try:
            save_flat_map(flat, map_path(lab, clustering_id))
        except OSError as reason:
            raise LabError(
                f"The arranged map could not be kept ({reason.strerror or reason}): check the "
                f"space and permissions of {lab.folder}, then try again."
            ) from reason
    return flat


def map_path(lab: Lab, clustering_id: str) -> Path:
    """File that holds the arranged map of a clustering."""
    return lab.folder / "clusterings" / f"{file_name(clustering_id)}.map"


def _compared(lab: Lab, clustering_id: str, clustering: Clustering) -> np.ndarray:
    """Places among the clustered heatmaps of those that the clustering keeps points of."""
    (row,) = lab.rows("clusterings", clustering_id=clustering_id)
    seed = json.loads(row["settings"] or "{}").get("seed", 0)
    kept = compared(len(clustering.labels), clustering.mode, int(seed))
    if len(kept) != len(clustering.points):
        raise LabError(
            "This clustering was made by another version of whalecore, so that its heatmaps "
            "cannot be found on a map: cluster again with "
            f"'python -m whalecore cluster {lab_option(lab.folder)}'."
        )
    return kept
