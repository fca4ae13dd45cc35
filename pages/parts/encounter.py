"""Several photos of one animal: the joint answer, and the answer of each."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.assessment import decoded, joint_assessment_of
from pages.parts.decide_cover import Companions
from pages.parts.decisions import turning
from pages.parts.guard import guarded, plain
from pages.parts.hand import TOGETHER, Held
from pages.parts.saving import offer_saving
from pages.parts.table import show_table
from pages.parts.verdict import show_verdict
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.plain_words import chance
from whalecore.verdict_words import KINDS, counted
from whalecore.workflow.decide import Subject

_DECIDED_TOGETHER = "decide_on_all_photos"


def show_one_animal(held: dict[str, Held]) -> bool:
    """Draw the switch; whether the photos in hand are to be taken as one encounter."""
    if len(held) < 2:
        return False
    return st.toggle(
        "These photos show one animal",
        key=TOGETHER,
        on_change=turning,
        persist_state="session",
        help=f"{explain('one animal')} {explain('encounter')}",
    )


def assess_encounter(lab, held: dict[str, Held]):
    """The joint assessment of all photos in hand that can be read; None where none can."""
    photos = []
    for one in held.values():
        try:
            photos.append(decoded(one.data, one.name))
        except WhalecoreError as error:
            st.warning(f"Left out: {plain(str(error))}")
    return joint_assessment_of(lab, photos) if photos else None


def subject_of(found, held: Held) -> Subject:
    """A photo in hand as what is decided on."""
    return Subject(held.photo_id, held.name, found.verdict, found.prediction.model_id, held.data)


def companions_of(lab, joint, held: dict[str, Held], photo_id: str) -> Companions | None:
    """The other photos of the encounter, which a decision is about as well; None without one.

    Where one of them has a name already, or the photos name several animals, the reader must say so
    first.
    """
    if joint is None:
        return None
    others = tuple(
        subject_of(one, held[one.photo.photo_id])
        for one in joint.assessments
        if one.photo.photo_id != photo_id
    )
    named = [one.name for one in others if _has_name(lab, one.photo_id)]
    words = "photos of this encounter"
    if named:
        words += f" ({', '.join(named)} {'has' if len(named) == 1 else 'have'} a name already)"
    agreed = len({one.prediction.candidates[0].individual for one in joint.assessments}) == 1
    return Companions(others, words, _DECIDED_TOGETHER, usual=agreed and not named)


def _has_name(lab, photo_id: str) -> bool:
    return any(row["individual"] for row in lab.rows("photos", photo_id=photo_id))


def show_joint(joint) -> None:
    """The joint answer in one sentence, its verdict, and a row a photo."""
    first, *others = joint.candidates
    alone = [one.prediction.candidates[0] for one in joint.assessments]
    agree = sum(one.individual == first.individual for one in alone)
    second = f" The next is {plain(others[0].individual)} with {others[0].score:.3f}."
    st.markdown(
        f"**Together: {plain(first.individual)}**, joint score **{first.score:.3f}**.{second} "
        f"{agree} of {counted(len(alone), 'photo')} would say so alone.",
        help=explain("joint score"),
    )
    show_verdict(joint.verdict, joint=True)
    rows = [
        {
            "Photo": one.photo.name,
            "First candidate": candidate.individual,
            "Score": candidate.score,
            "As the others": candidate.individual == first.individual,
            "Verdict": KINDS[one.verdict.verdict],
            "First candidate right": chance(one.verdict.p_correct),
        }
        for one, candidate in zip(joint.assessments, alone, strict=True)
    ]
    table = pd.DataFrame(rows)
    show_table(
        table,
        column_config={"Score": st.column_config.NumberColumn(format="%.3f")},
        alt="The answer of each photo",
    )
    with guarded("offer the table"):
        offer_saving("encounter", tables={"encounter": table})
