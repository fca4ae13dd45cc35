"""Which photo and which of its candidates the page Heatmaps looks at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.guard import plain
from pages.parts.state import bound
from pages.parts.todo import say_missing
from whalecore.glossary import explain
from whalecore.lab.named import model_of, uncounted

LISTED = 1000
"""Photos that are offered at once."""


def pick_photo(lab, view) -> str | None:
    """The photo that is looked at; by default the one whose right answer the lab is surest of."""
    labels, explained, surest = listed(lab)
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
    usual = surest if surest in choices.index else next(iter(choices.index), None)
    current = view.photo if view.photo in labels.index else usual
    if view.photo is not None and view.photo not in labels.index:
        st.warning("The lab does not hold the photo in the address; another one is shown.")
    options = list(choices.index[:LISTED])
    if current not in options:
        options = [current, *options] if current else options
    which.selectbox("Photo", options, format_func=labels.get, **bound("photo", current, "heatmaps"))
    return current


def listed(lab) -> tuple[pd.Series, pd.Series, str | None]:
    """What photos are called, by id: all of them, those that have heatmaps that count, and the
    one of these to begin with.
    """
    return _listed(str(lab.folder), lab.state("photos", "scored_heatmaps", "models"), lab)


@st.cache_resource(max_entries=4, show_spinner=False)
def _listed(folder: str, state: str, _lab) -> tuple[pd.Series, pd.Series, str | None]:
    photos = _lab.photos().set_index("photo_id")
    labels = photos["name"] + " · " + photos["individual"].fillna("not named")
    explained = [one for one in _lab.explained_photos() if one in labels.index]
    return labels, labels[labels.index.isin(explained)], next(iter(explained), None)


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


def pick_candidate(lab, view, photo_id: str) -> dict | None:
    """One of the five candidates of a photo, or somebody asked for by name; None without anybody.

    Returns
    -------
    dict
        ``model_id``, ``photo_id``, ``individual``, ``rank`` and ``score`` (None where nothing was
        asked yet), ``is_reference``: whether the catalogue names it, ``decided``: whether it is not
        the catalogue but the reviewers who name it, and ``uncounted``: why its heatmaps count in
        nothing, or None.
    """
    choices = {one["individual"]: one for one in _candidates(lab, photo_id)}
    for one in _asked_for(lab, view, photo_id, next(iter(choices.values()), None)):
        choices.setdefault(one["individual"], one)
    if not choices:
        st.info(
            "This photo has no score and no name: the page Lab starts what is missing. Until then "
            "choose one of the photos that have heatmaps."
        )
        return None
    current = view.individual if view.individual in choices else next(iter(choices))

    def label(name: str) -> str:
        one = choices[name]
        mark = " · named by the catalogue" if one["is_reference"] else ""
        if one["decided"]:
            mark = " · named by a decision"
        if one["uncounted"]:
            return plain(f"{name}{mark or ' · asked for by name'}")
        return plain(f"{one['rank']}. {name} · {one['score']:.3f}{mark}")

    st.radio(
        "Candidate",
        list(choices),
        format_func=label,
        horizontal=True,
        help=f"{explain('candidate')} {explain('score')} {explain('heatmap asked for by name')}",
        **bound("individual", current, "heatmaps"),
    )
    return choices[current]


def _candidates(lab, photo_id: str) -> list[dict]:
    names = ["model_id", "photo_id", "individual", "rank", "score", "is_reference"]
    rows = lab.scores(photo_id=photo_id)[names].to_dict("records")
    return [{**row, "decided": False, "uncounted": None} for row in rows]


def _asked_for(lab, view, photo_id: str, first: dict | None) -> list[dict]:
    """Whoever has a heatmap by name, is in the address, or is named by catalogue or decision."""
    options = lab.heatmap_options(photo_id)
    options = options[~options["scored"]].drop_duplicates("individual")
    model_of_name = dict(zip(options["individual"], options["model_id"].map(model_of), strict=True))
    usual = first["model_id"] if first else lab.newest_model_id()
    photo = lab.photo(photo_id)
    agreed, catalogued = photo["individual"], photo["catalogue_individual"]
    for name in (view.individual, agreed, catalogued):
        if name is not None and usual is not None and len(lab.gallery(name, limit=1)):
            model_of_name.setdefault(name, usual)
    return [
        {
            "model_id": model_id,
            "photo_id": photo_id,
            "individual": name,
            "rank": None,
            "score": None,
            "is_reference": name == catalogued,
            "decided": name == agreed != catalogued,
            "uncounted": why,
        }
        for name, model_id in model_of_name.items()
        # One of the five of a model whose scores are not the newest any more has no say here.
        if (why := uncounted(lab, model_id, photo_id, name)) is not None
    ]
