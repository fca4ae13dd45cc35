"""Decide who is on a photo: by buttons, or by keys alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.decisions import (
    decided,
    shortened,
    show_all,
    show_standing,
    still_on,
    turned_to,
    words_of,
)
from pages.parts.guard import plain
from whalecore.errors import LabError, WhalecoreError
from whalecore.glossary import explain
from whalecore.lab.reviews import LONGEST_NOTE
from whalecore.lab.said import LONGEST_PERSON
from whalecore.photos.values import LONGEST_NAME
from whalecore.types import Verdict
from whalecore.workflow.decide import decide_on

NAME = "named_by"
"""Where the session keeps the reader's name; other pages ask for it under the same key."""

KEYS = {
    "y": "confirm the candidate that is compared",
    "n": "none of these: a new individual",
    "t": "cannot be identified: take another photo",
    "u": "undo my decision",
}
"""Keys of the buttons beside a comparison."""

_SAID = "said_of_decision"


def show_decision(
    lab,
    photo_id: str,
    candidates: Sequence[str],
    *,
    verdict: Verdict | None = None,
    model_id: str | None = None,
    upload: tuple[bytes, str] | None = None,
    chosen: str | None = None,
) -> None:
    """What was decided about a photo, and the buttons that decide. Once a page.

    Parameters
    ----------
    lab : Lab
    photo_id : str
    candidates : sequence of str
        Individuals in the order of their rank; the first five get a button and a key.
    verdict : Verdict, optional
        What the reader was told, to be kept with the decision.
    model_id : str, optional
        Whose candidates they are.
    upload : (bytes, str), optional
        File and its name, where the photo need not be in the lab yet: deciding puts it there.
    chosen : str, optional
        The candidate that the page compares with the photo: it alone gets a button, with the key
        Y, and the keys 1 to 5 are left to the page.
    """
    first = {} if chosen else {"1 to 5": "confirm that candidate"}
    keys = {**first, **{key: KEYS[key] for key in KEYS if chosen or key != "y"}}
    listed = ", ".join(f"**{key.upper()}** {words}" for key, words in keys.items())
    st.subheader("Decision", help=f"{explain('decision')} Keys: {listed}.")
    turned_to(photo_id)
    _show_said()
    standing, made, free = decided(lab, photo_id)
    show_standing(standing)
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
        "Note", key=note, max_chars=LONGEST_NOTE, placeholder="left tip hidden by spray"
    )

    def decide(decision: str, individual: str | None = None) -> None:
        still_on(photo_id)
        reviewer, words = st.session_state.get(NAME, ""), st.session_state.get(note, "")
        made = decide_on(
            lab, photo_id, decision, individual, reviewer, words, verdict, model_id, upload
        )
        _say(f"{words_of(made)}, said {made.reviewer}.")

    with st.container(horizontal=True):
        if chosen:
            _button(
                f"It is {shortened(chosen)}",
                f"decide_chosen_{photo_id}",
                "y",
                lambda: decide("confirm", chosen),
                icon=":material/check:",
            )
        for place, individual in enumerate([] if chosen else candidates[:5], 1):
            _button(
                shortened(individual),
                f"decide_{place}_{photo_id}",
                str(place),
                lambda one=individual: decide("confirm", one),
                help=f"It is {plain(individual)}, candidate {place}.",
            )
        _button(
            f"None of these: new individual {free}",
            f"decide_new_{photo_id}",
            "n",
            lambda: decide("new_individual"),
            icon=":material/add_circle:",
            help=explain("new individual"),
        )
        _button(
            "Cannot be identified",
            f"decide_retake_{photo_id}",
            "t",
            lambda: decide("retake"),
            icon=":material/no_photography:",
            help=explain("cannot be identified"),
        )
        _button(
            "Undo my decision",
            f"undo_{photo_id}",
            "u",
            lambda: _undo(lab, photo_id),
            icon=":material/undo:",
            help=explain("undo"),
        )
    _choose_another(lab, photo_id, decide)
    show_all(made)


def _button(label: str, key: str, shortcut: str, act: Callable[[], None], **other) -> None:
    st.button(label, key=key, shortcut=shortcut, on_click=_carefully, args=(act,), **other)


def _carefully(act: Callable[[], None]) -> None:
    """Act on a click; what is not allowed becomes a sentence beside the buttons."""
    try:
        act()
    except WhalecoreError as error:
        st.session_state[_SAID] = (False, str(error))


def _say(words: str) -> None:
    st.session_state[_SAID] = (True, words)


def _show_said() -> None:
    done, words = st.session_state.pop(_SAID, (True, ""))
    if words and done:
        st.toast(plain(words), icon=":material/check:")
    elif words:
        st.error(plain(words), icon=":material/info:")


def _undo(lab, photo_id: str) -> None:
    still_on(photo_id)
    name = st.session_state.get(NAME, "")
    own = lab.standing(photo_id).of(name)
    if own is None:
        raise LabError(
            "There is no decision of yours about this photo: undo takes back what was decided "
            "under the name in 'Your name'."
        )
    lab.undo(own.review_id, name)
    _say(f"Taken back: {words_of(own)}.")


def _choose_another(lab, photo_id: str, decide: Callable[[str, str], None]) -> None:
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
        known = name in lab.individuals()
        words = "It is" if known else "New individual"
        _button(
            f"{words} {shortened(name)}",
            f"decide_other_{photo_id}",
            "o",
            lambda: decide("confirm" if known else "new_individual", name),
        )
