"""Take the lab's tables and heatmaps elsewhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from whalecore.errors import LabError, SettingsError, WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.overlays import kind_of, overlay
from whalecore.photos.crop import cut
from whalecore.workflow.progress import Pace, Report, silent

TABLES = (
    "photos",
    "models",
    "scores",
    "evidence",
    "heatmaps",
    "clusterings",
    "assignments",
    "clusters",
    "cluster_names",
    "cluster_matches",
    "cluster_correctness",
    "evaluations",
    "verdicts",
    "problems",
    "reviews",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export_tables(
    lab: Lab, folder: Path, kind: str, tables: Sequence[str] | None = None
) -> list[str]:
    """Write tables as ``csv`` or ``parquet`` files, one per table.

    In CSV a text that a spreadsheet would run as a formula gets a leading ``'``.

    Returns
    -------
    list of str
        Paths of the files.
    """
    wanted = tuple(tables or TABLES)
    unknown = [name for name in wanted if name not in TABLES]
    if unknown:
        raise SettingsError(f"There is no table '{unknown[0]}': choose one of {', '.join(TABLES)}.")
    _make(folder)
    written = []
    for name in wanted:
        frame = lab.table(name)
        path = folder / f"{name}.{kind}"
        temporary = path.with_suffix(path.suffix + ".part")
        if kind == "csv":
            _harmless(frame).to_csv(temporary, index=False)
        else:
            frame.to_parquet(temporary, index=False)
        os.replace(temporary, path)
        written.append(str(path))
    return written


def export_heatmaps(lab: Lab, folder: Path, report: Report = silent) -> int:
    """Draw every top-1 heatmap over its photo, as PNG; returns the number of pictures."""
    _make(folder)
    wanted = ("model_id", "photo_id", "individual", "method", "settings")
    keys = [
        dict(zip(wanted, key, strict=True))
        for key in sorted(lab.computed_keys("heatmaps", wanted, rank=1))
    ]
    pace = Pace("draw heatmaps", len(keys), report)
    sizes = {
        row["model_id"]: (row["input_height"], row["input_width"]) for row in lab.rows("models")
    }
    drawn = 0
    for key in keys:
        try:
            photo = lab.read_photo(key["photo_id"])
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        heatmap = lab.heatmap(
            key["model_id"], key["photo_id"], key["individual"], key["method"], key["settings"]
        )
        crop = cut(photo, lab.crop(key["photo_id"]).box, *sizes[key["model_id"]])
        about = f"{Path(photo.name).stem}-{key['individual']}-{key['settings']}"
        about = re.sub(r"[^A-Za-z0-9_.=-]+", "_", about)[:100]
        path = folder / f"{about}-{key['photo_id']}-{key['model_id'][-10:]}.png"
        temporary = path.with_suffix(".part")
        drawn_over = overlay(crop, heatmap.values, kind=kind_of(key["method"]))
        Image.fromarray(drawn_over).save(temporary, "PNG")
        os.replace(temporary, path)
        drawn += 1
        pace.advance()
    return drawn


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"The folder {folder} cannot be made ({error.strerror}): choose another one."
        ) from error


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    texts = frame.select_dtypes(include=["object", "string"]).columns
    return frame.assign(**{name: frame[name].map(_escape) for name in texts})


def _escape(value: object) -> object:
    if isinstance(value, np.ndarray):
        return json.dumps(value.tolist())
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
