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
from pages.parts.report_file import report_file
from pages.parts.state import TOPICS, bound, read_view
from pages.parts.todo import say_missing
from pages.parts.trusted_heatmaps import draw_faithfulness, draw_gain
from whalecore.glossary import explain
from whalecore.workflow.report import report_page
from whalecore.workflow.verdict_tables import VerdictTables, verdict_tables

PARTS = {
    "Verdicts": {
        "compare the verdicts with the truth": draw_verdicts,
        "show the sets of answers": draw_sets,
    },
    "Probabilities": {"show whether the probabilities come true": draw_certainty},
    "Kinds of photos": {"show the kinds of photos": draw_groups},
    "Heatmaps": {"say what the heatmaps add": draw_gain},
    "All figures": {"list the figures": draw_figures},
}
"""What is drawn under each topic; the heatmaps' truth is told without verdicts as well."""

NOT_JUDGED = (
    "The verdicts of this lab have not been judged yet. That is done with photos that the network "
    "never saw (at least 20 of validation)."
)
JUDGED_BEFORE = (
    "The verdicts of this lab were judged with another model or other clusters than those in use: "
    "have the rules chosen anew."
)

READ = ("verdicts", "evaluations", "photos", "scores", "models", "clusterings")
"""Tables that the page is made of."""


def tables_of(lab) -> VerdictTables:
    """The verdicts and their figures, read anew when the lab has computed something."""
    model_id = lab.newest_model_id()
    rules = lab.rules(model_id, lab.usual_clustering()) if model_id else None
    return _tables(str(lab.folder), lab.state(*READ), str(rules), lab.info.error_limit, lab)


@st.cache_resource(max_entries=4, show_spinner="Reading the verdicts")
def _tables(folder, state, rules, error_limit, _lab) -> VerdictTables:
    return verdict_tables(_lab)


def offer_report(lab) -> None:
    """A button for the same as one file that can be kept and sent."""
    st.download_button(
        "Download as one file",
        data=lambda: report_file(lambda: report_page(lab)),
        file_name="reliability.html",
        mime="text/html",
        icon=":material/download:",
        on_click="ignore",
        help=explain("page to keep"),
    )


def say_truth(lab) -> None:
    """Whether heatmaps show what the network uses."""
    with guarded("say whether the heatmaps tell the truth"):
        draw_faithfulness(lab)


begin("Reliability")
with guarded("show how far verdicts can be trusted"):
    lab, view = current_lab(), read_view()
    drawings_note(lab)
    tables = tables_of(lab)
    if tables.photos.empty:
        say_missing(lab, JUDGED_BEFORE if lab.rows("verdicts") else NOT_JUDGED, "calibrate")
    else:
        draw_summary(tables)
        with guarded("offer the report"):
            offer_report(lab)
        topic = view.topic or TOPICS[0]
        tabs = st.tabs(TOPICS, **bound("topic", topic, "reliability"))
        with tabs[TOPICS.index(topic)]:
            for what, draw in PARTS[topic].items():
                with guarded(what):
                    draw(tables)
            if topic == "Heatmaps":
                say_truth(lab)
    if tables.photos.empty:
        say_truth(lab)
        with guarded("list the figures"):
            draw_figures(tables)
