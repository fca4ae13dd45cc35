"""Occlusion maps that are drawn while they are computed, and what is said about them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.guard import guarded, plain
from pages.parts.pictures import show_heatmap, unit_of
from pages.parts.progress import progress_bar
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.heatmap_words import size_words
from whalecore.types import Heatmap, OcclusionMaps, OcclusionSettings, settings_from_key
from whalecore.workflow.background import Background

ENGINES = {
    "exact": "The exact engine: of each covered place, only what it changes was computed again.",
    "reference": "The reference engine: the whole network looked at each covered place anew.",
}
COMPUTE = ":material/play_arrow:"
STOP = ":material/stop:"
EVERY = 0.7
"""Seconds after which a growing map is drawn again."""

FIRST = 10.0
"""Seconds that the page waits for a first map before it is drawn without one."""

PATIENCE = 3.0
"""Seconds that the page waits for a computing to stop."""

_WATCHED = "watched_map"


@st.cache_resource(max_entries=2, show_spinner=False)
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


def show_growing(lab, crop: np.ndarray, candidate, settings: OcclusionSettings, strength) -> None:
    """What is there of an unfinished map, the buttons that continue and stop it, and its growth.

    A thread computes, for all readers of the same photo; this part of the page alone is drawn
    again and again meanwhile. Turning to something else ends the computing.
    """
    key = (str(lab.folder), candidate["photo_id"], settings.key)
    growing = background().get(key)
    _watch(key)
    watched = growing is not None and growing.running
    part = st.fragment(_growing_part, run_every=EVERY if watched else None)
    part(lab, crop, candidate, settings, strength, key, watched)


def leave_unwatched() -> None:
    """End, at the end of a run of a page, what was computed for this reader and is left now."""
    background().leave_all(reader(), but=st.session_state.pop(_WATCHED, None))


@st.cache_resource
def background() -> Background:
    """What is being computed for the readers of this dashboard."""
    return Background(_is_there)


def _watch(key: tuple) -> None:
    st.session_state[_WATCHED] = key


def reader() -> str:
    return get_script_run_ctx().session_id


def _is_there(session: str) -> bool:
    """Whether a reader's browser still shows the dashboard, perhaps in a tab that sleeps."""
    return runtime.exists() and runtime.get_instance().is_active_session(session)


def _growing_part(lab, crop, candidate, settings, strength, key, watched: bool) -> None:
    with guarded("compute this heatmap"):
        started = st.session_state.pop(f"started_{settings.key}", False)
        growing = background().get(key)
        if growing is None and (watched or started):
            st.rerun()
        computing = growing is not None and growing.running
        stopped = lab.unfinished_heatmap(
            *(candidate[name] for name in ("model_id", "photo_id", "individual")), settings
        )
        _buttons(lab, candidate, settings, key, computing, stopped is not None)
        maps = growing.look(reader(), FIRST if started else 0.0) if growing else None
        if computing and growing.progress is not None:
            report = progress_bar("Stopping" if growing.stopping else "Computing", "places")
            report(growing.progress)
        if maps is not None:
            names = ("photo_id", "model_id", "individual", "rank", "score")
            heatmap = empty_heatmap(*(candidate[name] for name in names), settings)
            draw(crop, maps, heatmap, settings, strength)
        elif stopped is None:
            st.image(crop, alt="The fluke without a heatmap")
            st.caption("This heatmap is not computed yet.")
        else:
            say_how_far(stopped.computed, stopped.values.size, settings)
            show_heatmap(crop, stopped, strength)
        if started:
            # The whole page, once: it then looks again by itself.
            st.rerun()


def _buttons(lab, candidate, settings, key, computing: bool, begun: bool) -> None:
    def start() -> None:
        with guarded("compute this heatmap"):
            from whalecore.workflow.explain import explain_growing

            identifier = identifier_of(lab, candidate["model_id"])
            background().start(
                key,
                lambda report: explain_growing(
                    lab,
                    candidate["photo_id"],
                    settings,
                    report=report,
                    identifier=identifier,
                    guided=True,
                ),
                reader(),
            )
            st.session_state[f"started_{settings.key}"] = True

    def stop() -> None:
        growing = background().get(key)
        if growing is not None:
            growing.stop()
            growing.wait(PATIENCE)

    with st.container(horizontal=True):
        st.button(
            "Continue" if begun else "Compute it for all five candidates",
            key=f"compute_{settings.key}",
            icon=COMPUTE,
            disabled=computing,
            on_click=start,
        )
        st.button(
            "Stop", key=f"stop_{settings.key}", icon=STOP, disabled=not computing, on_click=stop
        )


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
            f"{how_many} places computed; {size_words(settings.patch, settings.stride)}, "
            f"values in {unit_of(heatmap)}."
        )
        if not settings.exact and computed == places:
            st.markdown("Every place was computed: fewer would not have been good enough here.")
        if heatmap.correlation is None and heatmap.deviation is not None:
            st.markdown(
                "Compared with full precision on a sample, the values differ by at most "
                f"{heatmap.deviation:.2g}."
            )
