"""The models of a lab: how good they are, how training went, and what two of them differ in."""

from __future__ import annotations

import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.state import bound, read_view
from pages.parts.table import show_table
from whalecore.cluster_words import known
from whalecore.errors import SettingsError
from whalecore.glossary import explain
from whalecore.training_charts import curve_chart
from whalecore.training_tables import curves, differing, results, settings_of, with_curves
from whalecore.verdict_words import FIGURES

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

PANELS = (
    ("loss", "Loss", "loss"),
    ("top1", "First candidate right", "validation curve"),
    ("map5", "Right one high among five", "map@5"),
    ("learning_rate", "Learning rate", "learning rate"),
)
"""Curves: measure, title and the term that explains it."""


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
    show_table(
        table.rename(columns=NAMES),
        column_config={
            NAMES["fold"]: st.column_config.NumberColumn(help=explain("fold")),
            NAMES["photos_trained"]: st.column_config.NumberColumn(format="localized"),
            NAMES["trained_at"]: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "marks": st.column_config.TextColumn(help=explain("matching marks")),
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
        shown = table.rename(columns=NAMES).style.format(precision=3, na_rep="")
        show_table(shown, height="content", alt="How good the models are on test photos")
        st.page_link(
            "pages/reliability.py",
            label="How far verdicts can be trusted",
            icon=":material/verified:",
        )


def show_training(lab) -> None:
    """The curves of a model's training, and on wish of another one beside it."""
    models = lab.models()
    if models.empty:
        return
    st.subheader("How training went", help=explain("training curves"))
    traced = with_curves(models)
    if not traced:
        st.caption(
            "No curves are there: the models of this lab were trained before curves were kept. "
            "The next training keeps its own."
        )
        return
    chosen = _choose(models, traced)
    found = curves(models, chosen)
    show_table(results(models, chosen))
    for pair in (PANELS[:2], PANELS[2:]):
        for column, (measure, title, term) in zip(st.columns(2), pair, strict=True):
            with column:
                st.markdown(f"**{title}**", help=explain(term))
                _draw(found, measure)
    if found["half_size"].any():
        st.caption("From the dashed line on, photos were shown at the full size.")
    if len(chosen) > 1:
        _compare(models, *chosen)
    with st.expander("All settings"):
        show_table(settings_of(models, chosen))


def _draw(found, measure: str) -> None:
    try:
        draw_chart(curve_chart, found, measure)
    except SettingsError as error:
        st.caption(str(error))


def _choose(models, traced: list[str]) -> list[str]:
    """One or two models, as the address says."""
    view = read_view()
    labels = {
        row.model_id: f"{row.model_id}, {row.trained_at:%Y-%m-%d %H:%M}"
        for row in models.itertuples()
    }
    left, right = st.columns(2)
    first = left.selectbox(
        "Model",
        traced,
        format_func=labels.get,
        help=explain("model"),
        **bound("model", view.model if view.model in traced else traced[0], "lab"),
    )
    others = [name for name in traced if name != first]
    second = right.selectbox(
        "Compare with",
        others,
        index=None,
        placeholder="Another model" if others else "There is no other one with curves",
        format_func=labels.get,
        disabled=not others,
        help=explain("two trainings"),
        **bound("beside", view.beside if view.beside in others else None, "lab"),
    )
    return [first, second] if second else [first]


def _compare(models, first: str, second: str) -> None:
    st.markdown("**What they differ in**", help=explain("two trainings"))
    table = differing(models, first, second)
    if table.empty:
        st.caption(
            "Settings and number of photos are the same: they differ in the photos themselves, "
            "their names or crops."
        )
        return
    show_table(table)
