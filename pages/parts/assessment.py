"""The assessment of a photo, computed once a session, and the boxes drawn on it."""

from __future__ import annotations

import streamlit as st

from pages.parts.progress import progress_bar
from whalecore.glossary import explain
from whalecore.overlays import draw_box
from whalecore.types import Box, Photo

KEPT = 12
"""Assessments kept in a session."""

SOURCES = {
    "corrected": "corrected by hand",
    "given": "given with the collection",
    "detector": "found by the detector",
    "whole": "the whole photo, because no fluke was found: please correct it",
}


@st.cache_data(max_entries=8, show_spinner=False)
def decoded(data: bytes, name: str) -> Photo:
    """The photo of an upload, upright and checked."""
    from whalecore.photos.decode import load_photo

    return load_photo(data, name=name)


@st.cache_resource(max_entries=2, show_spinner="Loading the model")
def _identifier(folder: str, model_id: str | None, _lab):
    return _lab.identifier(model_id)


def assessment_of(lab, photo: Photo):
    """What the lab says about a photo; computed when photo, box, model or clusters changed."""
    model_id = lab.newest_model_id()
    remembered = lab.crop(photo.photo_id)
    clustering_id = lab.newest_clustering(ranks="top5")
    key = (
        str(lab.folder),
        model_id,
        clustering_id,
        str(lab.rules(model_id, clustering_id)) if model_id else None,
        photo.photo_id,
        remembered.box.key if remembered else None,
    )
    kept = st.session_state.setdefault("assessments", {})
    if key not in kept:
        place = st.empty()
        with place.container():
            identifier = _identifier(str(lab.folder), model_id, lab)
            report = progress_bar("Looking at the photo")
            kept[key] = lab.assess(photo, identifier=identifier, report=report)
        place.empty()
        while len(kept) > KEPT:
            kept.pop(next(iter(kept)))
    return kept[key]


def show_crop(lab, photo: Photo, crop) -> None:
    """The photo with the fluke's box, and two sliders that correct it."""
    preview = st.container()
    with st.expander("Correct the crop", expanded=crop.source == "whole"):
        key = f"{photo.photo_id}_{crop.box.key}"
        edges = _clipped(crop.box, photo)
        x0, x1 = st.slider("Left and right edge", 0, photo.width, edges[:2], key=f"across_{key}")
        y0, y1 = st.slider("Upper and lower edge", 0, photo.height, edges[2:], key=f"down_{key}")
        moved = (x0, x1, y0, y1) != (*edges[:2], *edges[2:])
        empty = x1 <= x0 or y1 <= y0
        if st.button("Use this crop", type="primary", disabled=not moved or empty):
            lab.correct_crop(photo.photo_id, Box(x0, y0, x1, y1), photo)
            st.rerun()
    box = Box(x0, y0, x1, y1) if moved and not empty else crop.box
    with preview:
        st.image(
            draw_box(photo.pixels, box), width="stretch", alt="The photo with a box on the fluke"
        )
        st.caption(f"Crop: {SOURCES.get(crop.source, crop.source)}", help=explain("crop"))


def _clipped(box: Box, photo: Photo) -> tuple[int, int, int, int]:
    across = (max(0, round(box.x0)), min(photo.width, round(box.x1)))
    down = (max(0, round(box.y0)), min(photo.height, round(box.y1)))
    return (*across, *down)
