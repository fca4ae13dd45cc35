"""Heatmaps: what of a photo speaks for each of its five candidates."""

from __future__ import annotations

import streamlit as st

from pages.parts.export import offer_photo_report
from pages.parts.frame import begin
from pages.parts.growing import COMPUTE, get_ready, say_how_made, show_growing
from pages.parts.guard import guarded
from pages.parts.heatmap_compare import show_compare
from pages.parts.heatmap_five import show_five
from pages.parts.heatmap_named import say_uncounted, show_named
from pages.parts.heatmap_panels import pick_look, show_probed
from pages.parts.heatmap_pick import pick_candidate, pick_photo
from pages.parts.labs import current_lab, drawings_note
from pages.parts.pictures import crop_shape, lab_crop, strength_slider
from pages.parts.progress import progress_bar
from pages.parts.settings import computed_settings, pick_occlusion, stopped_settings
from pages.parts.state import LOOKS, bound, read_view
from pages.parts.trusted_heatmaps import warn_of
from whalecore.glossary import explain
from whalecore.types import LAYERS, GradCamSettings, OcclusionSettings


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
        looks, fading = st.columns([3, 2], gap="large")
        by_name = candidate["uncounted"] is not None
        with looks:
            # Beside each other stand the candidates of a score, and here is none.
            look = LOOKS[0] if by_name else pick_look(view)
            if by_name:
                say_uncounted(candidate)
        with fading:
            strength = strength_slider()
        if look != "one":
            with guarded("show these heatmaps side by side"):
                show = {"five": show_five, "compare": show_compare}[look]
                show(lab, view, candidate, crop, strength)
    if candidate is not None and look == "one":
        name = candidate["individual"] if by_name else None
        computed = computed_settings(lab, photo_id, candidate["model_id"], name)
        stopped = stopped_settings(lab, photo_id, candidate["model_id"])
        left, right = st.columns(2)
        with left, guarded("choose the occlusion sensitivity map"):
            st.subheader("Occlusion sensitivity map", help=explain("osm"))
            warn_of(lab, "osm")
            occlusion = pick_occlusion(
                [s for s in computed if isinstance(s, OcclusionSettings)], stopped, view
            )
        layer = view.layer or LAYERS[-1]
        with right, guarded("choose the layer"):
            st.subheader("Grad-CAM", help=explain("grad-cam"))
            warn_of(lab, "gradcam")
            st.radio(
                "Layer",
                LAYERS,
                horizontal=True,
                help=explain("layer"),
                **bound("layer", layer, "heatmaps"),
            )
        # A row of their own, so that the two pictures stand at one height.
        osm, cam = st.columns(2)
        with cam, guarded("show the Grad-CAM"):
            show = show_named if by_name else show_grad_cam
            show(lab, crop, candidate, GradCamSettings(layer), strength)
        # Last, because a model may have to be loaded first.
        with osm, guarded("show the occlusion sensitivity map"):
            if by_name:
                show_named(lab, crop, candidate, occlusion, strength)
            elif not show_occlusion(lab, crop, candidate, occlusion, strength):
                get_ready(lab, candidate["model_id"], occlusion)
    if candidate is not None and not by_name:
        with guarded("offer a page to print"):
            offer_photo_report(lab, photo_id)
