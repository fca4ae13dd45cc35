"""What heatmaps add to a verdict, and whether they show what the network uses."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import pandas as pd
import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.guard import plain
from pages.parts.saving import offer_saving
from pages.parts.table import show_table
from whalecore import reliability_charts as charts
from whalecore.faithful_chart import DONE, curve_chart
from whalecore.glossary import explain
from whalecore.verdict_words import CLUSTER_GAINS, GAINS, cluster_gain_words, gain_words
from whalecore.workflow.faithful_curves import faithful_curves
from whalecore.workflow.faithfulness import (
    METHODS,
    OPPONENTS,
    explanation_warnings,
    faithfulness_figures,
    faithfulness_words,
)
from whalecore.workflow.verdict_tables import VerdictTables

GAIN_AXIS = "gain by the heatmaps"
MARGIN_AXIS = "uncovering minus covering, difference"


def draw_gain(tables: VerdictTables) -> None:
    """The same photos judged with and without the evidence of the heatmaps."""
    st.header("Do the heatmaps add anything?", help=explain("gain of heatmaps"))
    names = {**GAINS, **CLUSTER_GAINS}
    found = {names[name]: tables.figures[name] for name in names if name in tables.figures}
    st.markdown(f"{gain_words(tables.figures)} {cluster_gain_words(tables.figures)}")
    if not found:
        st.caption("It will be once photos have heatmaps (explain) and calibrate has run since.")
        return
    draw_chart(charts.effects_chart, found, GAIN_AXIS)
    photos = max(one.photos for one in found.values())
    st.caption(
        f"{photos:,} photos judged with and without the heatmaps' evidence, by rules of other "
        "photos. Right of the dashed line the heatmaps help; where the line of a dot crosses it, "
        "the difference may be chance (grey dot).",
        help=f"{explain('squared error')} {explain('risk-coverage curve')} {explain('auroc')}",
    )
    offer_saving(
        "gain",
        {"gain by the heatmaps": lambda: charts.effects_chart(found, GAIN_AXIS)},
        {"gain by the heatmaps": lambda: _effects(found)},
    )


def warn_of(lab, method: str) -> None:
    """Say beside a heatmap that its kind failed a test; nothing where it passed or had none."""
    warning = _warnings(str(lab.folder), lab.state("evaluations"), lab).get(method)
    if warning:
        st.warning(plain(warning), icon=":material/warning:")


@st.cache_data(max_entries=8, show_spinner=False)
def _warnings(folder, state, _lab) -> dict[str, str]:
    return explanation_warnings(_lab)


def draw_faithfulness(lab) -> None:
    """Whether heatmaps point to what the score rests on, each test with its photos."""
    st.header("Do the heatmaps tell the truth?", help=explain("faithful"))
    figures, warnings = faithfulness_figures(lab), explanation_warnings(lab)
    for sentence in faithfulness_words(lab):
        if sentence in warnings.values():
            st.warning(plain(sentence), icon=":material/warning:")
        elif figures:
            st.success(plain(sentence), icon=":material/check_circle:")
        else:
            st.info(plain(sentence))
    if not figures:
        return
    margins = {
        f"{METHODS[method]} against {OPPONENTS[opponent]}": one
        for method in METHODS
        for opponent in OPPONENTS
        if (one := figures.get(f"faithful_{method}_over_{opponent}"))
    }
    if margins:
        st.markdown("**Better than maps that know nothing?**", help=explain("faithful"))
        draw_chart(charts.effects_chart, margins, MARGIN_AXIS)
        st.caption(
            f"{max(one.photos for one in margins.values()):,} test photos; lines: 95 % interval. "
            "Right of the dashed line the heatmap names what the score rests on better than a map "
            "that knows nothing of the network.",
            help=f"{explain('covering')} {explain('uncovering')}",
        )
    _draw_curves(faithful_curves(lab))
    st.markdown("**Score left, and likeness after forgetting**", help=explain("forgetting"))
    scores = _scores(figures)
    show_table(pd.DataFrame(scores), "Score left and likeness after forgetting", height="content")
    st.caption(
        "Mean score of the first candidate while the photo is covered (low is good) or uncovered "
        "(high is good) in the map's order; likeness near 0 is good.",
        help=f"{explain('covering')} {explain('uncovering')} {explain('forgetting')}",
    )
    made = {"better than chance": lambda: charts.effects_chart(margins, MARGIN_AXIS)}
    tables = {"better than chance": lambda: _effects(margins)}
    every = {"covering and uncovering": lambda: pd.DataFrame(scores)}
    offer_saving("faithful", made if margins else {}, (tables if margins else {}) | every)


def _draw_curves(curves: pd.DataFrame) -> None:
    """The score step by step; nothing in labs that were tested before the steps were kept."""
    if curves.empty:
        return
    st.markdown(
        "**The score while the photo is covered, and uncovered**",
        help=f"{explain('covering')} {explain('uncovering')}",
    )
    names = {**METHODS, **{name: said.capitalize() for name, said in OPPONENTS.items()}}
    for side, curve in zip(st.columns(2, gap="medium"), DONE, strict=True):
        with side:
            draw_chart(curve_chart, curves, curve, names)
    offer_saving(
        "curves",
        {f"score while {done}": partial(curve_chart, curves, curve, names)
         for curve, done in DONE.items()},
        {"score while covered and uncovered": curves},
    )  # fmt: skip


def _effects(found) -> pd.DataFrame:
    """A row for each difference."""
    return pd.DataFrame([{"difference": name, **asdict(one)} for name, one in found.items()])


def _scores(figures) -> list[dict[str, str]]:
    """A row for each kind of map."""
    rows = []
    for name, called in {**METHODS, **OPPONENTS}.items():
        covered, uncovered = figures.get(f"deletion_{name}"), figures.get(f"insertion_{name}")
        if covered is None or uncovered is None:
            continue
        same = figures.get(f"randomised_{name}")
        rows.append(
            {
                "map": called[0].upper() + called[1:],
                "covering": f"{covered.value:.3f}",
                "uncovering": f"{uncovered.value:.3f}",
                "forgetting": f"{same.value:.2f} ({same.photos} photos)" if same else "–",
                "photos": f"{covered.photos}",
            }
        )
    return rows
