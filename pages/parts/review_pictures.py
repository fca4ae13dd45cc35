"""What a photo of the pile is shown with, read once and kept: the next photo's is read ahead.

What could not be read is not kept: the file may come back.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.compare import Side
from pages.parts.pictures import blank, crop_of, crop_shape, telling
from pages.parts.sides import MapKind, Wanted, lab_side
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


@dataclass(frozen=True)
class Pair:
    """What is compared; no right side where the candidate has no other photo.

    Attributes
    ----------
    wanted : tuple of Wanted
        Heatmaps of either side that are not there and can be made.
    """

    left: Side
    right: Side | None
    wanted: tuple[Wanted, ...]


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
        ``photo`` (row of `photos`), ``whole`` (the photo with its box, WebP), ``model_id`` (whose
        scores count), ``candidates``, ``galleries`` (rows by individual, without the photo itself)
        and ``cards`` (a picture of each candidate, WebP, or None).
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
    model_id = scores["model_id"].iloc[0] if len(scores) else ""
    candidates = _lab.candidates(model_id, photo_id)
    found = _lab.galleries([one.individual for one in candidates])
    galleries = {
        name: [row for row in rows if row["photo_id"] != photo_id] for name, rows in found.items()
    }
    return {
        "photo": photo,
        "model_id": model_id,
        "candidates": candidates,
        "galleries": galleries,
    }


def pair_of(lab, sheet: Sheet, place: int, against: int, shape: tuple[int, int]) -> Pair:
    """The photo and one of a candidate's, with their heatmaps.

    Parameters
    ----------
    place : int
        Of the candidate.
    against : int
        Of the photo in the candidate's gallery.
    """
    photo_id, state = sheet["photo"]["photo_id"], lab.state(*TABLES)
    usual = lab.usual_occlusion().key
    given = (str(lab.folder), photo_id, place, against, shape, usual, state, lab, sheet)
    pair = _pair(*given)
    if any(side is not None and side.picture is None for side in (pair.left, pair.right)):
        _pair.clear(*given)
    return pair


@st.cache_data(max_entries=120, show_spinner=False)
def _pair(folder, photo_id, place, against, shape, usual, state, _lab, _sheet) -> Pair:
    one = _sheet["candidates"][place]
    kind = MapKind(_sheet["model_id"], usual)
    left, own = lab_side(_lab, _sheet["photo"], shape, "This photo", one.individual, kind)
    others = _sheet["galleries"][one.individual]
    right = theirs = None
    if others:
        title = f"{one.rank}. {one.individual}"
        right, theirs = lab_side(_lab, others[against], shape, title, one.individual, kind)
    return Pair(left, right, tuple(wanted for wanted in (own, theirs) if wanted is not None))


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
    row = telling(rows)
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
