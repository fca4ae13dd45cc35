"""Which heatmaps of a photo are shown beside each other, and how each is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.growing import COMPUTE, show_growing
from pages.parts.guard import plain
from pages.parts.heatmap_drawn import legend_of, picture_over
from pages.parts.heatmap_probe import Panel, probe
from pages.parts.pictures import heatmap_words, is_dark, say_how_exact, unit_of
from pages.parts.progress import progress_bar
from pages.parts.settings import DEFAULT, PATCH, STRIDE, computed_settings
from pages.parts.state import LARGEST_PATCH, LOOKS, bound, change, read_view
from whalecore import overlays
from whalecore.glossary import explain
from whalecore.heatmap_words import occlusion_words
from whalecore.types import LAYERS, GradCamSettings, Heatmap, HeatmapSettings, settings_from_key

LOOK_WORDS = {"one": "Both methods", "five": "Five candidates", "compare": "Two heatmaps compared"}


def pick_look(view) -> str:
    """Whether both methods, the five candidates or two maps side by side are looked at."""
    current = view.look or LOOKS[0]
    st.segmented_control(
        "View",
        LOOKS,
        format_func=LOOK_WORDS.get,
        required=True,
        help=explain("views of heatmaps"),
        **bound("look", current, "heatmaps"),
    )
    return current


def kind_words(key: str) -> str:
    """One kind of heatmap in words."""
    settings = settings_from_key(key)
    if settings.method == "gradcam":
        return f"Grad-CAM, {settings.layer}"
    return f"Occlusion, {occlusion_words(settings)}"


def kinds_of(lab, candidate) -> list[str]:
    """Keys of the kinds that a photo has, and of those that are computed in a moment."""
    there = computed_settings(lab, candidate["photo_id"], candidate["model_id"])
    occlusion = [one.key for one in there if one.method == "osm"]
    return [*occlusion, *(GradCamSettings(layer).key for layer in reversed(LAYERS))]


def pick_kind(label: str, field: str, kinds: list[str], current: str | None, usual: str) -> str:
    """One kind of heatmap, as its key; one that is not computed yet can be asked for as well."""
    chosen = current if current in kinds or _can_be_made(current) else usual
    if current not in (None, chosen):
        st.caption(plain(f"There is no such heatmap of this photo: {kind_words(current)}."))
    kinds = kinds if chosen in kinds else [chosen, *kinds]
    column, other = st.columns([5, 2], vertical_alignment="bottom")
    column.selectbox(
        label,
        kinds,
        format_func=kind_words,
        help=f"{explain('heatmap')} {explain('patch')} {explain('layer')}",
        **bound(field, chosen, "heatmaps"),
    )
    with other.popover("Other size", width="stretch", help=explain("other sizes")):
        _pick_patch(field, chosen)
    return chosen


def _can_be_made(key: str | None) -> bool:
    """Whether it is an occlusion map such as the fields below could ask for."""
    if key is None:
        return False
    settings = settings_from_key(key)
    usual = settings.method == "osm" and settings.fill == DEFAULT.fill
    return usual and settings.patch <= LARGEST_PATCH


def _pick_patch(field: str, chosen: str) -> None:
    """Fields for the sizes of an occlusion map, and the button that takes them."""
    settings = settings_from_key(chosen)
    shown = settings if settings.method == "osm" else DEFAULT
    keys = f"{field}_patch", f"{field}_stride"
    of = f"{field}_sizes_of"
    looked_at = (read_view().photo, chosen)
    # What was typed beside another photo or heatmap is not meant for this one.
    if st.session_state.get(of) != looked_at or keys[0] not in st.session_state:
        st.session_state[of] = looked_at
        st.session_state[keys[0]], st.session_state[keys[1]] = shown.patch, shown.stride
    patch = st.number_input(PATCH, 1, LARGEST_PATCH, key=keys[0], help=explain("patch"))
    st.session_state[keys[1]] = min(st.session_state.get(keys[1], shown.stride), patch)
    stride = st.number_input(STRIDE, 1, patch, key=keys[1], help=explain("stride"))
    st.button(
        "Use these",
        key=f"{field}_sizes",
        on_click=lambda: change(**{field: replace(shown, patch=patch, stride=stride).key}),
        help=explain("other sizes"),
    )


def stored(lab, candidate, individual: str, key: str) -> Heatmap | None:
    """A heatmap of the photo, or None where it is not computed."""
    settings = settings_from_key(key)
    return lab.heatmap(
        candidate["model_id"], candidate["photo_id"], individual, settings.method, settings
    )


def offer_computing(lab, candidate, crop, key: str, strength: float) -> None:
    """The part of the page that computes a kind of heatmap for all five candidates."""
    settings: HeatmapSettings = settings_from_key(key)
    st.info(f"This heatmap is not computed yet: {kind_words(key)}.")
    if settings.method == "osm":
        with st.columns(2)[0]:
            show_growing(lab, crop, candidate, settings, strength)
        return
    if st.button("Compute it for all five candidates", key=f"compute_{key}", icon=COMPUTE):
        from whalecore.workflow.explain import explain_photo

        explain_photo(lab, candidate["photo_id"], settings, progress_bar("Computing"))
        st.rerun()


def show_probed(crop: np.ndarray, heatmap: Heatmap, strength: float, key: str) -> None:
    """A heatmap that says the value under the pointer."""
    probe([heatmap_panel(crop, heatmap, strength, "")], key, columns=1)
    st.caption(plain(heatmap_words(heatmap)), help=explain("colour scale"))
    say_how_exact(heatmap)


def heatmap_panel(
    crop: np.ndarray, heatmap: Heatmap, strength: float, title: str, limit: float | None = None
) -> Panel:
    """A heatmap over its crop, with its legend.

    Parameters
    ----------
    limit : float, optional
        End of the colour scale; the largest magnitude of the map where not given.
    """
    kind, unit = overlays.kind_of(heatmap.method), unit_of(heatmap)
    limit = overlays.scale_limit(heatmap.values) if limit is None else limit
    return Panel(
        title=title,
        alt=heatmap_words(heatmap),
        picture=picture_over(crop, heatmap.values, strength, limit, kind),
        values=heatmap.values,
        unit=f"in {unit}" if kind == overlays.SIGNED else unit,
        legend=legend_of(limit, kind, unit, strength=max(strength, 0.05), dark=is_dark()),
        legend_alt=f"Scale up to {limit:.2g}",
    )
