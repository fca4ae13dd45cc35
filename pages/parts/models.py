"""The models of a lab, and how good they are on photos they never saw."""

from __future__ import annotations

import streamlit as st

from pages.parts.saving import offer_saving
from pages.parts.table import show_table
from pages.parts.times import TIME_COLUMN
from whalecore.glossary import explain
from whalecore.plain_words import known
from whalecore.verdict_words import FIGURES

NAMES = {
    "model_id": "model",
    "architecture": "network",
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
    table = table.assign(
        individuals=[len(names) for names in models["individuals"]],
        marks=["count" if known(one) else "do not count" for one in models["mark_weight"]],
    )
    table = table.rename(columns=NAMES)
    kept = {"models of the lab": table}
    show_table(
        table,
        column_config={
            NAMES["photos_trained"]: st.column_config.NumberColumn(format="localized"),
            NAMES["trained_at"]: st.column_config.DatetimeColumn(format=TIME_COLUMN),
        },
        alt="Models of the lab",
    )
    evaluations = lab.evaluations()
    if not evaluations.empty:
        st.subheader("How good they are on photos they never saw", help=explain("held out"))
        clustering = lab.usual_clustering()
        own = evaluations["clustering_id"]
        present = own.isna() if clustering is None else own == clustering
        table = evaluations[(evaluations["part"] == "test") & present]
        table = table[table["metric"].isin(SHOWN)].drop_duplicates(["model_id", "metric"])
        table = table[["metric", "value", "low", "high", "photos", "model_id"]].round(3)
        newest = {model_id: place for place, model_id in enumerate(models["model_id"])}
        order = {"metric": SHOWN.index, "model_id": newest}
        table = table.sort_values(
            ["metric", "model_id"], key=lambda names: names.map(order[names.name])
        )
        table["metric"] = table["metric"].map(FIGURES)
        table = table.rename(columns=NAMES)
        kept["how good the models are"] = table
        show_table(
            table,
            height="content",
            column_config={
                name: st.column_config.NumberColumn(format="%.3f")
                for name in ("value", NAMES["low"], NAMES["high"])
            },
            alt="How good the models are on test photos",
        )
    offer_saving("models", tables=kept)
    if not evaluations.empty:
        st.page_link(
            "pages/reliability.py",
            label="How far verdicts can be trusted",
            icon=":material/verified:",
        )
