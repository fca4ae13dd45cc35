"""Which photos a decision is about: the one that is shown, or all of its encounter."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.decisions import all_of, turning
from pages.parts.guard import plain
from pages.parts.pictures import crop_or_blank, crop_shape
from whalecore.glossary import explain
from whalecore.verdict_words import KINDS
from whalecore.workflow.decide import Subject

SHOWN = 6
"""Photos that are shown small; of the others the names are said."""

SMALL = 240
"""Width of such a picture, in pixels."""


@dataclass(frozen=True)
class Companions:
    """Other photos that a decision may be about as well.

    Attributes
    ----------
    others : tuple of Subject
    words : str
        What all of them are, such as "photos of this encounter".
    key : str
        Of the switch: while it stays the same, the reader's choice does.
    usual : bool
        Whether the decision is about all of them until the reader says otherwise.
    undecided : bool
        Whether they are offered because nobody has decided on them.
    """

    others: tuple[Subject, ...]
    words: str
    key: str
    usual: bool = False
    undecided: bool = False


def covered(lab, subject: Subject, companions: Companions | None) -> tuple[Subject, ...]:
    """Draw the switch, and say which photos the decision is about; the one shown comes first."""
    if companions is None or not companions.others:
        return (subject,)
    everyone = (subject, *companions.others)
    together = st.toggle(
        f"For {all_of(len(everyone), companions.words)}",
        companions.usual,
        key=companions.key,
        on_change=turning,
        help=explain("decision for an encounter"),
    )
    if not together:
        st.caption(plain(f"The decision is about {subject.name} alone."))
        return (subject,)
    names = ", ".join(one.name for one in everyone)
    st.caption(plain(f"The decision is about these {len(everyone)} photos: {names}."))
    _show_small(lab, [one for one in companions.others if one.upload is None])
    return everyone


def _show_small(lab, others: list[Subject]) -> None:
    """The photos that come along, so that nobody decides on what was never looked at."""
    if not others:
        return
    shape = crop_shape(lab)
    for column, one in zip(st.columns(SHOWN), others, strict=False):
        picture = crop_or_blank(lab, one.photo_id, shape, SMALL)
        verdict = f": {KINDS[one.seen.verdict].lower()}" if one.seen else ""
        column.image(picture, width="stretch", alt=f"The fluke on {one.name}")
        column.caption(plain(f"{one.name}{verdict}"))
