"""Heatmaps: what of a photo speaks for each of its five candidates."""

from __future__ import annotations

import streamlit as st

from pages.parts.export import offer_photo_report
from pages.parts.frame import begin
from pages.parts.growing import COMPUTE, get_ready, say_how_made, show_growing
from pages.parts.guard import guarded, plain
from pages.parts.heatmap_compare import show_compare
from pages.parts.heatmap_five import show_five
from pages.parts.heatmap_panels import pick_look, show_probed
from pages.parts.labs import current_lab, drawings_note
from pages.parts.pictures import crop_shape, lab_crop, strength_slider
from pages.parts.progress import progress_bar
from pages.parts.settings import computed_settings, pick_occlusion, stopped_settings
from pages.parts.state import bound, read_view
from pages.parts.trusted_heatmaps import warn_of
from whalecore.glossary import explain
from whalecore.types import LAYERS, GradCamSettings, OcclusionSettings

LISTED = 1000
"""Photos that are offered at once."""


def pick_photo(lab, view) -> str | None:
    """The photo that is looked at; by default the first one that has heatmaps."""
    photos = lab.photos().set_index("photo_id")
    if photos.empty:
        st.info(f"The lab holds no photos: `python -m whalecore import PHOTOS --lab {lab.folder}`")
        return None
    explained = {key[0] for key in lab.computed_keys("heatmaps", ["photo_id"])} & set(photos.index)
    which, those = st.columns([3, 1], vertical_alignment="bottom")
    only = those.toggle(
        f"Only the {len(explained):,} photos that have heatmaps",
        bool(explained),
        key="only_explained",
    )
    labels = photos["name"] + " · " + photos["individual"].fillna("not named")
    choices = labels[labels.index.isin(explained)] if only else labels
    if len(choices) > LISTED:
        choices = narrowed(choices)
    current = view.photo if view.photo in photos.index else next(iter(choices.index), None)
    if view.photo not in (None, *photos.index):
        st.warning("The lab does not hold the photo in the address; another one is shown.")
    options = list(choices.index[:LISTED])
    if current not in options:
        options = [current, *options] if current else options
    named = labels.to_dict()
    which.selectbox("Photo", options, format_func=named.get, **bound("photo", current, "heatmaps"))
    return current


def narrowed(labels):
    """The labels that hold what the reader types: a list of thousands helps nobody."""
    typed = st.text_input(
        "Find a photo",
        key="find_photo",
        persist_state="session",
        max_chars=80,
        placeholder="part of a file name or of an individual's name",
    )
    found = labels[labels.str.contains(typed.strip(), case=False, regex=False)]
    if len(found) > LISTED:
        st.caption(f"{len(found):,} photos; the first {LISTED:,} are listed: type more letters.")
    elif found.empty:
        st.caption("No photo is called so, and no individual.")
    return found


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
    """An occlusion map, or the part of the page that computes it; whether it is finished."""
    names = [candidate[name] for name in ("model_id", "photo_id", "individual")]
    found = lab.heatmap(*names, settings.method, settings)
    if found is not None:
        show_probed(crop, found, strength, "osm")
        say_how_made(found)
        return True
    show_growing(lab, crop, candidate, settings, strength)
    return False


def show_grad_cam(lab, crop, candidate, settings, strength: float) -> None:
    """A Grad-CAM, or the button that computes it."""
    names = [candidate[name] for name in ("model_id", "photo_id", "individual")]
    found = lab.heatmap(*names, settings.method, settings)
    if found is not None:
        show_probed(crop, found, strength, "gradcam")
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
        looks, fading = st.columns(2, gap="large")
        with looks:
            look = pick_look(view)
        with fading:
            strength = strength_slider()
        if look != "one":
            with guarded("show these heatmaps side by side"):
                show = {"five": show_five, "compare": show_compare}[look]
                show(lab, view, candidate, crop, strength)
    if candidate is not None and look == "one":
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
        # Last, because a model may have to be loaded first.
        with osm, guarded("show the occlusion sensitivity map"):
            if not show_occlusion(lab, crop, candidate, occlusion, strength):
                get_ready(lab, candidate["model_id"], occlusion)
    if candidate is not None:
        with guarded("offer a page to print"):
            offer_photo_report(lab, photo_id)
