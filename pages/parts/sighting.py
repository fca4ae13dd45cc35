"""The other photos of a reviewed photo's encounter, which one decision may be about as well."""

from __future__ import annotations

import streamlit as st

from pages.parts.decide_cover import Companions
from pages.parts.reviewed import verdict_of
from whalecore.workflow.decide import Subject


def subject_of(row) -> Subject:
    """A row of the pile as what is decided on."""
    return Subject(row["photo_id"], row["name"], verdict_of(row), row["model_id"])


def companions_of(lab, pile, photo_id: str) -> Companions | None:
    """Photos of the same encounter about which nobody has decided; None where there is none."""
    state = (pile.state, lab.state("reviews"))
    others = _open_with(str(lab.folder), state, photo_id, lab, pile)
    if not others:
        return None
    words = "undecided photos of this encounter"
    return Companions(others, words, f"decide_on_all_{photo_id}", undecided=True)


@st.cache_data(max_entries=100, show_spinner=False)
def _open_with(folder, state, photo_id, _lab, _pile) -> tuple[Subject, ...]:
    return tuple(subject_of(row) for _, row in _lab.open_with(photo_id, _pile.photos).iterrows())
