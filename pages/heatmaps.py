"""Heatmaps: what of a photo speaks for each of its five candidates."""

from __future__ import annotations

import streamlit as st

from pages.parts.frame import begin
from pages.parts.growing import (
    COMPUTE,
    STOP,
    empty_heatmap,
    get_ready,
    grow,
    say_how_far,
    say_how_made,
)
from pages.parts.guard import guarded, plain
from pages.parts.labs import current_lab, drawings_note
from pages.parts.pictures import crop_shape, lab_crop, show_heatmap, strength_slider
from pages.parts.progress import progress_bar
from pages.parts.settings import computed_settings, pick_occlusion, stopped_settings
from pages.parts.state import bound, read_view
from pages.parts.trusted_heatmaps import warn_of
from whalecore.glossary import explain
from whalecore.types import LAYERS, GradCamSettings, OcclusionSettings


def pick_photo(lab, view) -> str | None:
    """The photo that is looked at; by default the first one that has heatmaps."""
    photos = lab.photos().set_index("photo_id")
    if photos.empty:
        st.info(f"The lab holds no photos: `python -m whalecore import PHOTOS --lab {lab.folder}`")
        return None
    explained = {key[0] for key in lab.computed_keys("heatmaps", ["photo_id"])} & set(photos.index)
    only = st.toggle(
        f"Only the {len(explained)} photos that have heatmaps",
        bool(explained),
        key="only_explained",
    )
    choices = [name for name in photos.index if name in explained or not only]
    current = view.photo if view.photo in photos.index else next(iter(choices), None)
    if view.photo not in (None, *photos.index):
        st.warning("The lab does not hold the photo in the address; another one is shown.")
    if current not in choices:
        choices = [current, *choices] if current else choices

    def label(photo_id: str) -> str:
        row = photos.loc[photo_id]
        individual = row["individual"]
        return f"{row['name']} · {individual if isinstance(individual, str) else 'not named'}"

    st.selectbox("Photo", choices, format_func=label, **bound("photo", current, "heatmaps"))
    return current


def pick_candidate(lab, view, photo_id: str):
    """One of the five candidates of a photo, as a row of its scores; None without scores."""
    scores = lab.scores(photo_id=photo_id)
    if scores.empty:
        st.info(
            "This photo has no score: a model learned from it, or it waits to be scored (the page "
            "Lab shows the command); choose one of the photos that have heatmaps."
        )
        return None
    rows = scores.set_index("individual")
    current = view.individual if view.individual in rows.index else rows.index[0]

    def label(name: str) -> str:
        row = rows.loc[name]
        mark = " · named by the catalogue" if row["is_reference"] else ""
        return plain(f"{row['rank']}. {name} · {row['score']:.3f}{mark}")

    st.radio(
        "Candidate",
        list(rows.index),
        format_func=label,
        horizontal=True,
        help=explain("candidate") + " " + explain("score"),
        **bound("individual", current, "heatmaps"),
    )
    return scores[scores["individual"] == current].iloc[0]


def show_occlusion(lab, crop, candidate, settings, strength: float) -> bool:
    """An occlusion map, or the button that computes it and its growth; whether it is finished."""
    names = [candidate[name] for name in ("model_id", "photo_id", "individual")]
    found = lab.heatmap(*names, settings.method, settings)
    if found is not None:
        show_heatmap(crop, found, strength)
        say_how_made(found)
        return True
    stopped = lab.unfinished_heatmap(*names, settings)
    key = f"compute_{settings.key}"
    computing = st.session_state.get(key, False)
    with st.container(horizontal=True):
        words = "Continue" if stopped else "Compute it for all five candidates"
        st.button(words, key=key, icon=COMPUTE, disabled=computing)
        # A click starts the page anew, which ends the computing.
        st.button("Stop", key=f"stop_{settings.key}", icon=STOP, disabled=not computing)
    bar, place = st.empty(), st.empty()
    with place.container():
        if stopped is None:
            st.image(crop, alt="The fluke without a heatmap")
            st.caption("This heatmap is not computed yet.")
        else:
            say_how_far(stopped.computed, stopped.values.size, settings)
            show_heatmap(crop, stopped, strength)
    if computing:
        with bar.container():
            names = ("photo_id", "model_id", "individual", "rank", "score")
            heatmap = empty_heatmap(*(candidate[name] for name in names), settings)
            grow(lab, crop, heatmap, settings, strength, place)
        st.rerun()
    return False


def show_grad_cam(lab, crop, candidate, settings, strength: float) -> None:
    """A Grad-CAM, or the button that computes it."""
    names = [candidate[name] for name in ("model_id", "photo_id", "individual")]
    found = lab.heatmap(*names, settings.method, settings)
    if found is not None:
        show_heatmap(crop, found, strength)
        return
    st.image(crop, alt="The fluke without a heatmap")
    st.caption("This heatmap is not computed yet.")
    if st.button("Compute it for all five candidates", key=f"compute_{settings.key}", icon=COMPUTE):
        from whalecore.workflow.explain import explain_photo

        explain_photo(lab, candidate["photo_id"], settings, progress_bar("Computing"))
        st.rerun()


begin("Heatmaps")
with guarded("show this photo"):
    lab, view = current_lab(), read_view()
    drawings_note(lab)
    photo_id = pick_photo(lab, view)
    candidate = pick_candidate(lab, view, photo_id) if photo_id else None
    if candidate is not None:
        crop = lab_crop(lab, photo_id, crop_shape(lab, candidate["model_id"]))
        strength = strength_slider()
        computed = computed_settings(lab, photo_id, candidate["model_id"])
        stopped = stopped_settings(lab, photo_id, candidate["model_id"])
        left, right = st.columns(2)
        with left, guarded("show the occlusion sensitivity map"):
            st.subheader("Occlusion sensitivity map", help=explain("osm"))
            warn_of(lab, "osm")
            occlusion = pick_occlusion(
                [s for s in computed if isinstance(s, OcclusionSettings)], stopped, view
            )
            osm = st.container()
        with right, guarded("show the Grad-CAM"):
            st.subheader("Grad-CAM", help=explain("grad-cam"))
            warn_of(lab, "gradcam")
            layer = view.layer or LAYERS[-1]
            st.radio(
                "Layer",
                LAYERS,
                horizontal=True,
                help=explain("layer"),
                **bound("layer", layer, "heatmaps"),
            )
            show_grad_cam(lab, crop, candidate, GradCamSettings(layer), strength)
        # Last, because the page waits here while a map is computed.
        with osm, guarded("show the occlusion sensitivity map"):
            if not show_occlusion(lab, crop, candidate, occlusion, strength):
                get_ready(lab, candidate["model_id"], occlusion)
