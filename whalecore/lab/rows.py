"""Rows from Python into the exact columns of a table, or a refusal in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from whalecore.errors import LabError
from whalecore.lab.columns import HALVES, MOMENT, Column, Table
from whalecore.lab.tables import TABLES
from whalecore.types import Box


def table_named(name: str) -> Table:
    """The physical table of that name.

    Raises
    ------
    LabError
        When there is no such table.
    """
    if name not in TABLES:
        raise LabError(f"There is no table '{name}': choose one of {', '.join(TABLES)}.")
    return TABLES[name]


def arrow_rows(name: str, rows: Sequence[Mapping[str, Any]] | pa.Table) -> pa.Table:
    """The rows as an Arrow table with the table's columns, without ``sequence``.

    Dictionaries become JSON where the column holds JSON, grids of any shape become flat
    lists, moments without a value become the present time, times with a zone become UTC.

    Raises
    ------
    LabError
        When a column is unknown, a required one is empty, or a value does not fit.
    """
    table = table_named(name)
    given = set(rows.column_names) if isinstance(rows, pa.Table) else {k for r in rows for k in r}
    unknown = sorted(given - {column.name for column in table.columns})
    if unknown:
        raise LabError(
            f"Table '{name}' has no column '{unknown[0]}': its columns are "
            f"{', '.join(column.name for column in table.columns)}."
        )
    arrays = []
    for column in table.columns:
        array = (
            _cast_column(table, column, rows)
            if isinstance(rows, pa.Table)
            else _column_of(table, column, rows)
        )
        if array.null_count and column.required:
            raise LabError(f"Table '{name}' needs a value for '{column.name}' in every row.")
        arrays.append(array)
    return pa.table(dict(zip([c.name for c in table.columns], arrays, strict=True)))


def _cast_column(table: Table, column: Column, rows: pa.Table) -> pa.Array | pa.ChunkedArray:
    if column.name not in rows.column_names:
        return _column_of(table, column, [{}] * rows.num_rows)
    try:
        return rows.column(column.name).cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as reason:
        raise _misfit(table, column, reason) from reason


def _column_of(table: Table, column: Column, rows: Sequence[Mapping[str, Any]]) -> pa.Array:
    if column.type == HALVES:
        if table.name == "embeddings":
            return _halves([_embedding(row, column) for row in rows])
        return _grids(rows, gaps=table.name == "unfinished_heatmaps")
    values = [row.get(column.name) for row in rows]
    if column.stamped:
        now = datetime.now(UTC)
        values = [now if value is None else value for value in values]
    if column.type == MOMENT:
        values = [_without_zone(value) for value in values]
    if column.json:
        values = [_as_json(value) for value in values]
    if table.name == "crops" and column.name == "crop":
        values = [_box_key(row) for row in rows]
    try:
        return pa.array([_plain(value) for value in values], column.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as reason:
        raise _misfit(table, column, reason) from reason


def _misfit(table: Table, column: Column, reason: Exception) -> LabError:
    return LabError(
        f"Column '{column.name}' of table '{table.name}' holds {column.type_name}, and a value "
        f"does not fit ({str(reason).splitlines()[0]}): correct the value."
    )


def _plain(value: Any) -> Any:
    """NumPy scalars and arrays as Python values; a missing number as nothing."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and value != value:
        return None
    return value


def _without_zone(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _as_json(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)


def _box_key(row: Mapping[str, Any]) -> str | None:
    edges = [row.get(f"crop_{edge}") for edge in ("x0", "y0", "x1", "y1")]
    return None if None in edges else Box(*map(float, edges)).key


def _grids(rows: Sequence[Mapping[str, Any]], gaps: bool) -> pa.Array:
    """Heatmap values as lists of half-precision numbers, checked against rows x cols.

    With ``gaps``, values that are not a number stand for positions that are not computed.
    """
    grids = []
    for row in rows:
        grid = np.asarray(row.get("values", ()), dtype=np.float32).ravel()
        expected = int(row.get("rows") or 0) * int(row.get("cols") or 0)
        if grid.size != expected or not grid.size:
            raise LabError(
                f"The heatmap of photo {row.get('photo_id')} holds {grid.size} values, but its "
                f"grid has {expected}: give rows, cols and as many values."
            )
        limit = float(np.finfo(np.float16).max)
        there = grid[~np.isnan(grid)] if gaps else grid
        if not np.isfinite(there).all() or np.abs(there).max(initial=0) > limit:
            raise LabError(
                f"The heatmap of photo {row.get('photo_id')} holds values that are not finite or "
                f"beyond {limit:.0f}: compute it again."
            )
        grids.append(grid)
    return _halves(grids)


def _embedding(row: Mapping[str, Any], column: Column) -> np.ndarray | None:
    given = row.get(column.name)
    if given is None and not column.required:
        return None
    values = np.asarray(() if given is None else given, dtype=np.float32)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise LabError(
            f"The embedding of photo {row.get('photo_id')} is no list of finite numbers: score the "
            "photo again."
        )
    return values


def _halves(lists: Sequence[np.ndarray | None]) -> pa.Array:
    """One list of half-precision numbers a row, or none."""
    there = [np.empty(0, np.float32) if one is None else one for one in lists]
    ends = np.cumsum([0, *(one.size for one in there)])
    flat = np.concatenate([np.empty(0, np.float32), *there]).astype(np.float16)
    missing = pa.array([one is None for one in lists], pa.bool_())
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.array(flat, pa.float16()), mask=missing
    )
