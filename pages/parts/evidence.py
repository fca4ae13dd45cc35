"""What a verdict was made from: the set of answers, the evidence, and parts that change."""

from __future__ import annotations

import streamlit as st

from pages.parts.guard import plain
from pages.parts.pictures import crop_or_blank, crop_shape
from whalecore.cluster_words import label_of
from whalecore.glossary import explain
from whalecore.plain_words import percent
from whalecore.reliability.change_reasons import ON_TIPS
from whalecore.types import ClusterEvidence
from whalecore.verdict_words import EvidenceRow, evidence_rows, set_words, tips_words
from whalecore.workflow.usual import usual_evidence

COLUMNS = 3
"""Of evidence beside each other."""

SHOWN = 5
"""Individuals whose tips are compared."""

FIRST = ("score", "margin")
QUALITY = ("sharpness", "fluke share")
"""Terms of the evidence that is always in view, before and after the cluster."""


def show_answers(answers) -> None:
    """The answers among which the right one is, in one sentence."""
    if answers is None:
        return
    st.markdown(
        f":material/rule: {plain(set_words(answers))}",
        help=explain("answer set"),
    )


def show_evidence_line(lab, found) -> None:
    """Score, lead over the second, cluster with its interval, and quality, side by side."""
    rows = {row.term: row for row in _rows(lab, found)}
    shown = [rows[term] for term in FIRST if term in rows]
    if found.cluster is not None:
        shown.append(_cluster_row(found.cluster))
    shown += [rows[term] for term in QUALITY if term in rows]
    for column, row in zip(st.columns(len(shown)), shown, strict=True):
        column.markdown(
            f"{row.name}  \n**{row.value}**  \n:small[:gray[{row.usual}]]", help=_help(row)
        )


def _cluster_row(cluster: ClusterEvidence) -> EvidenceRow:
    if cluster.unlike:
        return EvidenceRow("Right among heatmaps like this", "unlike any cluster", "unknown",
                           "unlike any cluster")  # fmt: skip
    if (cluster.share_correct_low, cluster.share_correct_high) == (0, 1):
        # The interval of no observation: a share of it would be made up.
        called = label_of(cluster.id, stability=cluster.stability)
        return EvidenceRow(f"Right in cluster {called}", "cluster correctness", "not known",
                           "none of it was judged")  # fmt: skip
    between = f"{percent(cluster.share_correct_low)} and {percent(cluster.share_correct_high)}"
    return EvidenceRow(
        f"Right in cluster {label_of(cluster.id, stability=cluster.stability)}",
        "cluster correctness",
        percent(cluster.share_correct),
        f"between {between}; stability {percent(cluster.stability)}",
    )


def _help(row: EvidenceRow) -> str:
    """What a piece of evidence means; of a cluster's also its stability."""
    if row.term != "cluster correctness":
        return explain(row.term)
    return f"{explain(row.term)} Stability: {explain('stability')}"


def show_evidence(lab, found) -> None:
    """Every piece of evidence in words, with what is usual in the lab."""
    rows = _rows(lab, found)
    columns = st.columns(COLUMNS)
    for place, row in enumerate(rows):
        usual_too = f" :small[:gray[{row.usual}]]" if row.usual else ""
        columns[place * COLUMNS // len(rows)].markdown(
            f"{row.name}  \n**{row.value}**{usual_too}", help=_help(row)
        )
    st.caption(
        "Beside a number: whether it is usual, and between which values the middle half of this "
        "lab's scored photos lies.",
        help=explain("usual"),
    )


def _rows(lab, found) -> list[EvidenceRow]:
    model_id = found.prediction.model_id
    usual = _usual(str(lab.folder), model_id, lab.state("evidence"), lab)
    return evidence_rows(found.evidence, found.quality, usual)


@st.cache_data(max_entries=8, show_spinner=False)
def _usual(folder: str, model_id: str, state: str, _lab) -> dict[str, tuple[float, float]]:
    """``state`` makes it be looked up anew when evidence was added."""
    return usual_evidence(_lab, model_id)


def show_changing(lab, found) -> None:
    """How much rests on the tips, and whose tips look alike, to be compared by hand."""
    changing = found.changing
    if changing is None or changing.share < ON_TIPS:
        return
    title = "Tips of the fluke, which change over the years"
    with st.expander(title, icon=":material/history:", expanded=True):
        st.markdown(tips_words(changing.share, changing.area), help=explain("changing parts"))
        if not changing.similar:
            return
        st.markdown("Compare by hand with these, whose tips look alike:")
        shape = crop_shape(lab, found.prediction.model_id)
        for column, one in zip(st.columns(SHOWN), changing.similar, strict=False):
            picture = crop_or_blank(lab, one.photo_id, shape, 320)
            column.image(picture, width="stretch", alt=f"A photo of {one.individual}")
            column.caption(plain(f"{one.individual}, similarity {one.similarity:.2f}"))
