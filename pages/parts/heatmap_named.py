"""A photo's heatmaps for somebody asked for by name: to be looked at, counting in nothing."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.growing import say_how_made
from pages.parts.heatmap_panels import show_probed
from pages.parts.make_heatmap import offer_heatmaps
from pages.parts.sides import MapKind, Wanted
from whalecore.glossary import explain
from whalecore.heatmap_words import UNCOUNTED
from whalecore.lab.named import named_heatmap
from whalecore.types import HeatmapSettings


def say_uncounted(candidate) -> None:
    """What such heatmaps say and what they do not."""
    st.info(
        UNCOUNTED[candidate["uncounted"]],
        icon=":material/school:" if candidate["uncounted"] == "learned" else ":material/info:",
    )
    st.caption(
        "These heatmaps count in no cluster, no figure and no verdict.",
        help=explain("heatmap asked for by name"),
    )


def show_named(
    lab, crop: np.ndarray, candidate, settings: HeatmapSettings, strength: float
) -> None:
    """A heatmap by name, or the button that makes it."""
    names = [candidate[name] for name in ("model_id", "photo_id", "individual")]
    picture = st.container()
    found = named_heatmap(lab, *names, settings)
    if found is None:
        kind = MapKind(candidate["model_id"], settings.key)
        wanted = Wanted(candidate["photo_id"], candidate["individual"], kind)
        if offer_heatmaps(lab, [wanted], "Make this heatmap", settings.key):
            found = named_heatmap(lab, *names, settings)
    with picture:
        if found is None:
            st.image(crop, alt="The fluke without a heatmap")
            st.caption("This heatmap is not made yet.")
            return
        show_probed(crop, found, strength, f"named_{settings.method}")
        if settings.method == "osm":
            say_how_made(found)
