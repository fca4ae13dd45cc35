"""The heatmaps of a lab."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from whalecore.lab.core import LabCore
from whalecore.lab.grids import (
    OPTIONS,
    StoredHeatmap,
    one_heatmap,
    one_unfinished,
)
from whalecore.lab.stacks import COUNT_DOUBTFUL, stacked_heatmaps
from whalecore.lab.values import settings_key
from whalecore.types import HeatmapPart, HeatmapSet, HeatmapSettings, OcclusionSettings


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
        part = (method, settings_key(settings))
        (found,) = stacked_heatmaps(
            self._database, [part], model_id, ranks, correct_only, least_correlation
        )
        return found

    def heatmap_parts(
        self,
        parts: Sequence[HeatmapPart],
        model_id: str | None = None,
        ranks: Sequence[int] | None = None,
        correct_only: bool = False,
        least_correlation: float | None = None,
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
            self._database, keys, model_id, ranks, correct_only, least_correlation
        )

    def count_doubtful(
        self, settings: str | HeatmapSettings | None, correct_only: bool, least_correlation: float
    ) -> int:
        """Fast heatmaps that ``least_correlation`` keeps out of `heatmaps`."""
        key = settings_key(settings)
        return self._database.rows(COUNT_DOUBTFUL, [key, bool(correct_only), least_correlation])[0][
            0
        ]
