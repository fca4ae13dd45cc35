"""The charts of the dashboard: frames and arrays in, Altair charts out.

Backgrounds are transparent and every mark has an outline, so that the charts read on light and
dark pages. Greens are PRGn's positive side, as on the heatmaps. Each chart carries a
``description`` for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from whalecore.errors import SettingsError
from whalecore.lab.clusters import UNSTABLE
from whalecore.types import TOP

CLICK = "cluster"
"""Name of the click selection; its one field has the same name."""

GREENS = ("#1b7837", "#4f9f57", "#86c583", "#bce2b6", "#e6f5e2")
"""Top 1 to top 5: the paler, the later the reference was named."""

ACCENT = "#9970ab"
OUTLINE = "#75838d"
CHOSEN = "#ff9d00"
FEW = 30
"""With fewer heatmaps than this a share says little."""

DASHES = [4, 3]
"""Outline of an unstable cluster."""

FAINT = 0.35
"""Filling of an unstable cluster, 1 = full."""

WORDS = 0.22
"""Share of the width that the words beside a step take at most."""

LOWEST = 0.15
"""Share of the height under which they would meet the words at the foot of the chart."""

LATE = 0.75
"""Share of the width from which on words stand left of a line instead of right of it."""

EXTENT = 45
"""Room for the numbers of an axis, the same where two charts stand above each other."""

STEP = 24
"""Height of a bar that lies, in pixels."""


def correctness_chart(
    correctness: pd.DataFrame, selected: int | None = None, height: int = 340
) -> alt.Chart:
    """Share of each cluster's heatmaps that are correct assignments, stacked by top 1 to 5.

    Upper part of Fig. 8 of Kierdorf et al. 2020.

    Parameters
    ----------
    correctness : DataFrame
        One row per cluster: cluster, heatmaps, top1 .. top5 (shares, 0 to 1), share_correct,
        share_correct_low, share_correct_high, mean_score, score_deviation, photos; where there
        are ``stability`` (0 to 1) and ``name``, they are shown as well and unstable clusters are
        drawn pale with a dashed outline.
    selected : int, optional
        Cluster to be emphasised.
    """
    frame = _readable(correctness)
    long = frame.melt(
        id_vars=["cluster", "heatmaps", "all_correct", "note", *KNOWN, "unstable"],
        value_vars=[f"top{b}" for b in range(1, TOP + 1)],
        var_name="place",
        value_name="share",
    )
    long["rank"] = long["place"].str.removeprefix("top").astype(int)
    long["named"] = "top " + long["rank"].astype(str)
    names = [f"top {b}" for b in range(1, TOP + 1)]
    bars = alt.Chart(long).mark_bar(cursor="pointer")
    return finish(
        bars.add_params(_click()).encode(
            x=_cluster_axis(frame),
            y=alt.Y(
                "share:Q",
                title="share of heatmaps",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", minExtent=EXTENT),
            ),
            color=alt.Color(
                "named:N",
                title="the right individual is",
                scale=alt.Scale(domain=names, range=list(GREENS)),
                legend=alt.Legend(orient="top", symbolStrokeColor=OUTLINE, symbolStrokeWidth=1),
            ),
            order=alt.Order("rank:Q"),
            **_outline(selected),
            tooltip=[
                *_who(frame),
                alt.Tooltip("named:N", title="The right individual is"),
                alt.Tooltip("share:Q", title="Share of heatmaps", format=".1%"),
                alt.Tooltip("all_correct:N", title="Correct in all"),
                *_how_sure(),
            ],
        ),
        _describe_correctness(frame),
        height,
    )


def score_chart(
    correctness: pd.DataFrame, selected: int | None = None, height: int = 280
) -> alt.LayerChart:
    """Mean score of each cluster with its standard deviation, in the same order.

    Lower part of Fig. 8 of Kierdorf et al. 2020; ``correctness`` as in `correctness_chart`.
    """
    frame = _readable(correctness)
    spread = frame["score_deviation"].fillna(0.0)
    frame["low"] = (frame["mean_score"] - spread).clip(lower=0.0)
    frame["high"] = (frame["mean_score"] + spread).clip(upper=1.0)
    axis = _cluster_axis(frame)
    room = alt.Axis(minExtent=EXTENT)
    value = alt.Y("mean_score:Q", title="mean score", scale=alt.Scale(domain=[0, 1]), axis=room)
    tooltip = [
        *_who(frame),
        alt.Tooltip("mean_score:Q", title="Mean score", format=".3f"),
        alt.Tooltip("score_deviation:Q", title="Standard deviation", format=".3f"),
        alt.Tooltip("all_correct:N", title="Correct in all"),
        *_how_sure(),
    ]
    base = alt.Chart(frame)
    bars = base.mark_errorbar(ticks=alt.MarkConfig(size=9), color=OUTLINE, thickness=1.5).encode(
        x=axis, y=alt.Y("low:Q", title="mean score", axis=room), y2="high:Q"
    )
    dots = base.mark_point(filled=True, size=90, color=GREENS[1], cursor="pointer").encode(
        x=axis, y=value, tooltip=tooltip, **_outline(selected)
    )
    dots = dots.add_params(_click())
    return finish(alt.layer(bars, dots), _describe_scores(frame), height)


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
            color=OUTLINE,
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


def parts_chart(shares: Mapping[str, float]) -> alt.LayerChart:
    """Share of a cluster's evidence on each part of the fluke, one lying bar a part.

    Parameters
    ----------
    shares : mapping of str to float
        Part to share, 0 to 1.
    """
    if not shares:
        raise SettingsError(
            "The parts of the fluke that this cluster rests on are not known: cluster again."
        )
    frame = pd.DataFrame({"part": list(shares), "share": list(shares.values())})
    frame["words"] = [f"{share:.0%}" for share in frame["share"]]
    order = frame.sort_values("share", ascending=False, kind="stable")["part"].tolist()
    base = alt.Chart(frame).encode(
        x=alt.X(
            "share:Q",
            title="share of the evidence",
            scale=alt.Scale(domain=[0, max(0.5, frame["share"].max() * 1.15)]),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        y=alt.Y(
            "part:N", title=None, sort=order, axis=alt.Axis(labelLimit=160, labelOverlap=False)
        ),
        tooltip=[
            alt.Tooltip("part:N", title="Part of the fluke"),
            alt.Tooltip("share:Q", title="Share of the evidence", format=".1%"),
        ],
    )
    bars = base.mark_bar(color=GREENS[1], stroke=OUTLINE, strokeWidth=0.8)
    words = base.mark_text(align="left", dx=5, color=OUTLINE, fontSize=13).encode(text="words:N")
    told = ", ".join(f"{part} {frame.words[frame.part == part].iloc[0]}" for part in order)
    return finish(alt.layer(bars, words), f"Evidence by part: {told}.", STEP * len(frame) + 45)


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


def finish(
    chart: alt.Chart | alt.LayerChart, description: str, height: int
) -> alt.Chart | alt.LayerChart:
    """Give a chart what all charts have: the page's width and background, and a description."""
    return chart.properties(
        height=height, width="container", background="transparent", description=description
    )


