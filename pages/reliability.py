"""Reliability: do the verdicts keep what they promise, and what do the heatmaps add?"""

from __future__ import annotations

import streamlit as st

from pages.parts.frame import begin
from pages.parts.guard import guarded
from pages.parts.judged import (
    draw_certainty,
    draw_figures,
    draw_groups,
    draw_sets,
    draw_summary,
    draw_verdicts,
)
from pages.parts.labs import current_lab, drawings_note
from pages.parts.trusted_heatmaps import draw_faithfulness, draw_gain
from whalecore.workflow.report import report_page
from whalecore.workflow.verdict_tables import verdict_tables

PARTS = {
    "compare the verdicts with the truth": draw_verdicts,
    "show whether the probabilities come true": draw_certainty,
    "show the sets of answers": draw_sets,
    "show the kinds of photos": draw_groups,
    "say what the heatmaps add": draw_gain,
}


def offer_report(lab) -> None:
    """A button for the same as one file that can be kept and sent."""
    st.download_button(
        "Download as one file",
        data=lambda: report_page(lab).encode(),
        file_name="reliability.html",
        mime="text/html",
        icon=":material/download:",
        on_click="ignore",
        help="A page with all charts and figures that any browser opens, to keep and to send.",
    )


begin("Reliability")
with guarded("show how far verdicts can be trusted"):
    lab = current_lab()
    drawings_note(lab)
    tables = verdict_tables(lab)
    if tables.photos.empty:
        st.info(
            "The verdicts of this lab have not been judged yet. This does it, with photos that "
            "the network never saw (at least 20 of validation): "
            f"`python -m whalecore calibrate --lab {lab.folder}`"
        )
    else:
        draw_summary(tables)
        with guarded("offer the report"):
            offer_report(lab)
        for what, draw in PARTS.items():
            with guarded(what):
                draw(tables)
    with guarded("say whether the heatmaps tell the truth"):
        draw_faithfulness(lab)
    with guarded("list the figures"):
        draw_figures(tables)
