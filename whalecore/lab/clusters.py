"""The clusters of a lab: what is known of them, what people call them, what became of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from whalecore.clusters.stability import UNSTABLE
from whalecore.errors import LabError
from whalecore.files import sha256_of
from whalecore.lab.core import LabCore
from whalecore.lab.said import LONGEST_PERSON, said
from whalecore.lab.values import file_name
from whalecore.terminal import lab_option
from whalecore.types import HeatmapPart, Representation

if TYPE_CHECKING:
    from whalecore.clusters.clustering import Clustering

CLUSTERINGS = """
SELECT * EXCLUDE (sequence), model_id IN (
    SELECT model_id FROM models
    QUALIFY row_number() OVER (PARTITION BY fold ORDER BY trained_at DESC, model_id) = 1
) AS present
FROM clusterings
ORDER BY coalesce(asked_at, made_at) DESC, clustering_id
"""

LONGEST_NAME = 80
"""Characters of a cluster's name; the rest belongs into its note."""

LONGEST_NOTE = 4000

SHARED = """
WITH pairs AS (
    SELECT a.cluster, b.cluster AS other, count(*) AS heatmaps
    FROM assignments a JOIN assignments b USING (photo_id, individual)
    WHERE a.clustering_id = $1 AND b.clustering_id = $2
    GROUP BY a.cluster, b.cluster
)
SELECT cluster, other, heatmaps, heatmaps / sum(heatmaps) OVER (PARTITION BY cluster) AS share
FROM pairs
ORDER BY cluster, heatmaps DESC, other
"""

MEMBERS = """
SELECT a.*, s.rank, s.score, s.is_reference, p.name, p.path, p.catalogue_individual AS reference,
    (s.score - avg(s.score) OVER ()) / nullif(stddev_pop(s.score) OVER (), 0) AS z
FROM assignments a
JOIN scores s USING (model_id, photo_id, individual)
LEFT JOIN photos p USING (photo_id)
WHERE a.clustering_id = $1 AND a.cluster = $2
ORDER BY {order} NULLS LAST, a.photo_id, s.rank
LIMIT $3 OFFSET $4
"""

ORDERS = {"typical": "a.membership DESC", "far": "abs(z) DESC"}
"""In which the heatmaps of a cluster come: the most typical first, or those whose score lies
farthest from the cluster's mean."""


