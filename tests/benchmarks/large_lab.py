"""A lab of many photos for benchmarks: the demo lab's held-out photos again and again.

Every copy has an id of its own and the rows of its original in all tables, so that queries,
charts and galleries meet as many rows as a large collection has. Pictures are read from the
demo lab's own files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from whalecore.clusters.modes import compared
from whalecore.clusters.storing import save_clustering
from whalecore.lab.flat_maps import KEY, PLACES
from whalecore.lab.lab import Lab, open_lab
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
    orders = {row["clustering_id"]: _order(lab, row) for row in lab.rows("clusterings")}
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
    originals = {copy_of(one, number): one for one in scored for number in range(copies)}
    for row in lab.rows("clusterings"):
        _enlarge_clustering(lab, row, orders[row["clustering_id"]], originals)
    lab.compact()
    return folder


def copy_of(photo_id: str, number: int) -> str:
    """Id of a photo's copy."""
    return hashlib.sha256(f"{photo_id} {number}".encode()).hexdigest()[:16]


def _order(lab: Lab, row: dict) -> pd.DataFrame:
    """The heatmaps of a clustering in the order of its arrays."""
    return lab._database.frame(PLACES, [row["clustering_id"]])


def _enlarge_clustering(lab: Lab, row: dict, before: pd.DataFrame, originals: dict) -> None:
    """Give every copy the place of its original in the arrays of a clustering."""
    old = lab.clustering(row["clustering_id"])
    places = {key: place for place, key in enumerate(before[KEY].itertuples(index=False))}
    after = _order(lab, row)
    own = np.array(
        [
            places[one.model_id, originals.get(one.photo_id, one.photo_id), one.individual]
            for one in after.itertuples()
        ]
    )
    kept = compared(len(own), "scale", json.loads(row["settings"] or "{}").get("seed", 0))
    labels = old.labels[own]
    enlarged = replace(
        old,
        mode="scale",
        labels=labels,
        memberships=old.memberships[own],
        others={count: other[own] for count, other in old.others.items()},
        points=old.points[own[kept]],
        point_labels=labels[kept],
    )
    digest = save_clustering(enlarged, lab.clustering_path(row["clustering_id"]))
    changed = {"mode": "scale", "heatmaps": len(own), "arrays_sha256": digest}
    lab.write("clusterings", [{**row, **changed}])


def _arrow(name: str, rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, pa.schema([(c.name, c.type) for c in TABLES[name].columns]))
