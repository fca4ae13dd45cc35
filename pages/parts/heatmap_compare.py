"""Two heatmaps of one photo side by side, and how they differ."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.guard import plain
from pages.parts.heatmap_drawn import legend_of, picture_over
from pages.parts.heatmap_panels import (
    heatmap_panel,
    kind_words,
    kinds_of,
    offer_computing,
    pick_kind,
    stored,
)
from pages.parts.heatmap_probe import Panel, probe
from pages.parts.pictures import is_dark
from pages.parts.state import bound
from pages.parts.trusted_heatmaps import warn_of
from whalecore import overlays
from whalecore.cluster_words import agreement_words
from whalecore.glossary import explain
from whalecore.types import GradCamSettings, Heatmap


def show_compare(lab, view, candidate, crop: np.ndarray, strength: float) -> None:
    """Two methods, patch sizes, layers or individuals, with the difference of the two."""
    kinds = kinds_of(lab, candidate)
    names = lab.scores(photo_id=candidate["photo_id"])["individual"].drop_duplicates().tolist()
    own = candidate["individual"]
    columns = st.columns(2)
    with columns[0]:
        left = pick_kind("Left heatmap", "left", kinds, view.left, kinds[0])
        st.caption(plain(f"For {own}, the candidate chosen above."))
    with columns[1]:
        right = pick_kind("Right heatmap", "right", kinds, view.right, GradCamSettings().key)
        rival = view.rival if view.rival in names else own
        st.selectbox(
            "Right heatmap's candidate",
            names,
            help=explain("candidate"),
            **bound("rival", rival, "heatmaps"),
        )
    sides = [
        (left, stored(lab, candidate, own, left)),
        (right, stored(lab, candidate, rival, right)),
    ]
    missing = [key for key, heatmap in sides if heatmap is None]
    if missing:
        # One after the other: one computing is watched at a time.
        offer_computing(lab, candidate, crop, missing[0], strength)
        return
    for method in dict.fromkeys(heatmap.method for _, heatmap in sides):
        warn_of(lab, method)
    one, two = (heatmap for _, heatmap in sides)
    panels = [
        heatmap_panel(crop, heatmap, strength, f"{heatmap.individual} · {kind_words(key)}")
        for key, heatmap in sides
    ]
    probe([*panels, _difference(crop, one, two, strength)], "compare", columns=3)
    st.markdown(agreement_words(one.values, two.values), help=explain("agreement of two heatmaps"))
    st.caption(
        "For the difference both heatmaps are brought to the finer of their grids, and each is "
        "divided by its own strongest value, because methods, patches and layers have other units: "
        "green where the left one is higher, purple where the right one is. Grad-CAM never falls "
        "below zero, so that it is the higher one wherever an occlusion map is purple.",
        help=explain("difference of two heatmaps"),
    )


def _difference(crop: np.ndarray, one: Heatmap, two: Heatmap, strength: float) -> Panel:
    values = overlays.difference(one.values, two.values)
    limit = overlays.scale_limit(values)
    words = ("right is higher", "share of the strongest value", "left is higher")
    return Panel(
        title="Left minus right",
        alt=f"Difference of the two heatmaps, at most {limit:.2f}",
        picture=picture_over(crop, values, strength, limit),
        values=values,
        unit="of the strongest value",
        legend=legend_of(limit, strength=max(strength, 0.05), dark=is_dark(), words=words),
        legend_alt=f"Scale from {-limit:.2g} to {limit:.2g}",
    )
