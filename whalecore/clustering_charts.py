"""Charts of how a clustering came about: its number of clusters (Fig. 6), and its sigma."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from whalecore.chart_style import ACCENT, CHOSEN, EXTENT, GREENS, OUTLINE, finish
from whalecore.errors import SettingsError

WORDS = 0.22
"""Share of the width that the words beside a step take at most."""

LOWEST = 0.15
"""Share of the height under which they would meet the words at the foot of the chart."""

LATE = 0.75
"""Share of the width from which on words stand left of a line instead of right of it."""


def largest_gap(eigenvalues: Sequence[float]) -> int:
    """Number of eigenvalues before the largest step, 2 or more: a natural number of clusters.

    The step after the first eigenvalue is left out, because one cluster is no clustering.
    """
    values = np.asarray(eigenvalues, float)
    if values.ndim != 1 or len(values) < 3:
        raise SettingsError(
            f"{values.size} eigenvalues show no gap: at least 3 are needed, so cluster more "
            "heatmaps."
        )
    return int(np.argmax(np.diff(values)[1:])) + 2


def eigenvalue_chart(eigenvalues: Sequence[float], clusters: int, height: int = 300) -> alt.Chart:
    """The smallest eigenvalues with the chosen number of clusters and the largest gap (Fig. 6)."""
    gap = largest_gap(eigenvalues)
    frame = pd.DataFrame(
        {"number": np.arange(1, len(eigenvalues) + 1), "eigenvalue": np.asarray(eigenvalues, float)}
    )
    x = _eigenvalue_axis(len(frame), "eigenvalue, smallest first")
    dots = (
        alt.Chart(frame)
        .mark_point(filled=True, size=45, color=GREENS[1], stroke=OUTLINE, strokeWidth=0.8)
        .encode(
            x=x,
            y=alt.Y("eigenvalue:Q", title="value", axis=alt.Axis(minExtent=EXTENT)),
            tooltip=[
                alt.Tooltip("number:Q", title="Number"),
                alt.Tooltip("eigenvalue:Q", title="Eigenvalue", format=".4f"),
            ],
        )
    )
    step = frame.iloc[gap - 1 : gap + 1]
    gap_line = alt.Chart(step).mark_line(color=ACCENT, strokeWidth=3).encode(x=x, y="eigenvalue:Q")
    # Eigenvalues rise, so that there is always room to the right of a step and under its end,
    # and to its left above its start.
    late = clusters > LATE * len(frame)
    side, place = _beside_step(gap, clusters + 0.5, len(frame))
    lowest = LOWEST * frame["eigenvalue"].max()
    middle = pd.DataFrame({"number": [place], "middle": [max(step["eigenvalue"].mean(), lowest)]})
    gap_words = (
        alt.Chart(middle)
        .mark_text(
            align=side,
            baseline="top" if side == "left" else "bottom",
            dx=10 if side == "left" else -10,
            color=ACCENT,
            fontSize=13,
        )
        .encode(x=x, y="middle:Q", text=alt.value(f"largest step after {gap}"))
    )
    chosen = pd.DataFrame({"number": [clusters + 0.5]})
    rule = alt.Chart(chosen).mark_rule(color=OUTLINE, strokeDash=[5, 4], strokeWidth=1.5)
    words = (
        alt.Chart(chosen)
        .mark_text(
            align="right" if late else "left",
            baseline="bottom",
            dx=-6 if late else 6,
            fontSize=13,
        )
        .encode(x="number:Q", y=alt.value("height"), text=alt.value(f"{clusters} clusters chosen"))
    )
    return finish(
        alt.layer(rule.encode(x="number:Q"), words, gap_line, gap_words, dots),
        f"The {len(frame)} smallest eigenvalues; {clusters} clusters were chosen and the largest "
        f"step lies after eigenvalue {gap}.",
        height,
    )


def _beside_step(gap: int, line: float, last: int) -> tuple[str, float]:
    """Where the words about the largest step stand, so that the dashed line does not cross them.

    Parameters
    ----------
    gap : int
        Number of eigenvalues before the step.
    line : float
        Where the dashed line is.
    last : int
        Number of the last eigenvalue.

    Returns
    -------
    align : str
        ``left`` (the words lie right of their place) or ``right``.
    place : float
        Where they begin or end.
    """
    start, room = gap + 1, WORDS * last
    if start + room <= last and not start <= line < start + room:
        return "left", start
    if gap - room >= 0 and not gap - room < line <= gap:
        return "right", gap
    return ("left" if line > gap else "right"), line


def gap_chart(eigenvalues: Sequence[float], clusters: int, height: int = 160) -> alt.Chart:
    """The step after each of the smallest eigenvalues; the one at the chosen number is marked."""
    gap = largest_gap(eigenvalues)
    values = np.asarray(eigenvalues, float)
    frame = pd.DataFrame({"number": np.arange(1, len(values)), "step": np.diff(values)})
    # The step after the first eigenvalue is no candidate, and would dwarf the others.
    frame = frame.iloc[1:]
    chosen = alt.datum.number == clusters
    bars = (
        alt.Chart(frame)
        .mark_bar(stroke=OUTLINE, strokeWidth=0.8, size=7)
        .encode(
            x=_eigenvalue_axis(len(values), "clusters, if the line were drawn at this step"),
            y=alt.Y("step:Q", title="step", axis=alt.Axis(minExtent=EXTENT, tickCount=4)),
            color=alt.condition(chosen, alt.value(CHOSEN), alt.value(GREENS[2])),
            tooltip=[
                alt.Tooltip("number:Q", title="Clusters"),
                alt.Tooltip("step:Q", title="Step to the next eigenvalue", format=".4f"),
            ],
        )
    )
    return finish(
        bars,
        f"Step after each of {len(values)} eigenvalues: the largest lies after {gap}, "
        f"{clusters} clusters were chosen.",
        height,
    )


def sigma_chart(
    sweep: Sequence[Mapping[str, float]],
    chosen: float,
    measure: str,
    title: str,
    height: int = 280,
) -> alt.LayerChart:
    """A measure over the values of sigma that were tried, the chosen one marked.

    Parameters
    ----------
    sweep : sequence of mappings
        Each with ``sigma`` and ``measure``.
    chosen : float
    measure : str
        Key of the measure that is drawn.
    title : str
        The measure in plain words, for the axis.
    """
    if not sweep or any("sigma" not in row or measure not in row for row in sweep):
        raise SettingsError(
            f"A sigma sweep without 'sigma' and '{measure}' cannot be drawn: cluster again."
        )
    frame = pd.DataFrame([{"sigma": row["sigma"], "value": row[measure]} for row in sweep])
    base = alt.Chart(frame).encode(
        x=alt.X("sigma:Q", title="sigma", scale=alt.Scale(type="log", nice=False, padding=12)),
        y=alt.Y("value:Q", title=title),
        tooltip=[
            alt.Tooltip("sigma:Q", title="Sigma", format=".3g"),
            alt.Tooltip("value:Q", title=title.capitalize(), format=".3g"),
        ],
    )
    rule = (
        alt.Chart(pd.DataFrame({"sigma": [chosen]}))
        .mark_rule(color=ACCENT, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(x="sigma:Q")
    )
    line = base.mark_line(color=GREENS[1], strokeWidth=2)
    dots = base.mark_point(filled=True, size=60, color=GREENS[1], stroke=OUTLINE, strokeWidth=0.8)
    best = f"{title.capitalize()} for {len(frame)} values of sigma; {chosen:.3g} was chosen."
    return finish(alt.layer(rule, line, dots), best, height)


def _eigenvalue_axis(count: int, title: str) -> alt.X:
    """The same for both charts of the eigenvalues, so that their points lie above each other."""
    # Without a padding given, bars get one and points get none.
    scale = alt.Scale(domain=[0, count + 1], nice=False, padding=0)
    return alt.X("number:Q", title=title, scale=scale, axis=alt.Axis(tickMinStep=1))
