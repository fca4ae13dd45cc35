"""Lab: what it holds, what is missing, and the jobs that compute it; new labs."""

from __future__ import annotations

import streamlit as st

from pages.parts.export import show_export
from pages.parts.frame import begin
from pages.parts.guard import guarded, plain
from pages.parts.jobs import list_jobs, show_jobs
from pages.parts.labs import current_lab, drawings_note
from pages.parts.missing import show_missing
from pages.parts.new_lab import offer_new_lab
from whalecore.glossary import explain
from whalecore.verdict_words import FIGURES

COUNTS = {
    "photos": "photo",
    "individuals": "individual",
    "models": "model",
    "scores": "score",
    "heatmaps": "heatmap",
    "clusterings": "cluster",
}
NAMES = {
    "model_id": "model",
    "photos_trained": "photos it learned from",
    "trained_at": "trained on (UTC)",
    "fold": "fold kept out",
    "low": "95 % from",
    "high": "95 % to",
    "metric": "measure",
}
SHOWN = (
    "top_1",
    "top_5",
    "map_at_5",
    "expected_calibration_error",
    "share_reliable",
    "error_among_reliable",
    "auroc_new",
)
"""Measures of this page; the page Reliability has them all."""


def show_models(lab) -> None:
    """Models and how good they are on photos they never saw."""
    st.header("Models", help=explain("model"))
    models = lab.models()
    if models.empty:
        st.info("No model yet: train one with the step above.")
        return
    table = models[["model_id", "architecture", "fold", "photos_trained", "trained_at"]]
    table = table.assign(individuals=[len(names) for names in models["individuals"]])
    st.dataframe(table.rename(columns=NAMES), hide_index=True)
    evaluations = lab.evaluations()
    if not evaluations.empty:
        st.subheader("How good they are on photos they never saw", help=explain("held out"))
        clustering = lab.newest_clustering(ranks="top5")
        own = evaluations["clustering_id"]
        newest = own.isna() if clustering is None else own == clustering
        table = evaluations[(evaluations["part"] == "test") & newest]
        table = table[table["metric"].isin(SHOWN)].drop_duplicates(["model_id", "metric"])
        table = table[["metric", "value", "low", "high", "photos", "model_id"]].round(3)
        table = table.sort_values("metric", key=lambda names: names.map(SHOWN.index))
        table["metric"] = table["metric"].map(FIGURES)
        shown = table.rename(columns=NAMES).style.format(precision=3, na_rep="")
        st.dataframe(shown, hide_index=True)
        st.page_link("pages/reliability.py", label="How far verdicts can be trusted")


def show_problems(lab) -> None:
    """What could not be imported, by name."""
    problems = lab.problems()
    with st.expander(f"Problems found while importing ({len(problems)})"):
        if problems.empty:
            st.write("None.")
            return
        st.dataframe(problems[["kind", "name", "reason"]], hide_index=True)


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
    with guarded("show the problems"):
        show_problems(lab)
    with guarded("offer files to take along"):
        show_export(lab)
st.header("A new lab", help=explain("lab"))
with guarded("make a new lab"):
    offer_new_lab()
