"""Heatmaps from the tables into arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from whalecore.errors import LabError
from whalecore.lab.database import Database
from whalecore.types import Heatmap, HeatmapSet

ONE = """
SELECT photo_id, model_id, crop, individual, method, settings, rank, score, rows, cols, "values"
FROM heatmaps
WHERE model_id = $1 AND photo_id = $2 AND individual = $3 AND method = $4 AND settings = $5
"""

OPTIONS = """
SELECT h.model_id, h.method, h.settings, h.rank, h.individual, h.score,
       coalesce(s.is_reference, false) AS is_reference
FROM heatmaps h
LEFT JOIN scores s USING (model_id, photo_id, individual)
LEFT JOIN models m USING (model_id)
WHERE h.photo_id = $1
ORDER BY m.trained_at DESC NULLS LAST, h.model_id, h.method DESC, h.settings, h.rank
"""

MOST_FREQUENT = """
WITH present AS (
    SELECT model_id FROM models
    QUALIFY row_number() OVER (PARTITION BY fold ORDER BY trained_at DESC, model_id) = 1
)
SELECT settings, list(DISTINCT model_id ORDER BY model_id) AS model_ids
FROM heatmaps
SEMI JOIN catalogue USING (photo_id)
SEMI JOIN scores USING (model_id, photo_id, individual)
WHERE method = $1 AND ($3 IS NULL OR settings = $3)
  AND CASE WHEN $2 IS NULL THEN model_id IN (FROM present) ELSE model_id = $2 END
GROUP BY settings
ORDER BY count(*) DESC, settings
LIMIT 1
"""

CHOSEN = """
SELECT h.model_id, h.photo_id, h.individual, h.rank, h.score, h.rows, h.cols, h.sequence,
       s.is_reference
FROM heatmaps h
SEMI JOIN catalogue USING (photo_id)
JOIN scores s USING (model_id, photo_id, individual)
WHERE list_contains($1, h.model_id) AND h.method = $2 AND h.settings = $3
  AND ($4 IS NULL OR list_contains($4, h.rank))
  AND (NOT $5 OR s.is_reference)
ORDER BY h.photo_id, h.rank, h.model_id
"""

# The grids are fetched apart from the choice: sorting them, or grouping them by key, costs
# ten times as much as reading them.
GRIDS = """
SELECT photo_id, individual, sequence, "values" FROM heatmaps_rows
WHERE list_contains($1, model_id) AND method = $2 AND settings = $3
  AND ($4 IS NULL OR list_contains($4, rank))
"""


def one_heatmap(database: Database, key: Sequence[str]) -> Heatmap | None:
    """The heatmap of (model, photo, individual, method, settings), or None."""
    found = database.arrow(ONE, key).to_pylist()
    if not found:
        return None
    row = found[0]
    shape = (row.pop("rows"), row.pop("cols"))
    values = np.asarray(row.pop("values"), dtype=np.float32).reshape(shape)
    return Heatmap(**row, values=values)


def stacked_heatmaps(
    database: Database,
    model_id: str | None,
    method: str,
    settings: str | None,
    ranks: Sequence[int] | None,
    correct_only: bool,
) -> HeatmapSet:
    """All heatmaps of one method and setting, ordered by photo and rank.

    Raises
    ------
    LabError
        When there are none, or their grids differ.
    """
    found = database.rows(MOST_FREQUENT, [method, model_id, settings])
    if not found:
        raise LabError(
            f"This lab holds no '{method}' heatmaps of that kind: compute them with "
            f"'python -m whalecore explain --method {method}'."
        )
    settings, model_ids = found[0]
    wanted = None if ranks is None else [int(rank) for rank in ranks]
    which = [model_ids, method, settings, wanted]
    chosen = database.frame(CHOSEN, [*which, bool(correct_only)])
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