def _eigenvalue_axis(count: int, title: str) -> alt.X:
    """The same for both charts of the eigenvalues, so that their points lie above each other."""
    # Without a padding given, bars get one and points get none.
    scale = alt.Scale(domain=[0, count + 1], nice=False, padding=0)
    return alt.X("number:Q", title=title, scale=scale, axis=alt.Axis(tickMinStep=1))


def _readable(correctness: pd.DataFrame) -> pd.DataFrame:
    needed = {"cluster", "heatmaps", "mean_score", "score_deviation", "share_correct"}
    needed |= {"share_correct_low", "share_correct_high"} | {f"top{b}" for b in range(1, TOP + 1)}
    missing = sorted(needed - set(correctness.columns))
    if missing:
        raise SettingsError(
            f"The cluster table lacks {', '.join(missing)}: pass the lab's cluster correctness."
        )
    frame = correctness.sort_values("cluster").reset_index(drop=True)
    if frame.empty:
        raise SettingsError("There is no cluster to draw: cluster the heatmaps first.")
    frame["all_correct"] = [
        f"{row.share_correct:.0%} (95 % interval {row.share_correct_low:.0%} to "
        f"{row.share_correct_high:.0%})"
        for row in frame.itertuples()
    ]
    stability = frame.get("stability", pd.Series(np.nan, frame.index)).astype(float)
    names = frame.get("name", pd.Series("", frame.index)).fillna("")
    frame["unstable"] = (stability < UNSTABLE).astype(bool)
    frame["steady"] = [f"{one:.0%}" if one == one else "not known" for one in stability]
    frame["called"] = names.astype(str)
    few = np.where(frame["heatmaps"] < FEW, "too few heatmaps to rely on", "")
    loose = np.where(frame["unstable"], "unstable: do not rely on it", "")
    frame["note"] = [
        "; ".join(filter(None, both)) or "none" for both in zip(few, loose, strict=True)
    ]
    return frame


