"""The five candidates' heatmaps of one photo as small multiples, on one scale."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.heatmap_panels import (
    heatmap_panel,
    kinds_of,
    offer_computing,
    pick_kind,
    stored,
)
from pages.parts.heatmap_probe import probe
from pages.parts.trusted_heatmaps import warn_of
from whalecore import overlays
from whalecore.glossary import explain


def show_five(lab, view, candidate, crop: np.ndarray, strength: float) -> None:
    """What speaks for each of the five candidates, side by side."""
    kinds = kinds_of(lab, candidate)
    key = pick_kind("Kind of heatmap", "left", kinds, view.left, kinds[0])
    scores = lab.scores(photo_id=candidate["photo_id"])
    scores = scores[scores["model_id"] == candidate["model_id"]]
    found = [(row, stored(lab, candidate, row.individual, key)) for row in scores.itertuples()]
    there = [(row, heatmap) for row, heatmap in found if heatmap is not None]
    if not there:
        offer_computing(lab, candidate, crop, key, strength)
        return
    for method in dict.fromkeys(heatmap.method for _, heatmap in there):
        warn_of(lab, method)
    limit = overlays.scale_limit(*(heatmap.values for _, heatmap in there))
    panels = [
        heatmap_panel(
            crop,
            heatmap,
            strength,
            f"{row.rank}. {row.individual} · {row.score:.3f}{' ✓' if row.is_reference else ''}",
            limit,
        )
        for row, heatmap in there
    ]
    probe(panels, "five", columns=3)
    st.caption(
        "One colour scale for all: a pale heatmap has less influence on its score than a strong "
        "one. ✓ the individual that the catalogue names.",
        help=explain("colour scale"),
    )
