"""The charts of the page Clusters, and what a click on them does."""

from __future__ import annotations

import json
from functools import partial

import pandas as pd
import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.guard import plain
from pages.parts.saving import offer_saving
from pages.parts.state import change
from whalecore.cluster_change_words import neighbour_words
from whalecore.clustering_charts import eigenvalue_chart, gap_chart, sigma_chart
from whalecore.clustering_words import (
    AGAIN,
    gap_words,
    lopsided_words,
    mode_words,
    noise_words,
    number_words,
    representation_words,
)
from whalecore.correctness_charts import CLICK, correctness_chart, score_chart
from whalecore.glossary import explain
from whalecore.lab.clusters import UNSTABLE
from whalecore.plain_words import listed, percent

MEASURES = {
    "isolated": ("Heatmaps without similar ones", "share", "isolated"),
    "mean_degree": ("Similar heatmaps on average", "heatmaps", "degree"),
    "eigengap": ("Largest step between eigenvalues", "step", "eigengap"),
    "stability": ("Same clusters from other heatmaps", "agreement", "sigma sweep"),
}
"""Measures of the sweep of sigma: title, what the axis says, the term that explains it."""


def draw_charts(correctness, selected: int) -> None:
    """Fig. 8: click a bar or a dot to choose its cluster."""

    def take(key: str) -> None:
        points = st.session_state[key].selection.get(CLICK) or []
        if points:
            change(cluster=int(points[0][CLICK]))

    st.subheader("Which clusters can be trusted", help=explain("cluster correctness"))
    for key, make in (("shares", correctness_chart), ("scores", score_chart)):
        draw_chart(make, correctness, selected, key=key, on_select=lambda key=key: take(key))
    offer_saving(
        "clusters",
        {
            "right by cluster": lambda: correctness_chart(correctness, selected),
            "score by cluster": lambda: score_chart(correctness, selected),
        },
    )
    if correctness["stability"].isna().all():
        st.caption(f"{AGAIN} which clusters are stable.", help=explain("stability"))
        return
    loose = correctness["cluster"][correctness["stability"] < UNSTABLE].tolist()
    words = (
        f"Pale with a dashed outline: unstable ({listed(loose)}), fewer than {percent(UNSTABLE)} "
        "of their pairs of heatmaps stay together."
        if loose
        else "No cluster is unstable."
    )
    st.caption(f"{words} Click a bar or a dot to choose its cluster.", help=explain("stability"))


def say_what_noise_reaches(clustering, sizes) -> None:
    """What the stability of all clusters is worth, and a warning where nothing was divided.

    Parameters
    ----------
    clustering : dict
    sizes : sequence of int
        Heatmaps of each of its clusters.
    """
    words = noise_words(clustering["stability"], clustering["noise_stability"])
    st.caption(words, help=explain("stability of noise"))
    lopsided = lopsided_words(sizes)
    if lopsided:
        st.warning(lopsided, icon=":material/warning:")


def draw_origin(lab, clustering) -> None:
    """Fig. 6 and the sweep: why so many clusters, and when two heatmaps count as alike."""
    number, values = int(clustering["clusters"]), list(clustering["eigenvalues"])
    st.subheader("How heatmaps were compared", help=explain("exact or scale"))
    st.markdown(mode_words(clustering["mode"], int(clustering["heatmaps"])))
    st.markdown(representation_words(lab.representation(clustering["clustering_id"])))
    st.subheader("How many clusters", help=f"{explain('eigenvalue')} {explain('eigengap')}")
    if len(values) > 2:
        draw_chart(eigenvalue_chart, values, number)
        draw_chart(gap_chart, values, number)
        offer_saving(
            "eigenvalues",
            {
                "eigenvalues": lambda: eigenvalue_chart(values, number),
                "steps between eigenvalues": lambda: gap_chart(values, number),
            },
            {"eigenvalues": lambda: pd.DataFrame({"eigenvalue": values})},
        )
    asked = json.loads(clustering["settings"] or "{}")
    came_about = number_words(
        asked.get("clusters"),
        number,
        int(clustering["heatmaps"]),
        asked.get("by_landmarks", False),
    )
    st.markdown(f"{gap_words(values, number)} {came_about}")
    st.markdown("**A few clusters more or fewer**", help=explain("neighbouring numbers"))
    neighbours = json.loads(clustering["neighbouring"] or "{}")
    if neighbours:
        sentences = [
            neighbour_words(neighbours[one], int(one)) for one in sorted(neighbours, key=int)
        ]
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    else:
        st.caption(f"{AGAIN} what a few clusters more or fewer would change.")
    _draw_sweep(clustering)


def _draw_sweep(clustering) -> None:
    st.subheader(
        f"When two heatmaps count as alike: sigma {clustering['sigma']:.3g}", help=explain("sigma")
    )
    rule = json.loads(clustering["settings"] or "{}").get("sigma_rule")
    if rule:
        st.markdown(plain(f"Chosen by this rule: {rule}."))
    sweep = json.loads(clustering["sigma_sweep"] or "[]")
    drawn = [name for name in MEASURES if any(_there(trial.get(name)) for trial in sweep)]
    if not drawn:
        st.caption("Sigma was given, so no other values were tried.")
        return
    made = {}
    for place, name in enumerate(drawn):
        if place % 2 == 0:
            columns = st.columns(2)
        title, axis, term = MEASURES[name]
        trials = [trial for trial in sweep if _there(trial.get(name))]
        with columns[place % 2]:
            st.markdown(f"**{title}**", help=explain(term))
            draw_chart(sigma_chart, trials, clustering["sigma"], name, axis, 230)
        made[title.lower()] = partial(sigma_chart, trials, clustering["sigma"], name, axis)
    tried = [{name: trial.get(name) for name in ("sigma", *MEASURES)} for trial in sweep]
    offer_saving("sigma", made, {"values of sigma that were tried": pd.DataFrame(tried)})
    if "stability" not in drawn:
        st.caption(f"{AGAIN} how stable the clusters are at each value of sigma.")


def _there(value) -> bool:
    """Whether a trial has a measure; what could not be measured is not a number."""
    return value is not None and value == value
