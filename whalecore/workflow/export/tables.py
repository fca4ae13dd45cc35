"""The lab's tables as CSV and Parquet, safe to open in a spreadsheet."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from whalecore.errors import SettingsError
from whalecore.files import write_bytes
from whalecore.lab.lab import Lab
from whalecore.lab.tables import TABLES as STORED
from whalecore.lab.tables import VIEW_KEYS
from whalecore.photos.cells import as_cell
from whalecore.types import Report, silent
from whalecore.workflow.export.places import writable
from whalecore.workflow.progress import Pace

TABLES = (*VIEW_KEYS, *STORED)
"""Every table and view of a lab."""

VIEWS = {
    "photos": "One row a photo: name, date, place, crop, quality.",
    "cluster_correctness": "How often the heatmaps of each cluster are right.",
}


def meaning(name: str) -> str:
    """What a table holds, in one sentence."""
    return VIEWS[name] if name in VIEWS else STORED[name].meaning


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as a CSV file; no text in it can run as a formula, and numbers stay numbers.

    Lists are written as JSON; columns of bytes are left out, since only Parquet can hold them. The
    file begins with a byte-order mark where it holds more than
    English letters: without one, spreadsheets spoil accents.
    """
    told = [place for place in range(frame.shape[1]) if not _holds_bytes(frame.iloc[:, place])]
    frame = frame.iloc[:, told]
    texts = [
        place
        for place, dtype in enumerate(frame.dtypes)
        if not pd.api.types.is_numeric_dtype(dtype) and dtype.kind not in "mM"
    ]
    safe = frame.copy(deep=False)
    for place in texts:
        safe.isetitem(place, frame.iloc[:, place].map(_cell).astype(object))
    safe.columns = [as_cell(str(name)) for name in frame.columns]
    text = safe.to_csv(index=False, lineterminator="\n")
    return text.encode("ascii" if text.isascii() else "utf-8-sig")


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """A table as a Parquet file: every value as it is."""
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


def export_tables(
    lab: Lab,
    folder: Path,
    kind: str,
    tables: Sequence[str] | None = None,
    report: Report = silent,
) -> list[str]:
    """Write tables as ``csv`` or ``parquet`` files, one per table.

    Returns
    -------
    list of str
        Paths of the files.

    Raises
    ------
    SettingsError
        When there is no such table.
    LabError
        When a file cannot be written.
    """
    wanted = tuple(tables or TABLES)
    unknown = [name for name in wanted if name not in TABLES]
    if unknown:
        raise SettingsError(f"There is no table '{unknown[0]}': choose one of {', '.join(TABLES)}.")
    pace = Pace("write tables", len(wanted), report)
    written = []
    for name in wanted:
        frame = lab.table(name)
        path = folder / f"{name}.{kind}"
        data = csv_bytes(frame) if kind == "csv" else parquet_bytes(frame)
        with writable(path):
            write_bytes(path, data)
        written.append(str(path))
        pace.advance()
    return written


def _holds_bytes(column: pd.Series) -> bool:
    if column.dtype != object:
        return False
    return any(isinstance(value, bytes | bytearray) for value in column.dropna().head(1))


def _cell(value: object) -> object:
    if isinstance(value, str):
        return as_cell(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        # As few digits as the precision needs; JSON knows no value that is not a number.
        shown = np.where(np.isfinite(value), value.astype(str), "null")
        return f"[{', '.join(shown.tolist())}]"
    if isinstance(value, np.ndarray | list | tuple):
        return as_cell(json.dumps(list(value), ensure_ascii=False))
    return value