class LabClusters(LabCore):
    """The part of a lab that knows its clusterings."""

    def clusterings(self) -> pd.DataFrame:
        """Clusterings of this lab, the one that was made or asked for last first.

        ``present`` says whether the heatmaps are those of the newest model of a fold.
        """
        return self._database.frame(CLUSTERINGS)

    def newest_clustering(
        self, model_id: str | None = None, ranks: str | None = None
    ) -> str | None:
        """Id of the clustering made or asked for last, of a model or a choice of heatmaps."""
        sql = """SELECT clustering_id FROM clusterings
                 WHERE ($1 IS NULL OR model_id = $1) AND ($2 IS NULL OR ranks = $2)
                 ORDER BY coalesce(asked_at, made_at) DESC, clustering_id LIMIT 1"""
        found = self._database.rows(sql, [model_id, ranks])
        return found[0][0] if found else None

    def usual_clustering(self) -> str | None:
        """Id of the clustering that says how reliable a new photo is, or None.

        Of those of all five candidates' heatmaps, made with the newest model of a fold, the one
        made or asked for last: the heatmaps of an older model look different, and were right as
        often as that model was.
        """
        sql = f"""SELECT clustering_id FROM ({CLUSTERINGS}) WHERE ranks = 'top5' AND present
                  ORDER BY coalesce(asked_at, made_at) DESC, clustering_id LIMIT 1"""
        found = self._database.rows(sql)
        return found[0][0] if found else None

    def use_clustering(self, clustering_id: str) -> None:
        """Put a clustering into use that was asked for again; nothing is written if it is.

        Raises
        ------
        LabError
            When there is no such clustering.
        """
        row = self._clustering_row(clustering_id)
        if self.newest_clustering(ranks=row["ranks"]) != clustering_id:
            self.write("clusterings", [{**row, "asked_at": datetime.now(UTC)}])

    def representation(self, clustering_id: str) -> Representation:
        """What describes a heatmap in a clustering: which maps, and how they are read.

        Raises
        ------
        LabError
            When there is no such clustering, or what describes its heatmaps cannot be read.
        """
        row = self._clustering_row(clustering_id)
        if row["representation"] is None:
            return Representation((HeatmapPart(row["method"], row["heatmap_settings"]),))
        try:
            about = json.loads(row["representation"])
            parts = tuple(HeatmapPart(one["method"], one["settings"]) for one in about["parts"])
            return Representation(parts, about["signed"], about["aligned"])
        except (ValueError, KeyError, TypeError) as reason:
            raise LabError(
                f"The clustering '{clustering_id}' does not say in a way that can be read which "
                "heatmaps it is made of: cluster the heatmaps again."
            ) from reason

    def clustering_path(self, clustering_id: str) -> Path:
        """File that holds a clustering's arrays."""
        return self.folder / "clusterings" / f"{file_name(clustering_id)}.safetensors"

    def clustering(self, clustering_id: str) -> Clustering:
        """The arrays of a clustering, checked against their checksum.

        Raises
        ------
        LabError
            When the file is missing or damaged.
        """
        from whalecore.clusters.storing import load_clustering

        path = self.clustering_path(clustering_id)
        sql = "SELECT arrays_sha256 FROM clusterings WHERE clustering_id = $1"
        found = self._database.rows(sql, [clustering_id])
        damaged = path.is_file() and found and found[0][0] not in (None, sha256_of(path))
        if not path.is_file() or damaged:
            raise LabError(
                f"The file {path} is {'damaged' if damaged else 'missing'}: restore it from a copy "
                "of the lab, or cluster again with "
                f"'python -m whalecore cluster {lab_option(self.folder)}'."
            )
        return load_clustering(path)

    def assignments(self, clustering_id: str) -> pd.DataFrame:
        """The cluster of every heatmap of a clustering."""
        sql = "SELECT * FROM assignments WHERE clustering_id = $1 ORDER BY photo_id, individual"
        return self._database.frame(sql, [clustering_id])

    def cluster_correctness(self, clustering_id: str) -> pd.DataFrame:
        """Per cluster: how often its heatmaps show the reference; see ``data/README.md``."""
        sql = "SELECT * FROM cluster_correctness WHERE clustering_id = $1 ORDER BY cluster"
        return self._database.frame(sql, [clustering_id])

    def cluster_members(
        self,
        clustering_id: str,
        cluster: int,
        limit: int | None = None,
        offset: int = 0,
        order: str = "typical",
    ) -> pd.DataFrame:
        """Heatmaps of a cluster with score and photo.

        Column ``z`` says how many standard deviations a score lies above the cluster's mean; it is
        missing where all scores of the cluster are the same.

        Parameters
        ----------
        order : str
            One of `ORDERS`.

        Raises
        ------
        LabError
            When the order is unknown.
        """
        if order not in ORDERS:
            raise LabError(
                f"The order '{order}' of heatmaps is unknown: choose {' or '.join(ORDERS)}."
            )
        sql = MEMBERS.format(order=ORDERS[order])
        return self._database.frame(sql, [clustering_id, int(cluster), limit, int(offset)])

    def cluster_facts(self, clustering_id: str) -> pd.DataFrame:
        """Per cluster: stability, what it rests on, warnings; columns of table ``clusters``.

        ``part_shares`` are dictionaries and ``warnings`` lists of sentences; ``unstable`` clusters
        have a stability below one half, so that more of their pairs part than stay together. No
        rows for a clustering that was made before these facts were kept.
        """
        sql = "SELECT * FROM clusters WHERE clustering_id = $1 ORDER BY cluster"
        found = self._database.frame(sql, [clustering_id])
        return found.assign(
            part_shares=[json.loads(text or "{}") for text in found["part_shares"]],
            warnings=[json.loads(text or "[]") for text in found["warnings"]],
            unstable=(found["stability"] < UNSTABLE).astype(bool),
        )

    def cluster_names(self, clustering_id: str) -> pd.DataFrame:
        """Names and notes of clusters: cluster, name, note, named_by, named_at.

        Only clusters that have a name or a note.
        """
        sql = """SELECT cluster, name, coalesce(note, '') AS note, named_by, named_at
                 FROM cluster_names
                 WHERE clustering_id = $1 AND (name <> '' OR coalesce(note, '') <> '')
                 ORDER BY cluster"""
        return self._database.frame(sql, [clustering_id])

    def name_cluster(
        self,
        clustering_id: str,
        cluster: int,
        name: str,
        note: str = "",
        named_by: str | None = None,
    ) -> None:
        """Name a cluster; clusterings to come take name and note over where a cluster continues.

        Parameters
        ----------
        name : str
            At most 80 characters; empty to take a name away.

        Raises
        ------
        LabError
            When there is no such cluster, or the name or the note is too long.
        """
        last = self._clustering_row(clustering_id)["clusters"]
        if not 1 <= cluster <= last:
            raise LabError(
                f"The clustering '{clustering_id}' has no cluster {cluster}: choose one from 1 to "
                f"{last}."
            )
        about = {
            "name": said(name, "cluster's name", LONGEST_NAME),
            "note": said(note, "note", LONGEST_NOTE, lines=True),
            "named_by": said(named_by, "name", LONGEST_PERSON) if named_by else None,
        }
        key = {"clustering_id": clustering_id, "cluster": int(cluster)}
        self.write("cluster_names", [{**key, **about}])

    def cluster_matches(self, clustering_id: str) -> pd.DataFrame:
        """Which earlier cluster each cluster continues: earlier_id, earlier_cluster, shared, ...

        ``earlier_cluster`` is missing where a cluster is new; no rows without a clustering before.
        """
        sql = "SELECT * FROM cluster_matches WHERE clustering_id = $1 ORDER BY cluster"
        found = self._database.frame(sql, [clustering_id])
        return found.assign(earlier_cluster=found["earlier_cluster"].astype("Int64"))

    def compare_clusterings(self, clustering_id: str, other: str) -> pd.DataFrame:
        """How the heatmaps of each cluster are spread over the clusters of another clustering.

        Returns
        -------
        DataFrame
            ``cluster``, ``other``, ``heatmaps`` (those in both, of whichever model), ``share`` (of
            the heatmaps of `cluster` that both clusterings hold); by cluster, the largest share
            first.
        """
        return self._database.frame(SHARED, [clustering_id, other])

    def _clustering_row(self, clustering_id: str) -> dict:
        found = self.rows("clusterings", clustering_id=clustering_id)
        if not found:
            raise LabError(
                f"The lab has no clustering '{clustering_id}': choose one of those that the page "
                "Clusters lists, or make one with "
                f"'python -m whalecore cluster {lab_option(self.folder)}'."
            )
        return found[0]
