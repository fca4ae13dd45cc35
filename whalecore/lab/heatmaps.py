"""The heatmaps of a lab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from whalecore.lab.core import LabCore
from whalecore.lab.grids import (
    OPTIONS,
    StoredHeatmap,
    one_heatmap,
    one_unfinished,
)
from whalecore.lab.stacks import COUNT_DOUBTFUL, count_incomplete, stacked_heatmaps
from whalecore.lab.values import settings_key
from whalecore.types import HeatmapPart, HeatmapSet, HeatmapSettings, OcclusionSettings

EXPLAINED = """
WITH said AS (
    SELECT s.photo_id, s.rank, h.individual IS NOT NULL AS explained,
           {'correct': coalesce(s.is_reference, false), 'score': s.score} AS answer,
           {'trained': coalesce(epoch(m.trained_at), 0), 'model_id': s.model_id} AS model
    FROM scores s
    LEFT JOIN (SELECT DISTINCT model_id, photo_id, individual FROM heatmaps) h
        USING (model_id, photo_id, individual)
    LEFT JOIN models m USING (model_id)
)
SELECT photo_id FROM said
GROUP BY photo_id HAVING bool_or(explained)
ORDER BY max_by(answer, model) FILTER (WHERE rank = 1) DESC NULLS LAST, photo_id
"""


class LabHeatmaps(LabCore):
    """The part of a lab that knows its heatmaps."""

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
        """What is computed for a photo: model_id, method, settings, rank, individual, score.

        And ``scored``: no for heatmaps that were asked for by name and count in nothing.
        """
        return self._database.frame(OPTIONS, [photo_id])

    def scored_heatmaps(self, columns: Sequence[str], **equal: Any) -> set[tuple]:
        """Keys of the heatmaps of scored candidates: all that is clustered, counted and judged.

        Parameters
        ----------
        columns : sequence of str
            Of table ``heatmaps``: what to return.
        **equal
            Only heatmaps whose columns have these values.

        Raises
        ------
        LabError
            When there is no such column.
        """
        names = ", ".join(f'"{column}"' for column in self._known("heatmaps", columns))
        tests, values = self._tests("heatmaps", equal)
        sql = f"SELECT DISTINCT {names} FROM scored_heatmaps{tests}"
        return set(self._database.rows(sql, values))

    def explained_photos(self) -> list[str]:
        """Photos that have heatmaps of scored candidates, the best one to begin with first.

        Those come first whose first candidate is right, and of these the ones that the newest
        model is surest of; the same for the others.
        """
        return [photo_id for (photo_id,) in self._database.rows(EXPLAINED)]

    def heatmaps(
        self,
        model_id: str | None = None,
        method: str = "osm",
        settings: str | HeatmapSettings | None = None,
        ranks: Sequence[int] | None = None,
        correct_only: bool = False,
        least_correlation: float | Literal["lab"] | None = "lab",
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
        least_correlation : float, "lab" or None
            Fast heatmaps whose correlation with the exact ones is below it, or not known, are left
            out: by default below the lab's limit. None, or 0, takes all.

        Raises
        ------
        LabError
            When there are none.
        """
        part = (method, settings_key(settings))
        (found,) = stacked_heatmaps(
            self._database, [part], model_id, ranks, correct_only, self._least(least_correlation)
        )
        return found

    def heatmap_parts(
        self,
        parts: Sequence[HeatmapPart],
        model_id: str | None = None,
        ranks: Sequence[int] | None = None,
        correct_only: bool = False,
        least_correlation: float | Literal["lab"] | None = "lab",
    ) -> tuple[HeatmapSet, ...]:
        """Several maps of each heatmap: one set a part, the same heatmaps in the same order.

        Parameters are those of `heatmaps`; what lacks one of the parts is left out.

        Raises
        ------
        LabError
            When no heatmap has all parts.
        """
        keys = [(part.method, part.settings) for part in parts]
        return stacked_heatmaps(
            self._database, keys, model_id, ranks, correct_only, self._least(least_correlation)
        )

    def count_incomplete(
        self,
        parts: Sequence[HeatmapPart],
        correct_only: bool = False,
        least_correlation: float | Literal["lab"] | None = "lab",
    ) -> int:
        """Heatmaps that `heatmap_parts` leaves out because they lack one of the parts."""
        keys = [(part.method, part.settings) for part in parts]
        return count_incomplete(
            self._database, keys, None, None, correct_only, self._least(least_correlation)
        )

    def _least(self, wanted: float | Literal["lab"] | None) -> float | None:
        return (self.info.least_correlation if wanted == "lab" else wanted) or None

    def count_doubtful(
        self, settings: str | HeatmapSettings | None, correct_only: bool, least_correlation: float
    ) -> int:
        """Fast heatmaps that ``least_correlation`` keeps out of `heatmaps`."""
        if not least_correlation:
            return 0
        choice = [settings_key(settings), bool(correct_only), least_correlation]
        return self._database.rows(COUNT_DOUBTFUL, choice)[0][0]
