"""Charts of how often each cluster is right, and with which scores (Fig. 8)."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from whalecore.chart_style import CHOSEN, EXTENT, GREENS, OUTLINE, finish
from whalecore.errors import SettingsError
from whalecore.lab.clusters import UNSTABLE
from whalecore.types import TOP

CLICK = "cluster"
"""Name of the click selection; its one field has the same name."""

FEW = 30
"""With fewer heatmaps than this a share says little."""

DASHES = [4, 3]
"""Outline of an unstable cluster."""

LOOSE_WIDTH = 1.6
"""Of that outline: dashes as thin as the other outlines vanish on a dark page."""

FAINT = 0.35
"""Filling of an unstable cluster, 1 = full."""

KNOWN = ("steady", "called")
"""Stability and name of a cluster in words."""


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
    # A small dot that is filled palely is seen by its outline alone, which is therefore green.
    dots = base.mark_point(
        filled=True, size=90, color=GREENS[1], opacity=1, cursor="pointer"
    ).encode(x=axis, y=value, tooltip=tooltip, **_outline(selected, loose=GREENS[1]))
    dots = dots.add_params(_click())
    return finish(alt.layer(bars, dots), _describe_scores(frame), height)


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


def _outline(selected: int | None, loose: str = OUTLINE) -> dict[str, Any]:
    """The selected cluster has a thick amber outline, unstable ones a dashed one.

    Parameters
    ----------
    loose : str
        Colour of the outline of unstable clusters.
    """
    unstable = alt.datum.unstable

    def by_kind(of_chosen, of_unstable, of_others):
        others = alt.value(of_others)
        if selected is None:
            return alt.condition(unstable, alt.value(of_unstable), others)
        # The first that holds counts.
        which = alt.when(alt.datum.cluster == selected).then(alt.value(of_chosen))
        return which.when(unstable).then(alt.value(of_unstable)).otherwise(others)

    return {
        "strokeDash": alt.condition(unstable, alt.value(DASHES), alt.value([1, 0])),
        "fillOpacity": alt.condition(unstable, alt.value(FAINT), alt.value(1.0)),
        "stroke": by_kind(CHOSEN, loose, OUTLINE),
        "strokeWidth": by_kind(2.5, LOOSE_WIDTH, 0.8),
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