KNOWN = ("steady", "called")
"""Stability and name of a cluster in words."""


def _who(frame: pd.DataFrame) -> list[alt.Tooltip]:
    """Number of a cluster, and its name where any cluster has one."""
    number = alt.Tooltip("cluster:O", title="Cluster")
    return [number, alt.Tooltip("called:N", title="Name")] if frame["called"].any() else [number]


def _how_sure() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("steady:N", title="Stability"),
        alt.Tooltip("heatmaps:Q", title="Heatmaps"),
        alt.Tooltip("note:N", title="Note"),
    ]


def _cluster_axis(frame: pd.DataFrame) -> alt.X:
    order = [int(cluster) for cluster in frame["cluster"]]
    return alt.X(
        "cluster:O",
        title="cluster, the most often correct first",
        sort=order,
        axis=alt.Axis(labelAngle=0, labelOverlap=True),
    )


def _click() -> alt.Parameter:
    return alt.selection_point(name=CLICK, fields=[CLICK], on="click", toggle=False)


def _outline(selected: int | None) -> dict[str, alt.Value | dict]:
    """The selected cluster has a thick amber outline, unstable ones a dashed one."""
    loose = {
        "strokeDash": alt.condition(alt.datum.unstable, alt.value(DASHES), alt.value([1, 0])),
        "fillOpacity": alt.condition(alt.datum.unstable, alt.value(FAINT), alt.value(1.0)),
    }
    if selected is None:
        return {"stroke": alt.value(OUTLINE), "strokeWidth": alt.value(0.8), **loose}
    chosen = alt.datum.cluster == selected
    return {
        **loose,
        "stroke": alt.condition(chosen, alt.value(CHOSEN), alt.value(OUTLINE)),
        "strokeWidth": alt.condition(chosen, alt.value(2.5), alt.value(0.8)),
    }


def _describe_correctness(frame: pd.DataFrame) -> str:
    first, last = frame.iloc[0], frame.iloc[-1]
    return (
        f"Share of correct assignments in {len(frame)} clusters: from {first.share_correct:.0%} "
        f"in cluster {int(first.cluster)} to {last.share_correct:.0%} in cluster "
        f"{int(last.cluster)}. {_describe_unstable(frame)}"
    ).strip()


def _describe_unstable(frame: pd.DataFrame) -> str:
    loose = [str(cluster) for cluster in frame["cluster"][frame["unstable"]]]
    return f"Unstable: {', '.join(loose)}." if loose else ""


def _describe_scores(frame: pd.DataFrame) -> str:
    high, low = frame["mean_score"].idxmax(), frame["mean_score"].idxmin()
    return (
        f"Mean score of {len(frame)} clusters with standard deviation: highest "
        f"{frame.mean_score[high]:.2f} in cluster {int(frame.cluster[high])}, lowest "
        f"{frame.mean_score[low]:.2f} in cluster {int(frame.cluster[low])}."
    )
