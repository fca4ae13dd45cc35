"""Decide who is on a photo, or on all photos of an encounter: by buttons, or by keys alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.acting import acting_button, say, show_said
from pages.parts.decide_cover import Companions, covered
from pages.parts.decisions import (
    all_of,
    decided,
    drawn_for,
    shortened,
    show_all,
    show_standing,
    still_on,
    words_of,
)
from pages.parts.guard import plain
from pages.parts.undo import offer_undo
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.lab.reviews import LONGEST_NOTE
from whalecore.lab.said import LONGEST_PERSON
from whalecore.photos.values import LONGEST_NAME
from whalecore.workflow.decide import Subject, decide_on_all

NAME = "named_by"
"""Where the session keeps the reader's name; other pages ask for it under the same key."""

KEYS = {
    "y": "confirm the candidate that is compared",
    "n": "none of these: a new individual",
    "t": "cannot be identified: take another photo",
    "u": "undo my decision",
}
"""Keys of the buttons beside a comparison."""


def show_decision(
    lab,
    subject: Subject,
    candidates: Sequence[str],
    *,
    chosen: str | None = None,
    companions: Companions | None = None,
) -> None:
    """What was decided about a photo, and the buttons that decide. Once a page.

    Parameters
    ----------
    lab : Lab
    subject : Subject
        The photo that is shown; deciding puts an upload into the lab.
    candidates : sequence of str
        Individuals in the order of their rank; the first five get a button and a key.
    chosen : str, optional
        The candidate that the page compares with the photo: it alone gets a button, with the key
        Y, and the keys 1 to 5 are left to the page.
    companions : Companions, optional
        Other photos that the same decision may be about.
    """
    photo_id = subject.photo_id
    first = {} if chosen else {"1 to 5": "confirm that candidate"}
    keys = {**first, **{key: KEYS[key] for key in KEYS if chosen or key != "y"}}
    keys["Enter"] = "keep what is typed in a field"
    keys["Esc"] = "leave the field, without what was not kept"
    listed = ", ".join(f"**{key.upper()}** {words}" for key, words in keys.items())
    st.subheader("Decision", help=f"{explain('decision')} Keys: {listed}.")
    show_said()
    standing, made = decided(lab, photo_id)
    show_standing(standing)
    subjects = covered(lab, subject, companions)
    drawn_for(photo_id)
    who, what = st.columns([1, 2])
    who.text_input(
        "Your name",
        key=NAME,
        persist_state="session",
        max_chars=LONGEST_PERSON,
        help=explain("reviewer"),
    )
    note = f"note_{photo_id}"
    what.text_input(
        "Note",
        key=note,
        persist_state="session",
        max_chars=LONGEST_NOTE,
        placeholder="left tip hidden by spray",
    )

    def decide(decision: str, individual: str | None = None) -> None:
        still_on(photo_id)
        reviewer, words = st.session_state.get(NAME, ""), st.session_state.get(note, "")
        fresh = companions is not None and companions.undecided
        found = decide_on_all(lab, subjects, decision, individual, reviewer, words, fresh)
        count = f" on {len(found)} photos" if len(found) > 1 else ""
        say(f"{words_of(found[0])}{count}, said {found[0].reviewer}.")

    new = _new_name(lab, subjects)
    every = f" ({all_of(len(subjects))})" if len(subjects) > 1 else ""
    with st.container(horizontal=True):
        if chosen:
            acting_button(
                f"It is {shortened(chosen)}{every}",
                f"decide_chosen_{photo_id}",
                "y",
                lambda: decide("confirm", chosen),
                icon=":material/check:",
            )
        for place, individual in enumerate([] if chosen else candidates[:5], 1):
            acting_button(
                shortened(individual),
                f"decide_{place}_{photo_id}",
                str(place),
                lambda one=individual: decide("confirm", one),
                help=f"{plain(individual)}: {explain('candidate')}",
            )
        acting_button(
            f"None of these: new individual{new}{every}",
            f"decide_new_{photo_id}",
            "n",
            lambda: decide("new_individual"),
            icon=":material/add_circle:",
            help=explain("new individual"),
        )
        acting_button(
            f"Cannot be identified{every}",
            f"decide_retake_{photo_id}",
            "t",
            lambda: decide("retake"),
            icon=":material/no_photography:",
            help=explain("cannot be identified"),
        )
        offer_undo(lab, photo_id, standing, st.session_state.get(NAME, ""))
    _choose_another(lab, photo_id, decide, every)
    show_all(made)


def _new_name(lab, subjects: Sequence[Subject]) -> str:
    """The name as a label says it; none where several stand there, which the button then says."""
    try:
        named = lab.new_name(
            [one.photo_id for one in subjects], st.session_state.get(NAME, "").strip()
        )
    except WhalecoreError:
        return ""
    return f" {shortened(named)}"


def _choose_another(lab, photo_id: str, decide: Callable[[str, str], None], every: str) -> None:
    """An individual that is not among the candidates, or a name of one's own for a new one."""
    with st.expander("Another individual", icon=":material/person_search:"):
        name = " ".join(
            st.text_input(
                "Name of the individual", key=f"other_{photo_id}", max_chars=LONGEST_NAME
            ).split()
        )
        if not name:
            st.caption(
                "Type a name: a known individual is confirmed, another name makes a new one."
            )
            return
        # Nobody means another animal by other capitals.
        alike = (one for one in lab.individuals() if one.casefold() == name.casefold())
        known = next(alike, None)
        name = known or name
        words = "It is" if known else "New individual"
        acting_button(
            f"{words} {shortened(name)}{every}",
            f"decide_other_{photo_id}",
            "o",
            lambda: decide("confirm" if known else "new_individual", name),
        )
