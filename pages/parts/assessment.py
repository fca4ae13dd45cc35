"""The assessment of a photo, computed once, and the box drawn on the photo."""

from __future__ import annotations

import streamlit as st

from pages.parts.growing import draw, empty_heatmap, identifier_of
from pages.parts.guard import plain
from pages.parts.pictures import crop_of, crop_shape
from pages.parts.progress import progress_bar
from pages.parts.shared import shared_assessments
from whalecore.glossary import explain
from whalecore.lab.gallery import embed_decided
from whalecore.overlays import draw_box
from whalecore.types import Box, Photo

STRENGTH = 0.8
"""Of the heatmap that is drawn while it grows, until the reader chooses another."""

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


def assessment_of(lab, photo: Photo):
    """What the lab says about a photo; computed when photo, box, model, rules or clusters changed.

    Two readers of one photo share the work: the second waits for the first.
    """
    place = st.empty()

    def compute():
        with place.container():
            identifier = identifier_of(lab, lab.newest_model_id())
            report = progress_bar("Looking at the photo", "places")
            growing = _first_map(lab, photo)
            return lab.assess(photo, identifier=identifier, report=report, growing=growing)

    key = _key(lab, [photo], place)
    found = shared_assessments().get(key, compute, lambda: _wait(place))
    place.empty()
    return found


def joint_assessment_of(lab, photos: list[Photo]):
    """What the lab says about photos of one animal; shared as `assessment_of`."""
    place = st.empty()

    def compute():
        with place.container():
            identifier = identifier_of(lab, lab.newest_model_id())
            report = progress_bar(f"Looking at {len(photos)} photos, one after another", "places")
            return lab.assess_together(photos, identifier=identifier, report=report)

    key = ("together", *_key(lab, photos, place))
    found = shared_assessments().get(key, compute, lambda: _wait(place))
    place.empty()
    return found


def _key(lab, photos: list[Photo], place) -> tuple:
    """Everything that an assessment depends on."""
    model_id, clustering_id = lab.newest_model_id(), lab.usual_clustering()
    rules = str(lab.rules(model_id, clustering_id)) if model_id else None
    if model_id:
        # First: what an assessment would write itself must not call for another one.
        with place.container(), st.spinner("Loading the model"):
            embed_decided(lab, identifier_of(lab, model_id))
    seen = []
    for photo in photos:
        crop = lab.crop(photo.photo_id)
        seen.append((photo.photo_id, crop.box.key if crop else None))
    # Rows alone: a decision about an uploaded photo changes none of these tables by itself.
    state = lab.state("embeddings_rows", "scores_rows", "assignments_rows")
    # A decision that names a new individual puts it on the list.
    listed = lab.further_state(model_id) if model_id else None
    return (str(lab.folder), model_id, clustering_id, rules, state, listed, *seen)


def _wait(place) -> None:
    place.info(
        "This photo is being looked at in another window just now: the answer comes from there.",
        icon=":material/hourglass_top:",
    )


def _first_map(lab, photo: Photo):
    """A place for the first candidate's map, and the function that draws it there as it grows."""
    left, right = st.columns([2, 3])
    picture, words = left.empty(), right.empty()
    settings = lab.usual_occlusion()

    def growing(maps, prediction) -> None:
        first = prediction.candidates[0]
        heatmap = empty_heatmap(
            photo.photo_id,
            prediction.model_id,
            first.individual,
            first.rank,
            first.score,
            settings,
        )
        crop = crop_of(photo, prediction.crop.box, crop_shape(lab, prediction.model_id))
        words.markdown(
            f"**{plain(first.individual)}** is the first candidate. Whether that can be believed "
            "is said when its map is finished."
        )
        with picture.container():
            draw(crop, maps, heatmap, settings, st.session_state.get("strength", STRENGTH))

    return growing


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
