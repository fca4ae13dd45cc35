"""Decisions in words: what counts, and everything that was ever decided about a photo."""

from __future__ import annotations

import streamlit as st

from pages.parts.guard import plain
from pages.parts.table import show_table
from pages.parts.times import TIME_COLUMN, moment
from whalecore.errors import LabError
from whalecore.glossary import explain
from whalecore.lab.reviews import Review, Standing

TABLES = ("reviews",)
"""What the decisions about a photo depend on."""

LONGEST_LABEL = 40
_SHOWN = "photo_to_decide_on"
KINDS = {
    "confirm": "it is",
    "new_individual": "new individual",
    "retake": "cannot be identified",
    "undo": "took a decision back",
}


def words_of(review: Review) -> str:
    """A decision in words."""
    if review.decision == "retake":
        return "Cannot be identified"
    if review.decision == "undo":
        return "Decision taken back"
    new = " (new individual)" if review.decision == "new_individual" else ""
    return f"{review.individual}{new}"


def decided(lab, photo_id: str) -> tuple:
    """What counts of the decisions about a photo, and all of them."""
    return _decided(str(lab.folder), photo_id, lab.state(*TABLES), lab)


@st.cache_data(max_entries=300, show_spinner=False)
def _decided(folder, photo_id, state, _lab) -> tuple:
    return _lab.standing(photo_id), _lab.reviews(photo_id)


def turned_to(photo_id: str) -> None:
    """Say which photo the page shows now, before it is drawn: buttons of another decide no more.

    Where what the buttons mean is changing, none decides until `drawn_for` says so.
    """
    if st.session_state.get(_SHOWN) is not None:
        st.session_state[_SHOWN] = photo_id


def drawn_for(photo_id: str) -> None:
    """Say that the buttons that are drawn next decide about this photo."""
    st.session_state[_SHOWN] = photo_id


def turning() -> None:
    """Say, for a callback, that what the buttons mean is changing: those drawn decide no more."""
    st.session_state[_SHOWN] = None


def still_on(photo_id: str) -> None:
    """Refuse a button of a photo that the page has turned away from, but not yet wiped out."""
    if st.session_state.get(_SHOWN) != photo_id:
        raise LabError(
            "The page was just changing, so nothing was decided: look at it and press the key "
            "again."
        )


def all_of(count: int, what: str = "photos") -> str:
    """So many photos, and no others."""
    return f"both {what}" if count == 2 else f"all {count} {what}"


def shortened(name: str) -> str:
    """A name as a label of a button."""
    return plain(name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…")


def show_standing(standing: Standing) -> None:
    """The decision of each reviewer, and whether they differ."""
    if not standing.decisions:
        st.caption("No decision yet.")
        return
    lines = [
        f"**{plain(words_of(one))}**, said {plain(one.reviewer or 'somebody')} on "
        f"{moment(one.decided_at)}{plain(f': {one.note}') if one.note else ''}"
        for one in standing.decisions
    ]
    listing = "\n".join(f"- {' '.join(line.split())}" for line in lines)
    if standing.conflict:
        st.warning(
            f"**Reviewers differ.** {explain('conflict')}\n\n{listing}",
            icon=":material/call_split:",
        )
    else:
        st.success(listing, icon=":material/task_alt:")


def show_all(found) -> None:
    """Every decision ever made about the photo."""
    if found.empty:
        return
    texts = {name: found[name].fillna("") for name in ("individual", "note")}
    shown = found.assign(decision=found["decision"].map(KINDS), **texts)
    with st.expander(f"All decisions ({len(found)})", icon=":material/history:"):
        show_table(
            shown[["decided_at", "reviewer", "decision", "individual", "note", "undone"]],
            column_config={
                "decided_at": st.column_config.DatetimeColumn("decided (UTC)", format=TIME_COLUMN),
                "undone": "taken back",
            },
            alt="Every decision about this photo",
        )
