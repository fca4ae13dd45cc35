"""The row of table ``evidence`` of one photo of a lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from whalecore.lab.grids import StoredHeatmap
from whalecore.lab.lab import Lab
from whalecore.lab.mark_evidence import with_mark_measures
from whalecore.lab.measures import measured
from whalecore.photos.quality import fluke_size
from whalecore.reliability.change import shares_of_parts
from whalecore.reliability.evidence import Measures
from whalecore.types import Box, Candidate, Computing, Crop, EmbeddingSet

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import Identifier

MEASURED = tuple(field.name for field in fields(Measures))
"""Columns of ``evidence`` that hold what was measured."""


def evidence_row(
    lab: Lab,
    identifier: Identifier,
    gallery: EmbeddingSet,
    photo_row: Mapping[str, Any],
    candidates: Sequence[Candidate],
    embedding: np.ndarray,
    maps: tuple[StoredHeatmap | None, StoredHeatmap | None],
    kept: Mapping[str, Any] | None,
    computing: Computing | None = None,
) -> dict[str, Any]:
    """Measure a photo of the lab.

    Parameters
    ----------
    gallery : EmbeddingSet
        Of the identifier.
    photo_row : mapping
        Of view ``photos``.
    candidates : sequence of Candidate
        The first one in front.
    embedding : ndarray of shape (features,)
    maps : (StoredHeatmap or None, StoredHeatmap or None)
        Occlusion map and Grad-CAM of the first candidate.
    kept : mapping or None
        The photo's row as it is, where only marks, or shares of parts, are missing in it.
    computing : Computing, optional
        By what means heatmaps are computed.

    Raises
    ------
    WhalecoreError
        When the photo cannot be read, or its box lies outside it.
    """
    heatmap, cam = maps
    crop = crop_of(photo_row)
    unmarked = candidates[0].marks is not None and (kept or {}).get("marks_back") is None
    # Shares of parts need no photo: they come from the stored heatmap.
    photo = lab.read_photo(photo_row) if kept is None or unmarked else None
    if kept is not None:
        settings = kept["settings"]
        measures = Measures(**{name: kept[name] for name in MEASURED})
        if heatmap is not None and measures.left_tip is None:
            measures = replace(measures, **shares_of_parts(heatmap.values))
    else:
        settings = None if heatmap is None else heatmap.settings
        values = None if cam is None else cam.values
        first = candidates[0].individual
        measures = measured(
            identifier, photo, crop, embedding, first, gallery, heatmap, values, computing
        )
    if photo is not None:
        measures = with_mark_measures(measures, identifier, photo, crop.box, embedding, candidates)
    return {
        "model_id": identifier.model_id,
        "photo_id": photo_row["photo_id"],
        "crop": photo_row["crop"],
        "settings": settings,
        **asdict(measures),
    }


def pixels_of(row: Mapping[str, Any]) -> dict[str, int | None]:
    """Width and height of the fluke on a row of view ``photos``; nothing where it has no crop."""
    if row["crop_x0"] is None:
        return {}
    return fluke_size(crop_of(row), row["height"], row["width"])


def crop_of(row: Mapping[str, Any]) -> Crop:
    """The fluke's box of a row of view ``photos`` that has one."""
    box = Box(*(row[f"crop_{edge}"] for edge in ("x0", "y0", "x1", "y1")))
    confidence = row["crop_confidence"]
    return Crop(box, row["crop_source"], 1.0 if confidence is None else confidence)
