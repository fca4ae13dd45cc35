"""A lab of many photos for benchmarks: the demo lab's held-out photos again and again.

Every copy has an id of its own and the rows of its original in all tables, so that queries,
charts and galleries meet as many rows as a large collection has. Pictures are read from the
demo lab's own files.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pyarrow as pa

from whalecore.lab.lab import open_lab
from whalecore.lab.tables import TABLES

COPIED = (
    "catalogue",
    "crops",
    "splits",
    "scores",
    "heatmaps",
    "assignments",
    "evidence",
    "verdicts",
)


def enlarged(demo: Path, folder: Path, photos: int = 20_000) -> Path:
    """Copy the demo lab and repeat its scored photos until it holds so many."""
    shutil.copytree(demo, folder)
    lab = open_lab(folder)
    scored = sorted(set(lab.scores()["photo_id"]))
    rows = {name: [row for row in lab.rows(name) if row["photo_id"] in scored] for name in COPIED}
    there = len(lab.rows("catalogue"))
    copies = -(-(photos - there) // len(scored))
    for name in COPIED:
        # Read once and renamed as columns: a row at a time would take hours.
        one = _arrow(name, rows[name])
        originals = one.column("photo_id").to_pylist()
        tables = [
            one.set_column(
                one.schema.get_field_index("photo_id"),
                "photo_id",
                pa.array([copy_of(photo_id, number) for photo_id in originals]),
            )
            for number in range(copies)
        ]
        lab.write(name, pa.concat_tables(tables))
    lab.compact()
    return folder


def copy_of(photo_id: str, number: int) -> str:
    """Id of a photo's copy."""
    return hashlib.sha256(f"{photo_id} {number}".encode()).hexdigest()[:16]


def _arrow(name: str, rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, pa.schema([(c.name, c.type) for c in TABLES[name].columns]))
