"""Which heatmap settings a photo has, and which the reader wants."""

from __future__ import annotations

import streamlit as st

from pages.parts.state import LARGEST_PATCH, View, bound, change
from whalecore.glossary import explain
from whalecore.types import HeatmapSettings, OcclusionSettings, settings_from_key

DEFAULT = OcclusionSettings(patch=16, stride=8)


def computed_settings(lab, photo_id: str, model_id: str) -> list[HeatmapSettings]:
    """Settings of the heatmaps that a photo has."""
    options = lab.heatmap_options(photo_id)
    keys = options.loc[options["model_id"] == model_id, "settings"]
    return [settings_from_key(key) for key in dict.fromkeys(keys)]


def pick_occlusion(computed: list[OcclusionSettings], view: View) -> OcclusionSettings:
    """Patch and stride, among what is computed or as typed under "Other values"."""
    wanted = _closest(computed, view)
    choices = computed if wanted in computed else [wanted, *computed]
    key = "heatmaps_occlusion"
    st.session_state[key] = wanted

    def take() -> None:
        change(patch=st.session_state[key].patch, stride=st.session_state[key].stride)

    column, other = st.columns([3, 1], vertical_alignment="bottom")
    column.selectbox(
        "Patch and stride",
        choices,
        format_func=lambda one: f"patch {one.patch}, stride {one.stride}, {_UNITS[one.target]}",
        key=key,
        on_change=take,
        help=explain("patch") + " " + explain("stride"),
    )
    with other.popover("Other"):
        patch = st.number_input(
            "Patch", 1, LARGEST_PATCH, help=explain("patch"), **bound("patch", wanted.patch, "h")
        )
        st.number_input(
            "Stride", 1, patch, help=explain("stride"), **bound("stride", wanted.stride, "h")
        )
    return wanted


_UNITS = {"probability": "in score", "logit": "in logit"}


def _closest(computed: list[OcclusionSettings], view: View) -> OcclusionSettings:
    """What the address asks for; where it asks for nothing, the finest that is computed."""
    usual = min(computed, key=lambda one: (one.stride, one.patch), default=DEFAULT)
    patch = view.patch or usual.patch
    stride = view.stride or min(usual.stride, patch)
    for one in computed:
        if (one.patch, one.stride) == (patch, stride):
            return one
    return OcclusionSettings(max(patch, stride), stride)
