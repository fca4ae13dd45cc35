"""Many heatmaps and crops at once, as a contact sheet shows them."""

from __future__ import annotations

from collections.abc import Sequence

from whalecore.lab.grids import FIELDS, StoredHeatmap, heatmap_of
from whalecore.lab.lab import Lab
from whalecore.types import Box

Key = tuple[str, str, str, str, str]
"""Model, photo, individual, method and settings of a heatmap."""

HEATMAPS = f"""
SELECT {FIELDS}, correlation, deviation FROM heatmaps
WHERE list_contains($1, photo_id) AND list_contains($2, settings)
"""

BOXES = """
SELECT photo_id, crop_x0, crop_y0, crop_x1, crop_y1 FROM crops WHERE list_contains($1, photo_id)
"""


def many_heatmaps(lab: Lab, keys: Sequence[Key]) -> dict[Key, StoredHeatmap]:
    """Heatmaps of the photos' present crops, in one reading; what is not computed is left out."""
    photos, settings = _distinct(key[1] for key in keys), _distinct(key[4] for key in keys)
    found = lab._database.arrow(HEATMAPS, [photos, settings]).to_pylist() if keys else []
    names = ("model_id", "photo_id", "individual", "method", "settings")
    by_key = {tuple(row[name] for name in names): row for row in found}
    return {key: heatmap_of(by_key[key]) for key in keys if key in by_key}


def many_boxes(lab: Lab, photo_ids: Sequence[str]) -> dict[str, Box]:
    """The remembered boxes of photos; photos without one are left out."""
    found = lab._database.rows(BOXES, [_distinct(photo_ids)]) if len(photo_ids) else []
    return {photo_id: Box(*edges) for photo_id, *edges in found}


def _distinct(values) -> list[str]:
    return list(dict.fromkeys(values))
