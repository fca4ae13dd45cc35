"""Many heatmaps from the tables into one array, block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from whalecore.errors import LabError
from whalecore.lab.database import Database
from whalecore.types import HeatmapSet

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
-- Of Grad-CAM at several layers the last: its maps are the method's usual ones.
ORDER BY count(*) DESC, CASE WHEN $1 = 'gradcam' THEN settings END DESC, settings
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


KEY = ["model_id", "photo_id", "individual"]


def stacked_heatmaps(
    database: Database,
    parts: Sequence[tuple[str, str | None]],
    model_id: str | None,
    ranks: Sequence[int] | None,
    correct_only: bool,
    least_correlation: float | None,
) -> tuple[HeatmapSet, ...]:
    """The heatmaps that are there in every part, ordered by photo and rank.

    Parameters
    ----------
    parts : sequence of (method, settings)
        One set each, all of the same photos and individuals in the same order. Without settings
        those with the most heatmaps.
    least_correlation : float or None
        Fast heatmaps whose correlation is below it, or not known, are left out.

    Raises
    ------
    LabError
        When there are none, or the grids of a part differ.
    """
    queries, frames = _chosen(database, parts, model_id, ranks, correct_only, least_correlation)
    shared = _shared(frames)
    return tuple(
        _heatmap_set(database, query, shared.merge(frame, on=KEY))
        for query, frame in zip(queries, frames, strict=True)
    )


def count_incomplete(
    database: Database,
    parts: Sequence[tuple[str, str | None]],
    model_id: str | None,
    ranks: Sequence[int] | None,
    correct_only: bool,
    least_correlation: float | None,
) -> int:
    """Heatmaps that `stacked_heatmaps` leaves out because they lack one of the parts."""
    _, frames = _chosen(database, parts, model_id, ranks, correct_only, least_correlation)
    return len(pd.concat(frames)[KEY].drop_duplicates()) - len(_shared(frames))


def _chosen(
    database: Database,
    parts: Sequence[tuple[str, str | None]],
    model_id: str | None,
    ranks: Sequence[int] | None,
    correct_only: bool,
    least_correlation: float | None,
) -> tuple[list[list], list[pd.DataFrame]]:
    """For each part what its grids are asked with, and its heatmaps without their grids."""
    wanted = None if ranks is None else [int(rank) for rank in ranks]
    queries, frames = [], []
    for method, settings in parts:
        found = database.rows(MOST_FREQUENT, [method, model_id, settings, least_correlation])
        if not found:
            raise LabError(
                f"This lab holds no '{method}' heatmaps{f' of {settings}' if settings else ''}: "
                f"compute them with the command 'explain --method {method}'."
            )
        key, model_ids = found[0]
        query = [model_ids, method, key, wanted]
        queries.append(query)
        frames.append(database.frame(CHOSEN, [*query, bool(correct_only), least_correlation]))
    return queries, frames


def _shared(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Keys of the heatmaps that are there in every part, in the order of the first."""
    shared = frames[0][KEY]
    for frame in frames[1:]:
        shared = shared.merge(frame[KEY], on=KEY)
    return shared


def _heatmap_set(database: Database, query: list, chosen: pd.DataFrame) -> HeatmapSet:
    _, method, settings, _ = query
    return HeatmapSet(
        method=method,
        settings=settings,
        values=_grids_of(database, query, chosen),
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
            "No heatmap of the photos in the catalogue matches: choose other ranks or settings, or "
            "compute more with the command 'explain'."
        )
    if len(shapes) > 1:
        raise LabError(
            f"The heatmaps of one setting have {len(shapes)} different grids: delete the table "
            "folder 'heatmaps' and compute them again."
        )
    return int(shapes["rows"].iloc[0]), int(shapes["cols"].iloc[0])


def _grids_of(database: Database, query: list, chosen: pd.DataFrame) -> np.ndarray:
    """The grids of the chosen heatmaps, of shape (heatmaps, rows, cols), float16."""
    shape = _shape(chosen)
    values = np.empty((len(chosen), shape[0] * shape[1]), np.float16)
    keys = zip(chosen["photo_id"], chosen["individual"], chosen["sequence"], strict=True)
    place_of = {key: place for place, key in enumerate(keys)}

    def take(batch: pa.RecordBatch) -> None:
        names = (batch.column(name).to_pylist() for name in ("photo_id", "individual", "sequence"))
        place = np.array([place_of.get(key, -1) for key in zip(*names, strict=True)], int)
        grids = batch.column("values").filter(pa.array(place >= 0)).flatten()
        if len(grids):
            values[place[place >= 0]] = grids.to_numpy(zero_copy_only=False).reshape(
                -1, values.shape[1]
            )

    database.each_batch(GRIDS, query, take)
    return values.reshape(-1, *shape)
