"""Marks that the photo in hand shares with a photo of the lab, shown on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.parts.compare import Side
from whalecore.glossary import explain
from whalecore.mark_layer import mark_layer
from whalecore.photo_words import mark_words
from whalecore.types import Box, Photo

TOGGLE = "identify_marks"


def want_marks() -> bool:
    """The switch between heatmaps and matching marks."""
    return st.toggle("Matching marks", key=TOGGLE, help=explain("matching marks"))


def show_marks(candidate) -> None:
    """How many marks the photo in hand shares with the candidate's photos, where they count."""
    words = mark_words(getattr(candidate, "marks", None))
    if words:
        st.caption(words, help=explain("matching marks"))


def opened_at(ids: Sequence[str], against: str | None, candidate) -> int:
    """Place of the photo that is compared: the address's, else the best match, else the newest."""
    for one in (against, getattr(candidate, "matched_photo", None)):
        if one in ids:
            return ids.index(one)
    return 0


def place_words(ids: Sequence[str], place: int, candidate) -> str:
    """Which of the candidate's photos is shown."""
    if not ids:
        return ""
    best = ids[place] == getattr(candidate, "matched_photo", None)
    return f"photo {place + 1} of {len(ids)}, {'the best match' if best else 'newest first'}"


def with_marks(lab, photo: Photo, box: Box, row, left: Side, right: Side) -> tuple[Side, Side]:
    """Both sides with rings around the marks they share in place of the heatmaps.

    Parameters
    ----------
    box : Box
        The fluke on the photo in hand.
    row : mapping
        Of `photos`: the photo of the lab on the right.
    """
    if right.picture is None:
        return left, right
    from whalecore.photos.keypoint_matches import match
    from whalecore.photos.keypoints import KeypointSettings

    shape = KeypointSettings().height, KeypointSettings().width
    with st.spinner("Looking for marks that both photos show ..."):
        found = match(
            _marks(photo.photo_id, box, photo, lab), _marks_of_lab(lab, row["photo_id"])
        ).left_to_right()
    count = len(found.query)
    words = f"{count} matching marks" if count else "No matching marks were found"
    sides = ((left, found.query), (right, found.other))
    return tuple(
        replace(
            side,
            heatmap=mark_layer(points, shape) if count else None,
            heatmap_alt=words,
            lines=(*(side.lines[:-1] if side.heatmap else side.lines), words),
            note="",
        )
        for side, points in sides
    )


def _marks_of_lab(lab, photo_id: str):
    photo = lab.read_photo(photo_id)
    crop = lab.crop(photo_id)
    return _marks(photo_id, crop.box if crop else photo.whole, photo, lab)


@st.cache_data(max_entries=500, show_spinner=False)
def _marks(photo_id: str, box: Box, _photo: Photo, _lab):
    from whalecore.photos.keypoints import KeypointSettings

    # As they are counted for the score.
    return _lab.remembered_keypoints(KeypointSettings()).on(_photo, box)
