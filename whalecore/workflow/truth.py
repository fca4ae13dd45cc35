"""What is known about drawn flukes: where each distinguishing feature lies."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from whalecore.errors import LabError
from whalecore.lab.lab import Lab


def feature_masks(lab: Lab) -> dict[str, dict[str, np.ndarray]]:
    """Masks of the distinguishing features: photo name -> feature -> bool (height, width).

    In pixels of the photo; only what is visible above the water.

    Raises
    ------
    LabError
        If the lab does not hold drawings.
    """
    masks: dict[str, dict[str, np.ndarray]] = {}
    for row in pq.read_table(_truth(lab) / "features.parquet").to_pylist():
        bits = np.unpackbits(np.frombuffer(row["bits"], np.uint8))
        shape = row["height"], row["width"]
        mask = bits[: shape[0] * shape[1]].reshape(shape).astype(bool)
        masks.setdefault(row["photo"], {})[row["feature"]] = mask
    return masks


def true_photos(lab: Lab) -> dict[str, dict[str, str]]:
    """Photo name -> its true individual, why it is spoilt (empty: it is not) and its true box."""
    with open(_truth(lab) / "photos.csv", encoding="utf-8", newline="") as stream:
        return {row["photo"]: row for row in csv.DictReader(stream)}


def _truth(lab: Lab) -> Path:
    folder = lab.folder / "truth"
    if not folder.is_dir():
        raise LabError(
            f"The lab '{lab.name}' holds photographs, not drawings: where their features truly "
            "lie is known for the demo lab alone."
        )
    return folder
