"""Which photo and which of its candidates the page Heatmaps looks at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.guard import plain
from pages.parts.state import bound
from pages.parts.todo import say_missing
from whalecore.glossary import explain

LISTED = 1000
"""Photos that are offered at once."""


def pick_photo(lab, view) -> str | None:
    """The photo that is looked at; by default the first one that has heatmaps."""
    labels, explained = listed(lab)
    if labels.empty:
        say_missing(lab, "The lab holds no photos yet.", "import")
        return None
    which, those = st.columns([8, 5], vertical_alignment="bottom")
    only = those.toggle(
        f"Only the {len(explained):,} photos that have heatmaps",
        not explained.empty,
        key="only_explained",
    )
    choices = explained if only else labels
    if len(choices) > LISTED:
        choices = narrowed(choices)
    current = view.photo if view.photo in labels.index else next(iter(choices.index), None)
    if view.photo is not None and view.photo not in labels.index:
        st.warning("The lab does not hold the photo in the address; another one is shown.")
    options = list(choices.index[:LISTED])
    if current not in options:
        options = [current, *options] if current else options
    which.selectbox("Photo", options, format_func=labels.get, **bound("photo", current, "heatmaps"))
    return current


def listed(lab) -> tuple[pd.Series, pd.Series]:
    """What photos are called, by id: all of them, and those that have heatmaps."""
    return _listed(str(lab.folder), lab.state("photos", "heatmaps"), lab)


@st.cache_resource(max_entries=4, show_spinner=False)
def _listed(folder: str, state: str, _lab) -> tuple[pd.Series, pd.Series]:
    photos = _lab.photos().set_index("photo_id")
    labels = photos["name"] + " · " + photos["individual"].fillna("not named")
    explained = [key[0] for key in _lab.computed_keys("heatmaps", ["photo_id"])]
    return labels, labels[labels.index.isin(explained)]


def narrowed(labels):
    """The labels that hold what the reader types: a list of thousands helps nobody."""
    typed = st.text_input(
        "Find a photo",
        key="find_photo",
        persist_state="session",
        max_chars=80,
        placeholder="part of a file name or of an individual's name",
    )
    found = labels[labels.str.contains(typed.strip(), case=False, regex=False)]
    if len(found) > LISTED:
        st.caption(f"{len(found):,} photos; the first {LISTED:,} are listed: type more letters.")
    elif found.empty:
        st.caption("No photo is called so, and no individual.")
    return found


def pick_candidate(lab, view, photo_id: str):
    """One of the five candidates of a photo, as a row of its scores; None without scores."""
    scores = lab.scores(photo_id=photo_id)
    if scores.empty:
        st.info(
            "This photo has no score: a model learned from it, or it waits to be scored (the page "
            "Lab starts that); choose one of the photos that have heatmaps."
        )
        return None
    rows = scores.set_index("individual")
    current = view.individual if view.individual in rows.index else rows.index[0]

    def label(name: str) -> str:
        row = rows.loc[name]
        mark = " · named by the catalogue" if row["is_reference"] else ""
        return plain(f"{row['rank']}. {name} · {row['score']:.3f}{mark}")

    st.radio(
        "Candidate",
        list(rows.index),
        format_func=label,
        horizontal=True,
        help=explain("candidate") + " " + explain("score"),
        **bound("individual", current, "heatmaps"),
    )
    return scores[scores["individual"] == current].iloc[0]
