"""The pile of photos to look at: its filters, how far it is decided, one photo after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st

from pages.parts.decisions import turned_to
from pages.parts.state import View, bound, change
from whalecore.glossary import explain
from whalecore.lab.queue import ALL, CONFLICT, DECIDED, NONE, OPEN, Chosen, Queue
from whalecore.verdict_words import KINDS, counted

VERDICTS = {
    **{verdict: KINDS[verdict] for verdict in ("check", "new_whale", "retake", "reliable")},
    NONE: "No verdict yet",
    ALL: "All photos with scores",
}
STATES = {
    OPEN: "Not decided, or in conflict",
    DECIDED: "Decided",
    CONFLICT: "In conflict",
    ALL: "Decided or not",
}
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2099, 12, 31)
ORDER = "order_of_review"
"""Where the session keeps the pile as it was, so that "next" knows the way from a decided photo."""

STEPS = {"j": "next photo", "k": "photo before"}
"""Keys of the buttons that turn the pile."""


@dataclass(frozen=True, eq=False)
class Pile:
    """All scored photos with their verdicts, shared by all readers: nobody changes them.

    Attributes
    ----------
    photos : DataFrame
        By ``photo_id``, in the order of the pile.
    clusters : tuple of int
        That their heatmaps are in.
    state : str
        Changes when the lab computed something.
    """

    photos: pd.DataFrame
    clusters: tuple[int, ...]
    state: str


def pile_of(lab) -> Pile:
    """The pile of a lab, read anew when the lab computed something."""
    return _pile(str(lab.folder), lab.pile_state(), lab)


# Shared, not copied for every click: tens of thousands of rows.
@st.cache_resource(max_entries=4, show_spinner="Reading the verdicts")
def _pile(folder, state, _lab) -> Pile:
    photos = _lab.review_pile()
    clusters = sorted(int(one) for one in photos["cluster"].dropna().unique())
    return Pile(photos.set_index("photo_id", drop=False).rename_axis(None), tuple(clusters), state)


def queue_of(lab, chosen: Chosen, pile: Pile) -> Queue:
    """The photos that are meant, read anew when somebody decided; shared as the pile is."""
    state = (pile.state, lab.state("reviews"))
    return _queue(str(lab.folder), state, chosen, lab, pile)


@st.cache_resource(max_entries=12, show_spinner=False)
def _queue(folder, state, chosen, _lab, _pile) -> Queue:
    return _lab.review_queue(chosen, _pile.photos)


@st.cache_data(max_entries=4, show_spinner=False)
def _reviewers(folder, state, _lab) -> list[str]:
    return _lab.reviewers()


def chosen_of(view: View) -> Chosen:
    """What the address asks for."""
    return Chosen(
        view.verdict,
        view.in_cluster,
        view.below,
        view.since,
        view.until,
        view.reviewer,
        view.decided,
    )


def draw_filters(lab, view: View, clusters: Sequence[int]) -> None:
    """The filters in the sidebar, each of which is in the address."""
    place = st.sidebar.container()
    place.subheader("Pile", help=explain("pile"))

    def choice(label: str, name: str, words: dict, usual: str, **other) -> None:
        current = getattr(view, name)
        place.selectbox(
            label,
            list(words) if current in (None, *words) else [*words, current],
            None,
            format_func=lambda one: words.get(one, str(one)),
            placeholder=usual,
            **other,
            **bound(name, current, "review"),
        )

    choice("Verdict", "verdict", VERDICTS, "all that need a look", help=explain("verdict"))
    numbers = {number: str(number) for number in clusters}
    choice("Cluster", "in_cluster", numbers, "any", help=explain("cluster"))
    place.number_input(
        "Mean score of the cluster below",
        0.0,
        1.0,
        None,
        0.05,
        placeholder="any",
        help=explain("mean score"),
        **bound("below", view.below, "review"),
    )
    for name, label in (("since", "Taken from"), ("until", "Taken until")):
        place.date_input(
            label,
            None,
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            format="YYYY-MM-DD",
            **bound(name, getattr(view, name), "review"),
        )
    usual = STATES[ALL] if view.reviewer else STATES[OPEN]
    decided = f"{explain('decision')} {explain('conflict')}"
    choice("Decision", "decided", STATES, usual.lower(), help=decided)
    people = {name: name for name in _reviewers(str(lab.folder), lab.state("reviews"), lab)}
    choice("Decided by", "reviewer", people, "anybody or nobody", help=explain("reviewer"))
    place.button(
        "Whole pile again",
        icon=":material/filter_alt_off:",
        on_click=_forget,
        disabled=chosen_of(view) == Chosen(),
    )


def _forget() -> None:
    names = ("verdict", "in_cluster", "below", "since", "until", "reviewer", "decided")
    change(**dict.fromkeys(names))


def show_progress(queue: Queue) -> None:
    """How much of the pile is decided."""
    if not queue.total:
        return
    conflicts = f", {queue.conflicts:,} in conflict" if queue.conflicts else ""
    st.progress(
        queue.decided / queue.total,
        f"{queue.decided:,} of {queue.total:,} photos of this pile are decided{conflicts}",
    )


def neighbours(
    ids: list[str], current: str | None, chosen: Chosen
) -> tuple[str | None, str | None]:
    """The photo before and the photo after the current one, which need not be in the pile.

    A photo that was just decided may have left the pile: then its place is where it was.
    """
    of, order = st.session_state.get(ORDER, (None, []))
    if of != chosen or current not in order or not set(ids) <= set(order):
        order = ids
        st.session_state[ORDER] = chosen, order
    if current not in order:
        return None, next(iter(ids), None)
    place, there = order.index(current), set(ids)
    # Also one that was decided meanwhile, so that a slip can be taken back.
    before = order[place - 1] if place else None
    after = next((one for one in order[place + 1 :] if one in there), None)
    return before, after


def draw_steps(ids: list[str], current: str | None, chosen: Chosen) -> str | None:
    """Buttons, with keys, to the photos before and after; the one after is returned."""
    before, after = neighbours(ids, current, chosen)
    place = f"Photo {ids.index(current) + 1:,} of {len(ids):,}" if current in ids else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Photo before",
            shortcut="k",
            disabled=before is None,
            on_click=_go,
            args=(before,),
            icon=":material/arrow_back:",
        )
        st.button(
            "Next photo",
            shortcut="j",
            disabled=after is None,
            on_click=_go,
            args=(after,),
            type="primary",
            icon=":material/arrow_forward:",
        )
        st.markdown(place or _outside(ids, current))
    return after


def _outside(ids: list[str], current: str | None) -> str:
    """Words about a photo that is not in the pile: it was until it was decided, or never."""
    if current in st.session_state[ORDER][1]:
        return f"Not in the pile any more; {len(ids):,} photos are left."
    return f"Not in this pile, which holds {counted(len(ids), 'photo')}."


def _go(photo_id: str) -> None:
    turned_to(photo_id)
    change(photo=photo_id, individual=None, against=None)
