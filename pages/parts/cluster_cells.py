"""Heatmaps of a cluster as the thumbnails of a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.gallery import Thumbnail
from pages.parts.pictures import blank, crop_in
from whalecore import overlays
from whalecore.errors import WhalecoreError
from whalecore.lab.sheets import many_boxes, many_heatmaps
from whalecore.plain_words import known

CELL = 210
"""Width of a crop in a contact sheet."""


def cluster_cells(lab, members, shape: tuple[int, int]):
    """Ids of heatmaps, and the function that makes the thumbnails of some of them.

    Where the members have a column ``z``, the caption says how far the score lies from the mean.
    """
    ids = (members["photo_id"] + " " + members["individual"]).tolist()
    places = {name: place for place, name in enumerate(ids)}

    def cells(names: Sequence[str]) -> dict[str, Thumbnail]:
        shown = list(members.iloc[[places[name] for name in names]].itertuples())
        pictures = _pictures(lab, shown, shape)
        return {
            name: _thumbnail(row, webp)
            for name, row, webp in zip(names, shown, pictures, strict=True)
        }

    return list(places), cells


def heatmap_key(row) -> tuple[str, ...]:
    """What tells the heatmap of a member of a cluster from all others."""
    return (row.model_id, row.photo_id, row.individual, row.method, row.settings)


def _thumbnail(row, webp: bytes) -> Thumbnail:
    mark = "✓ " if row.is_reference else "✗ "
    z = getattr(row, "z", None)
    away = f" (z {z:+.1f})" if known(z) else ""
    caption = f"{mark}top {row.rank} · {row.individual} · {row.score:.2f}{away}"
    words = f"{row.name}: {'correct' if row.is_reference else 'not correct'}, {caption[2:]}"
    return Thumbnail(webp, caption, words)


def _pictures(lab, rows, shape: tuple[int, int]) -> list[bytes]:
    """The cells of a sheet, kept as long as the boxes are the same and nothing is missing."""
    boxes = many_boxes(lab, [row.photo_id for row in rows])
    keys = tuple((heatmap_key(row), boxes.get(row.photo_id)) for row in rows)
    # As one text: each of hundreds of pieces would be hashed alone.
    given = (str(lab.folder), repr(keys), shape, lab, keys, rows)
    pictures, whole = _cells(*given)
    if not whole:
        _cells.clear(*given)
    return pictures


@st.cache_data(max_entries=60, show_spinner="Reading the heatmaps")
def _cells(folder, key, shape, _lab, _keys, _rows) -> tuple[list[bytes], bool]:
    """A WebP of each heatmap over its crop, and whether all files and heatmaps are there."""
    heatmaps = many_heatmaps(_lab, [key for key, _ in _keys])
    pictures, whole = [], True
    for (key, box), row in zip(_keys, _rows, strict=True):
        try:
            photo = {"photo_id": row.photo_id, "path": row.path, "name": row.name}
            crop = crop_in(_lab, photo, box, shape, CELL)
        except (WhalecoreError, TypeError):
            # The file or its row is gone: the sheet stays whole.
            crop, whole = blank(shape, CELL), False
        if key in heatmaps:
            kind, values = overlays.kind_of(row.method), heatmaps[key].values
            pictures.append(overlays.contact_cell(crop, values, kind=kind, width=CELL))
        else:
            pictures.append(overlays.thumbnail(crop, CELL))
            whole = False
    return pictures, whole
