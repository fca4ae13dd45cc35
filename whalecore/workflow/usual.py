"""What is usual in a lab, so that a photo's evidence can be judged by it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields

import numpy as np

from whalecore.lab.lab import Lab
from whalecore.reliability.evidence import Measures, entropy
from whalecore.types import Quality
from whalecore.workflow.measuring import pixels_of

HALF = (25, 75)
"""Percentiles between which a value is usual."""

FEWEST = 20
"""Photos from which on it is said what is usual."""

OF_PHOTO = (*(field.name for field in fields(Quality)), "crop_confidence")


def usual_evidence(lab: Lab, model_id: str) -> dict[str, tuple[float, float]]:
    """Between which values each piece of evidence lies for half of the photos a model scored.

    Returns
    -------
    dict of str to (float, float)
        Name, as in `whalecore.reliability.evidence.Evidence` or `whalecore.types.Quality`, to the
        25th and 75th percentile; without evidence that fewer than 20 photos have.
    """
    found: dict[str, list[float | None]] = defaultdict(list)
    for row in lab.rows("evidence", model_id=model_id):
        for field in fields(Measures):
            found[field.name].append(row[field.name])
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    temperatures = {row["model_id"]: row["temperature"] for row in lab.rows("models")}
    for photo_id, rows in _candidates(lab, model_id).items():
        first, second = rows[0], rows[min(1, len(rows) - 1)]
        found["score"].append(first["score"])
        found["marks"].append(first["marks"])
        found["max_logit"].append(first["logit"])
        found["margin"].append((first["logit"] - second["logit"]) / temperatures[model_id])
        found["entropy"].append(entropy([row["score"] for row in rows]))
        photo = photos.get(photo_id)
        if photo is None:
            continue
        for name in OF_PHOTO:
            found[name].append(photo[name])
        for name, pixels in pixels_of(photo).items():
            found[name].append(pixels)
    usual = {}
    for name, values in found.items():
        there = [value for value in values if value is not None]
        if len(there) >= FEWEST:
            low, high = np.percentile(there, HALF)
            usual[name] = float(low), float(high)
    return usual


def _candidates(lab: Lab, model_id: str) -> dict[str, list[dict]]:
    """Rows of ``scores`` by photo, the first candidate first."""
    found: dict[str, list[dict]] = defaultdict(list)
    for row in sorted(lab.rows("scores", model_id=model_id), key=lambda row: row["rank"]):
        found[row["photo_id"]].append(row)
    return found
