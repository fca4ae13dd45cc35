"""How trainings went: their curves, and what two of them differ in."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.saving import offer_saving
from pages.parts.state import bound, read_view
from pages.parts.table import show_table
from pages.parts.times import moment
from whalecore.errors import SettingsError
from whalecore.glossary import explain
from whalecore.training_charts import curve_chart
from whalecore.training_tables import curves, differing, results, settings_of, with_curves

PANELS = (
    ("loss", "Loss", "loss"),
    ("top1", "First candidate right", "validation curve"),
    ("map5", "Right one high among five", "map@5"),
    ("learning_rate", "Learning rate", "learning rate"),
)
"""Curves: measure, title and the term that explains it."""


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
    of_models = {name: st.column_config.TextColumn(help=explain("model")) for name in chosen}
    reached, settings = results(models, chosen), settings_of(models, chosen)
    show_table(reached, "What each training came to", column_config=of_models)
    for pair in (PANELS[:2], PANELS[2:]):
        for column, (measure, title, term) in zip(st.columns(2), pair, strict=True):
            with column:
                st.markdown(f"**{title}**", help=explain(term))
                _draw(found, measure)
    if found["half_size"].any():
        st.caption("From the dashed line on, photos were shown at the full size.")
    kept = {"results of training": reached, "settings of training": settings}
    if len(chosen) > 1:
        kept["what two trainings differ in"] = table = differing(models, *chosen)
        _compare(table, of_models)
    with st.expander("All settings"):
        show_table(settings, "All settings of the training", column_config=of_models)
    offer_saving(
        "training",
        {title.lower(): partial(curve_chart, found, measure) for measure, title, _ in PANELS},
        kept | {"training curves": found},
    )


def _draw(found, measure: str) -> None:
    try:
        draw_chart(curve_chart, found, measure)
    except SettingsError as error:
        st.caption(str(error))


def _choose(models, traced: list[str]) -> list[str]:
    """One or two models, as the address says."""
    view = read_view()
    labels = {
        row.model_id: f"{row.model_id}, {moment(row.trained_at)}" for row in models.itertuples()
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


def _compare(table, of_models: dict) -> None:
    st.markdown("**What they differ in**", help=explain("two trainings"))
    if table.empty:
        st.caption(
            "Settings and number of photos are the same: they differ in the photos themselves, "
            "their names or crops."
        )
        return
    show_table(table, "Settings in which the trainings differ", column_config=of_models)
