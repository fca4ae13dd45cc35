"""Lab: what it holds, what is missing, and the jobs that compute it; new labs."""

from __future__ import annotations

import streamlit as st

from pages.parts.export import show_export
from pages.parts.frame import begin
from pages.parts.guard import guarded, plain
from pages.parts.jobs import list_jobs, show_jobs
from pages.parts.labs import current_lab, drawings_note
from pages.parts.missing import show_missing
from pages.parts.models import show_models
from pages.parts.new_lab import offer_new_lab
from pages.parts.table import show_table
from pages.parts.training import show_training
from whalecore.glossary import explain

COUNTS = {
    "photos": "photo",
    "individuals": "individual",
    "models": "model",
    "scores": "score",
    "heatmaps": "heatmap",
    "clusterings": "cluster",
}
TWO_LINES = 72
"""Height of a row whose text takes two lines, in pixels."""


def show_problems(lab) -> None:
    """What could not be imported, by name."""
    problems = lab.problems()
    with st.expander(f"Problems found while importing ({len(problems)})"):
        if problems.empty:
            st.write("None.")
            return
        show_table(
            problems[["kind", "name", "reason"]],
            row_height=TWO_LINES,
            column_config={
                "kind": st.column_config.TextColumn(width=90),
                "name": st.column_config.TextColumn(width=150),
                "reason": st.column_config.TextColumn(width=560),
            },
            alt="What could not be imported, and why",
        )


begin("Lab")
with guarded("show the lab"):
    lab = current_lab()
    info = lab.info
    st.subheader(plain(info.name))
    drawings_note(lab)
    if info.note:
        st.markdown(plain(info.note))
    status = lab.status()
    for column, (name, term) in zip(st.columns(len(COUNTS)), COUNTS.items(), strict=True):
        column.metric(name.capitalize(), f"{status[name]:,}", help=explain(term))
    running = show_jobs(lab)
    show_missing(lab, status, busy=running is not None)
    with guarded("list the jobs"):
        list_jobs(lab)
    with guarded("show the models"):
        show_models(lab)
    with guarded("show how training went"):
        show_training(lab)
    with guarded("show the problems"):
        show_problems(lab)
    with guarded("offer files to take along"):
        show_export(lab)
st.header("A new lab", help=explain("lab"))
with guarded("make a new lab"):
    offer_new_lab()
