"""Identify: who is on the photo, what says so, and can it be believed?"""

from __future__ import annotations

import streamlit as st

from pages.parts.assessment import assessment_of, decoded, show_crop
from pages.parts.evidence import show_answers, show_changing, show_evidence
from pages.parts.frame import begin
from pages.parts.guard import guarded, plain
from pages.parts.hand import photos_in_hand
from pages.parts.labs import current_lab, drawings_note
from pages.parts.pictures import (
    crop_of,
    crop_or_blank,
    crop_shape,
    show_heatmap,
    strength_slider,
)
from pages.parts.state import change
from pages.parts.trusted_heatmaps import warn_of
from pages.parts.verdict import show_cluster, show_verdict
from whalecore.cluster_words import names_of
from whalecore.glossary import explain

GALLERY_PHOTOS = 3


def show_candidate(lab, candidate, heatmap, crop, shape, strength: float) -> None:
    """A candidate with the heatmap that speaks for it, beside photos of that individual."""
    st.subheader(plain(f"{candidate.rank}. {candidate.individual}"), divider="gray")
    left, right = st.columns([2, 3])
    with left:
        st.progress(
            min(1.0, max(0.0, candidate.score)),
            f"Score {candidate.score:.3f}",
        )
        if heatmap is None:
            st.image(crop, alt="The fluke")
        else:
            show_heatmap(crop, heatmap, strength)
    with right:
        known = lab.gallery(candidate.individual, limit=GALLERY_PHOTOS)
        if known.empty:
            st.caption("The lab holds no photo of this individual.")
            return
        st.caption("Photos of this individual", help=explain("gallery"))
        for column, photo in zip(st.columns(GALLERY_PHOTOS), known.itertuples(), strict=False):
            picture = crop_or_blank(lab, photo.photo_id, shape, 320)
            column.image(picture, width="stretch", alt=f"{photo.individual}, photo {photo.name}")
            column.caption(plain(photo.name))


def show_assessment(lab, photo) -> None:
    """Verdict, candidates and cluster of one photo."""
    found = assessment_of(lab, photo)
    left, right = st.columns([3, 2])
    with left:
        show_crop(lab, photo, found.prediction.crop)
    with right:
        show_verdict(found.verdict)
        show_answers(found.answers)
        cluster, clustering_id = found.cluster, lab.newest_clustering(ranks="top5")
        name = names_of(lab.cluster_names(clustering_id)).get(cluster.id) if cluster else None
        show_cluster(cluster, name)
        words = "Open the nearest cluster" if cluster and cluster.unlike else "Open this cluster"
        if cluster is not None and st.button(words, icon=":material/scatter_plot:"):
            change(cluster=cluster.id, clustering=clustering_id, tab=None, other=None)
            st.switch_page("pages/clusters.py")
    made_from = st.expander("What the verdict was made from", icon=":material/fact_check:")
    with made_from, guarded("list the evidence"):
        show_evidence(lab, found)
    with guarded("show who has similar tips"):
        show_changing(lab, found)
    st.header("Candidates", help=explain("candidate") + " " + explain("score"))
    shown = st.toggle("Show heatmaps over the photo", True, help=explain("osm"))
    strength = strength_slider() if shown else 0.0
    if shown:
        warn_of(lab, "osm")
    shape = crop_shape(lab, found.prediction.model_id)
    crop = crop_of(photo, found.prediction.crop.box, shape)
    for candidate in found.prediction.candidates:
        heatmap = found.heatmaps.get(candidate.individual) if shown else None
        show_candidate(lab, candidate, heatmap, crop, shape, strength)


begin("Identify")
with guarded("identify this photo"):
    lab = current_lab()
    drawings_note(lab)
    held = photos_in_hand(lab)
    if not held:
        st.markdown(
            "Drop a photo of a fluke above. You will see the five most likely individuals, "
            "what on the photo speaks for each of them, and whether the answer can be believed."
        )
    else:
        name = next(iter(held))
        if len(held) > 1:
            name = st.selectbox("Photo", list(held)[::-1])
        with guarded(f"identify {name}"):
            show_assessment(lab, decoded(held[name], name))
