"""Heatmaps from the tables into arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from whalecore.errors import LabError
from whalecore.explain.interpolation import finest_level, interpolated
from whalecore.explain.phases import map_grid
from whalecore.lab.database import Database
from whalecore.types import Heatmap, HeatmapSet, settings_from_key

FIELDS = """photo_id, model_id, crop, individual, method, settings, rank, score, rows, cols,
    "values", engine, computed"""

THIS_ONE = """
WHERE model_id = $1 AND photo_id = $2 AND individual = $3 AND method = $4 AND settings = $5
"""

ONE = f"SELECT {FIELDS}, correlation, deviation FROM heatmaps {THIS_ONE}"

ONE_UNFINISHED = f"SELECT {FIELDS} FROM unfinished_heatmaps {THIS_ONE}"

OPTIONS = """
SELECT h.model_id, h.method, h.settings, h.rank, h.individual, h.score,
       coalesce(s.is_reference, false) AS is_reference
FROM heatmaps h
LEFT JOIN scores s USING (model_id, photo_id, individual)
LEFT JOIN models m USING (model_id)
WHERE h.photo_id = $1
ORDER BY m.trained_at DESC NULLS LAST, h.model_id, h.method DESC, h.settings, h.rank
"""

# A fast heatmap whose estimates are too far from the truth, or were never compared with it. Where
# every position was computed in the end, nothing is estimated.
DOUBTFUL = """(method = 'osm' AND contains(settings, 'accuracy=')
    AND NOT coalesce(computed = "rows" * cols, false)
    AND NOT coalesce(correlation >= {limit}, false))"""

MOST_FREQUENT = f"""
WITH present AS (
    SELECT model_id FROM models
    QUALIFY row_number() OVER (PARTITION BY fold ORDER BY trained_at DESC, model_id) = 1
)
SELECT settings, list(DISTINCT model_id ORDER BY model_id) AS model_ids
FROM heatmaps
SEMI JOIN catalogue USING (photo_id)
SEMI JOIN scores USING (model_id, photo_id, individual)
WHERE method = $1 AND ($3 IS NULL OR settings = $3)
  AND ($4 IS NULL OR NOT {DOUBTFUL.format(limit="$4")})
  AND CASE WHEN $2 IS NULL THEN model_id IN (FROM present) ELSE model_id = $2 END
GROUP BY settings
ORDER BY count(*) DESC, settings
LIMIT 1
"""

CHOSEN = f"""
SELECT h.model_id, h.photo_id, h.individual, h.rank, h.score, h.rows, h.cols, h.sequence,
       s.is_reference
FROM heatmaps h
SEMI JOIN catalogue USING (photo_id)
JOIN scores s USING (model_id, photo_id, individual)
WHERE list_contains($1, h.model_id) AND h.method = $2 AND h.settings = $3
  AND ($4 IS NULL OR list_contains($4, h.rank))
  AND (NOT $5 OR s.is_reference)
  AND ($6 IS NULL OR NOT {DOUBTFUL.format(limit="$6")})
ORDER BY h.photo_id, h.rank, h.model_id
"""

COUNT_DOUBTFUL = f"""
WITH present AS (
    SELECT model_id FROM models
    QUALIFY row_number() OVER (PARTITION BY fold ORDER BY trained_at DESC, model_id) = 1
)
SELECT count(*)
FROM heatmaps
SEMI JOIN catalogue USING (photo_id)
SEMI JOIN present USING (model_id)
JOIN scores s USING (model_id, photo_id, individual)
WHERE ($1 IS NULL OR settings = $1) AND (NOT $2 OR s.is_reference)
  AND {DOUBTFUL.format(limit="$3")}
"""

# The grids are fetched apart from the choice: sorting them, or grouping them by key, costs
# ten times as much as reading them.
GRIDS = """
SELECT photo_id, individual, sequence, "values" FROM heatmaps_rows
WHERE list_contains($1, model_id) AND method = $2 AND settings = $3
  AND ($4 IS NULL OR list_contains($4, rank))
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


def stacked_heatmaps(
    database: Database,
    model_id: str | None,
    method: str,
    settings: str | None,
    ranks: Sequence[int] | None,
    correct_only: bool,
    least_correlation: float | None,
) -> HeatmapSet:
    """All heatmaps of one method and setting, ordered by photo and rank.

    Fast ones whose correlation is below the least, or not known, are left out.

    Raises
    ------
    LabError
        When there are none, or their grids differ.
    """
    found = database.rows(MOST_FREQUENT, [method, model_id, settings, least_correlation])
    if not found:
        raise LabError(
            f"This lab holds no '{method}' heatmaps of that kind: compute them with "
            f"'python -m whalecore explain --method {method}'."
        )
    settings, model_ids = found[0]
    wanted = None if ranks is None else [int(rank) for rank in ranks]
    which = [model_ids, method, settings, wanted]
    chosen = database.frame(CHOSEN, [*which, bool(correct_only), least_correlation])
    shape = _shape(chosen)
    return HeatmapSet(
        method=method,
        settings=settings,
        values=_grids_of(chosen, database.arrow(GRIDS, which), shape),
        model_ids=tuple(chosen["model_id"].tolist()),
        photo_ids=tuple(chosen["photo_id"].tolist()),
        individuals=tuple(chosen["individual"].tolist()),
        ranks=chosen["rank"].to_numpy(dtype=int),
        scores=chosen["score"].to_numpy(dtype=np.float32),
        correct=chosen["is_reference"].to_numpy(dtype=bool),
    )


def _shape(chosen: pd.DataFrame) -> tuple[int, int]:
    """Rows and columns that all chosen grids share."""
    shapes = chosen[["rows", "cols"]].drop_duplicates()
    if shapes.empty:
        raise LabError(
            "No heatmap of the photos in the catalogue matches: choose other ranks, or compute "
            "more with 'python -m whalecore explain'."
        )
    if len(shapes) > 1:
        raise LabError(
            f"The heatmaps of one setting have {len(shapes)} different grids: delete the table "
            "folder 'heatmaps' and compute them again."
        )
    return int(shapes["rows"].iloc[0]), int(shapes["cols"].iloc[0])


def _grids_of(chosen: pd.DataFrame, grids: pa.Table, shape: tuple[int, int]) -> np.ndarray:
    """The grids of the chosen heatmaps, of shape (heatmaps, rows, cols), float32."""
    key = ["photo_id", "individual", "sequence"]
    places = grids.select(key).to_pandas().assign(row=np.arange(len(grids)))
    places = places.merge(chosen[key].assign(place=np.arange(len(chosen))), on=key)
    place_of = np.full(len(grids), -1)
    place_of[places["row"]] = places["place"]
    values = np.empty((len(chosen), shape[0] * shape[1]), np.float32)
    start = 0
    for lists in grids["values"].chunks:
        place = place_of[start : start + len(lists)]
        wanted = lists.filter(pa.array(place >= 0)).flatten().to_numpy(zero_copy_only=False)
        values[place[place >= 0]] = wanted.reshape(-1, values.shape[1])
        start += len(lists)
    return values.reshape(-1, *shape)
