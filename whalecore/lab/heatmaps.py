"""The heatmaps of a lab and their clusters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from whalecore.errors import LabError
from whalecore.files import sha256_of
from whalecore.lab.core import LabCore
from whalecore.lab.grids import (
    COUNT_DOUBTFUL,
    OPTIONS,
    StoredHeatmap,
    one_heatmap,
    one_unfinished,
    stacked_heatmaps,
)
from whalecore.lab.values import file_name, settings_key
from whalecore.types import HeatmapSet, HeatmapSettings, OcclusionSettings

if TYPE_CHECKING:
    from whalecore.clusters.spectral import Clustering


class LabHeatmaps(LabCore):
    """The part of a lab that knows its heatmaps and clusterings."""

    def heatmap(
        self,
        model_id: str,
        photo_id: str,
        individual: str,
        method: str,
        settings: str | HeatmapSettings,
    ) -> StoredHeatmap | None:
        """One heatmap of the photo's present crop, or None when it is not computed."""
        key = (model_id, photo_id, individual, method, settings_key(settings))
        return one_heatmap(self._database, key)

    def unfinished_heatmap(
        self, model_id: str, photo_id: str, individual: str, settings: str | OcclusionSettings
    ) -> StoredHeatmap | None:
        """An occlusion map that was stopped, interpolated where it is not computed, or None."""
        key = (model_id, photo_id, individual, "osm", settings_key(settings))
        return one_unfinished(self._database, key)

    def heatmap_options(self, photo_id: str) -> pd.DataFrame:
        """What is computed for a photo: model_id, method, settings, rank, individual, score."""
        return self._database.frame(OPTIONS, [photo_id])

    def heatmaps(
        self,
        model_id: str | None = None,
        method: str = "osm",
        settings: str | HeatmapSettings | None = None,
        ranks: Sequence[int] | None = None,
        correct_only: bool = False,
        least_correlation: float | None = None,
    ) -> HeatmapSet:
        """Heatmaps of the photos in the catalogue, stacked.

        Parameters
        ----------
        model_id : str, optional
            By default the newest model of each fold.
        settings : str or settings, optional
            By default those with the most heatmaps.
        ranks : sequence of int, optional
            Only these ranks.
        correct_only : bool
            Only correct assignments: the heatmap's individual is the reference.
        least_correlation : float, optional
            Fast heatmaps whose correlation is below it, or not known, are left out.

        Raises
        ------
        LabError
            When there are none.
        """
        key = settings_key(settings)
        return stacked_heatmaps(
            self._database, model_id, method, key, ranks, correct_only, least_correlation
        )

    def count_doubtful(
        self, settings: str | HeatmapSettings | None, correct_only: bool, least_correlation: float
    ) -> int:
        """Fast heatmaps that ``least_correlation`` keeps out of `heatmaps`."""
        key = settings_key(settings)
        return self._database.rows(COUNT_DOUBTFUL, [key, bool(correct_only), least_correlation])[0][
            0
        ]

    def clusterings(self) -> pd.DataFrame:
        """Clusterings of this lab, the newest first."""
        return self._database.frame(
            "SELECT * EXCLUDE (sequence) FROM clusterings ORDER BY made_at DESC, clustering_id"
        )

    def newest_clustering(
        self, model_id: str | None = None, ranks: str | None = None
    ) -> str | None:
        """Id of the clustering made last (of a model or a choice of heatmaps), or None."""
        sql = """SELECT clustering_id FROM clusterings
                 WHERE ($1 IS NULL OR model_id = $1) AND ($2 IS NULL OR ranks = $2)
                 ORDER BY made_at DESC, clustering_id LIMIT 1"""
        found = self._database.rows(sql, [model_id, ranks])
        return found[0][0] if found else None

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
        from whalecore.clusters.assignment import load_clustering

        path = self.clustering_path(clustering_id)
        sql = "SELECT arrays_sha256 FROM clusterings WHERE clustering_id = $1"
        found = self._database.rows(sql, [clustering_id])
        damaged = path.is_file() and found and found[0][0] not in (None, sha256_of(path))
        if not path.is_file() or damaged:
            raise LabError(
                f"The file {path} is {'damaged' if damaged else 'missing'}: restore it from a copy "
                "of the lab, or cluster again with 'python -m whalecore cluster'."
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
        self, clustering_id: str, cluster: int, limit: int | None = None, offset: int = 0
    ) -> pd.DataFrame:
        """Heatmaps of a cluster with score and photo, the most typical first."""
        sql = """SELECT a.*, s.rank, s.score, s.is_reference, p.name, p.path,
                        p.individual AS reference
                 FROM assignments a
                 JOIN scores s USING (model_id, photo_id, individual)
                 LEFT JOIN photos p USING (photo_id)
                 WHERE a.clustering_id = $1 AND a.cluster = $2
                 ORDER BY a.membership DESC NULLS LAST, a.photo_id, s.rank
                 LIMIT $3 OFFSET $4"""
        return self._database.frame(sql, [clustering_id, int(cluster), limit, int(offset)])
