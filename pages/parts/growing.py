"""Occlusion maps that are drawn while they are computed, and what is said about them."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.guard import plain
from pages.parts.pictures import show_heatmap, unit_of
from pages.parts.progress import progress_bar
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.types import Heatmap, OcclusionMaps, OcclusionSettings, settings_from_key

ENGINES = {
    "exact": "The exact engine: of each covered place, only what it changes was computed again.",
    "reference": "The reference engine: the whole network looked at each covered place anew.",
}
COMPUTE = ":material/play_arrow:"
STOP = ":material/stop:"


@st.cache_resource(max_entries=2, show_spinner="Loading the model")
def _identifier(folder: str, model_id: str | None, _lab):
    return _lab.identifier(model_id)


def identifier_of(lab, model_id: str | None):
    """A model of the lab, loaded once for all readers."""
    return _identifier(str(lab.folder), model_id, lab)


def get_ready(lab, model_id: str, settings: OcclusionSettings) -> None:
    """Load and make what a click on "Compute" needs, so that its first map is there at once."""
    with suppress(WhalecoreError):
        import whalecore.workflow.explain  # noqa: F401

        _ready(str(lab.folder), model_id, settings.key, lab, settings)


@st.cache_resource(max_entries=20, show_spinner=False)
def _ready(folder: str, model_id: str, key: str, _lab, _settings) -> bool:
    from whalecore.explain.occlusion import prepare_maps

    prepare_maps(identifier_of(_lab, model_id), _settings)
    return True


def empty_heatmap(
    photo_id: str,
    model_id: str,
    individual: str,
    rank: int,
    score: float,
    settings: OcclusionSettings,
) -> Heatmap:
    """Whose map it is that is going to grow."""
    return Heatmap(
        photo_id=photo_id,
        model_id=model_id,
        crop="",
        individual=individual,
        method=settings.method,
        settings=settings.key,
        rank=int(rank),
        score=float(score),
        values=np.zeros((1, 1), np.float32),
    )


def grow(
    lab, crop: np.ndarray, heatmap: Heatmap, settings: OcclusionSettings, strength: float, place
) -> None:
    """Compute the maps of a photo and draw one of them in a place, coarse to fine.

    Whatever ends this run of the page ends the computing: what is computed is kept.
    """
    from whalecore.workflow.explain import explain_growing

    maps = explain_growing(
        lab,
        heatmap.photo_id,
        settings,
        report=progress_bar("Computing", "places"),
        identifier=identifier_of(lab, heatmap.model_id),
    )
    with closing(maps):
        for one in maps:
            with place.container():
                draw(crop, one, heatmap, settings, strength)


def draw(
    crop: np.ndarray,
    maps: OcclusionMaps,
    heatmap: Heatmap,
    settings: OcclusionSettings,
    strength: float,
) -> None:
    """A growing map as it is now, drawn as a finished one, and how far it has come."""
    say_how_far(int(maps.computed.sum()), maps.computed.size, settings)
    if heatmap.individual in maps.individuals:
        values = maps.values[maps.individuals.index(heatmap.individual)]
        show_heatmap(crop, replace(heatmap, values=values), strength)


def say_how_far(computed: int, places: int, settings: OcclusionSettings) -> None:
    """How many places of an unfinished map are computed."""
    rest = "interpolated" if settings.exact else "estimated"
    coarse = "coarse: " if 4 * computed <= places else ""
    words = f"{coarse}{computed:,} of {places:,} places computed, the rest {rest}"
    if computed == places:
        words = f"all {places:,} places computed"
    st.caption(words[0].upper() + words[1:] + ".", help=explain("coarse"))


def say_how_made(heatmap) -> None:
    """By which engine a heatmap was made, and how exact it is."""
    with st.expander("How this heatmap was made"):
        if heatmap.engine is None:
            st.markdown("The lab does not say which engine made this heatmap.")
        else:
            engine, _, precision = heatmap.engine.partition(" ")
            st.markdown(
                ENGINES.get(engine, plain(engine))
                + (f" Arithmetic: {plain(precision)}." if precision else ""),
                help=explain("engine"),
            )
        settings = settings_from_key(heatmap.settings)
        places = heatmap.values.size
        computed = places if heatmap.computed is None else heatmap.computed
        how_many = f"{computed:,} of {places:,}" if computed < places else f"All {places:,}"
        st.markdown(
            f"{how_many} places computed; patch {settings.patch}, stride {settings.stride}, "
            f"values in {unit_of(heatmap)}."
        )
        if not settings.exact and computed == places:
            st.markdown("Every place was computed: fewer would not have been good enough here.")
        if heatmap.correlation is None and heatmap.deviation is not None:
            st.markdown(
                "Compared with full precision on a sample, the values differ by at most "
                f"{heatmap.deviation:.2g}."
            )
