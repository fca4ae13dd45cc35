"""What a photo of the pile is shown with, read once and kept: the next photo's is read ahead.

What could not be read is not kept: the file may come back.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.pictures import blank, crop_of, crop_shape
from pages.parts.sides import lab_side, own_heatmap
from whalecore.errors import WhalecoreError
from whalecore.overlays import draw_box, thumbnail
from whalecore.types import Box

WIDTH = 720
"""Of the whole photo, in pixels."""

CARD = 300
"""Of a candidate's picture."""

TABLES = ("catalogue", "crops", "splits", "reviews", "scores", "models", "heatmaps")
"""What the sheet of a photo depends on."""

Sheet = dict


def shape_of(lab, model_id: str) -> tuple[int, int]:
    """Height and width in which crops are shown."""
    return _shape(str(lab.folder), model_id, lab)


@st.cache_data(max_entries=20, show_spinner=False)
def _shape(folder, model_id, _lab) -> tuple[int, int]:
    return crop_shape(_lab, model_id)


def sheet_of(lab, photo_id: str, shape: tuple[int, int]) -> Sheet:
    """The photo's row, its candidates, their galleries and pictures.

    Returns
    -------
    dict
        ``photo`` (row of `photos`), ``whole`` (the photo with its box, WebP), ``candidates``,
        ``galleries`` (rows by individual, without the photo itself) and ``cards`` (a picture of
        each candidate, WebP, or None).
    """
    sheet = _rows(str(lab.folder), photo_id, lab.state(*TABLES), lab)
    galleries = sheet["galleries"].items()
    return {
        **sheet,
        "whole": _whole_or_none(lab, sheet["photo"]),
        "cards": {name: _card(lab, rows, shape) for name, rows in galleries},
    }


@st.cache_data(max_entries=60, show_spinner=False)
def _rows(folder, photo_id, state, _lab) -> Sheet:
    photo = _lab.photo(photo_id)
    scores = _lab.scores(photo_id=photo_id)
    candidates = _lab.candidates(scores["model_id"].iloc[0], photo_id) if len(scores) else ()
    found = _lab.galleries([one.individual for one in candidates])
    galleries = {
        name: [row for row in rows if row["photo_id"] != photo_id] for name, rows in found.items()
    }
    return {"photo": photo, "candidates": candidates, "galleries": galleries}


def pair_of(lab, sheet: Sheet, place: int, against: int, shape: tuple[int, int]) -> tuple:
    """The photo and one of a candidate's, with their heatmaps; the second None where there is none.

    Parameters
    ----------
    place : int
        Of the candidate.
    against : int
        Of the photo in the candidate's gallery.
    """
    photo_id, state = sheet["photo"]["photo_id"], lab.state(*TABLES)
    given = (str(lab.folder), photo_id, place, against, shape, state, lab, sheet)
    pair = _pair(*given)
    if any(side is not None and side.picture is None for side in pair):
        _pair.clear(*given)
    return pair


@st.cache_data(max_entries=120, show_spinner=False)
def _pair(folder, photo_id, place, against, shape, state, _lab, _sheet) -> tuple:
    one = _sheet["candidates"][place]
    left = lab_side(_lab, _sheet["photo"], shape, "This photo", one.individual, None)
    others = _sheet["galleries"][one.individual]
    title = f"{one.rank}. {one.individual}"
    if not others:
        return left, None
    # Heatmaps side by side are of one kind where the lab has both.
    own = own_heatmap(_lab, photo_id, one.individual, None)
    return left, lab_side(_lab, others[against], shape, title, one.individual, own)


def read_ahead(lab, photo_id: str, shape: tuple[int, int]) -> None:
    """Prepare the pictures of the photo that comes next, so that it is there at once."""
    try:
        sheet = sheet_of(lab, photo_id, shape)
        if sheet["candidates"]:
            pair_of(lab, sheet, 0, 0, shape)
    except WhalecoreError:
        # Whatever is missing is said when the photo is looked at.
        return


def _whole_or_none(lab, row: dict) -> bytes | None:
    try:
        return _whole(str(lab.folder), row["photo_id"], row["crop"], lab, row)
    except WhalecoreError:
        return None


@st.cache_data(max_entries=200, show_spinner=False)
def _whole(folder, photo_id, crop, _lab, _photo) -> bytes:
    photo = _lab.read_photo(_photo)
    return thumbnail(draw_box(photo.pixels, _box(_photo) or photo.whole), WIDTH, 85)


def _card(lab, rows: list[dict], shape: tuple[int, int]) -> bytes | None:
    if not rows:
        return None
    row = rows[0]
    try:
        return _picture(str(lab.folder), row["photo_id"], row["crop"], shape, lab, row)
    except WhalecoreError:
        # The file is gone: the list stays whole.
        return thumbnail(blank(shape, CARD), CARD)


@st.cache_data(max_entries=600, show_spinner=False)
def _picture(folder, photo_id, crop, shape, _lab, _row) -> bytes:
    photo = _lab.read_photo(_row)
    return thumbnail(crop_of(photo, _box(_row) or photo.whole, shape, CARD), CARD)


def _box(row: dict) -> Box | None:
    edges = [row[f"crop_{edge}"] for edge in ("x0", "y0", "x1", "y1")]
    return None if None in edges else Box(*edges)
