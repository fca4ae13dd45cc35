"""Single heatmaps from the tables into arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whalecore.explain.interpolation import finest_level, interpolated
from whalecore.explain.phases import map_grid
from whalecore.lab.database import Database
from whalecore.types import Heatmap, settings_from_key

FIELDS = """photo_id, model_id, crop, individual, method, settings, rank, score, rows, cols,
    "values", engine, computed"""

THIS_ONE = """
WHERE model_id = $1 AND photo_id = $2 AND individual = $3 AND method = $4 AND settings = $5
"""

ONE = f"SELECT {FIELDS}, correlation, deviation FROM heatmaps {THIS_ONE}"

ONE_UNFINISHED = f"SELECT {FIELDS} FROM unfinished_heatmaps {THIS_ONE}"

OPTIONS = """
SELECT h.model_id, h.method, h.settings, h.rank, h.individual, h.score,
       coalesce(s.is_reference, false) AS is_reference, s.rank IS NOT NULL AS scored
FROM heatmaps h
LEFT JOIN scores s USING (model_id, photo_id, individual)
LEFT JOIN models m USING (model_id)
WHERE h.photo_id = $1
ORDER BY m.trained_at DESC NULLS LAST, h.model_id, h.method DESC, h.settings, h.rank
"""


@dataclass(frozen=True, eq=False)
class StoredHeatmap(Heatmap):
    """A heatmap of the lab, and how it came about.

    Attributes
    ----------
    engine : str or None
        What computed an occlusion map; None where that was not recorded.
    computed : int or None
        Positions that were computed; None where that was not recorded.
    correlation, deviation : float or None
        As of `whalecore.types.OcclusionMaps`.
    """

    engine: str | None = None
    computed: int | None = None
    correlation: float | None = None
    deviation: float | None = None


def heatmap_of(row: Mapping[str, Any]) -> StoredHeatmap:
    """A row of table ``heatmaps`` as a heatmap."""
    names = StoredHeatmap.__dataclass_fields__.keys() - {"values"}
    values = np.asarray(row["values"], dtype=np.float32).reshape(row["rows"], row["cols"])
    return StoredHeatmap(**{name: row.get(name) for name in names}, values=values)


def one_heatmap(database: Database, key: Sequence[str]) -> StoredHeatmap | None:
    """The heatmap of (model, photo, individual, method, settings), or None."""
    found = database.arrow(ONE, key).to_pylist()
    return heatmap_of(found[0]) if found else None


def one_unfinished(database: Database, key: Sequence[str]) -> StoredHeatmap | None:
    """The same of a map that was stopped, what is missing filled in; None without one."""
    found = database.arrow(ONE_UNFINISHED, key).to_pylist()
    if not found:
        return None
    row = found[0]
    values = np.asarray(row["values"], np.float32).reshape(1, row["rows"], row["cols"])
    known = ~np.isnan(values[0])
    grid = map_grid(row["rows"], row["cols"], settings_from_key(row["settings"]).stride)
    if finest_level(known, grid) < 0:
        return None
    return heatmap_of({**row, "values": interpolated(values, known, grid)})
