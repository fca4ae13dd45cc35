"""Which heatmap settings a photo has, and which the reader wants."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts.state import LARGEST_PATCH, SPEEDS, View, bound, change
from whalecore.glossary import explain
from whalecore.heatmap_words import nothing_saved, occlusion_words
from whalecore.lab.named import model_of
from whalecore.types import HeatmapSettings, OcclusionSettings, settings_from_key

DEFAULT = OcclusionSettings(patch=16, stride=8)

PATCH, STRIDE = "Patch, in pixels", "Stride, in pixels"


def computed_settings(
    lab, photo_id: str, model_id: str, by_name: str | None = None
) -> list[HeatmapSettings]:
    """Settings of the heatmaps that a photo has.

    Parameters
    ----------
    by_name : str, optional
        Only those that were asked for by this individual's name; without it, of candidates.
    """
    options = lab.heatmap_options(photo_id)
    if by_name is None:
        options = options[options["scored"] & (options["model_id"] == model_id)]
    else:
        same = options["model_id"].map(model_of) == model_id
        options = options[same & (options["individual"] == by_name)]
    return [settings_from_key(key) for key in dict.fromkeys(options["settings"])]


def stopped_settings(lab, photo_id: str, model_id: str) -> list[OcclusionSettings]:
    """Settings of the occlusion maps of a photo that were stopped."""
    keys = lab.computed_keys(
        "unfinished_heatmaps", ["settings"], photo_id=photo_id, model_id=model_id
    )
    return [settings_from_key(key) for (key,) in sorted(keys)]


def pick_occlusion(
    computed: list[OcclusionSettings], stopped: list[OcclusionSettings], view: View
) -> OcclusionSettings:
    """Patch and stride, among what is there or as typed under "Other", and exact or fast."""
    wanted = _closest(computed or stopped, view)
    shown = replace(wanted, accuracy=1.0)
    there = [replace(one, accuracy=1.0) for one in (*computed, *stopped)]
    choices = list(dict.fromkeys(there if shown in there else [shown, *there]))
    key = "heatmaps_occlusion"
    st.session_state[key] = shown

    def take() -> None:
        chosen = st.session_state[key]
        change(patch=chosen.patch, stride=chosen.stride, target=chosen.target)

    column, other = st.columns([3, 1], vertical_alignment="bottom")
    column.selectbox(
        "Patch and stride",
        choices,
        format_func=lambda one: occlusion_words(replace(one, accuracy=1.0)),
        key=key,
        on_change=take,
        help=explain("patch") + " " + explain("stride"),
    )
    with other.popover("Other"):
        patch = st.number_input(
            PATCH, 1, LARGEST_PATCH, help=explain("patch"), **bound("patch", wanted.patch, "h")
        )
        st.number_input(
            STRIDE, 1, patch, help=explain("stride"), **bound("stride", wanted.stride, "h")
        )
    _pick_speed(wanted)
    return wanted


def _pick_speed(wanted: OcclusionSettings) -> None:
    key = "heatmaps_speed"
    st.session_state[key] = "exact" if wanted.exact else "fast"

    def take() -> None:
        change(speed=st.session_state[key])

    # A fast map that is there can be left for the exact one, even where it saved nothing.
    fast = wanted.fast if wanted.exact else wanted
    about = f" (estimated, about r = {fast.accuracy:g})" if fast else ""
    words = {"exact": "exact", "fast": "fast" + about}
    st.radio(
        "Values",
        SPEEDS,
        format_func=words.get,
        horizontal=True,
        key=key,
        on_change=take,
        disabled=fast is None,
        help=" ".join(
            [explain("exact"), explain("fast"), *([] if fast else [nothing_saved(wanted.stride)])]
        ),
    )


def _closest(there: list[OcclusionSettings], view: View) -> OcclusionSettings:
    """What the address asks for; where it asks for nothing, the finest that is there."""
    usual = min(there, key=lambda one: (one.stride, one.patch), default=DEFAULT)
    patch = view.patch or usual.patch
    stride = view.stride or min(usual.stride, patch)
    same = [one for one in there if (one.patch, one.stride) == (patch, stride)]
    # Without a choice the score's map comes before the logit's, and of these the most accurate.
    same.sort(key=lambda one: (one.target != (view.target or DEFAULT.target), -one.accuracy))
    if view.target is not None:
        same = [one for one in same if one.target == view.target]
    for one in same:
        if view.speed in (None, "exact" if one.exact else "fast"):
            return one
    target = view.target or (same[0].target if same else DEFAULT.target)
    exact = OcclusionSettings(max(patch, stride), stride, target=target)
    return (exact.fast if view.speed == "fast" else None) or exact
