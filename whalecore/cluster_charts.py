"""Charts of what is in clusters: their photos, the parts they rest on, and the map of heatmaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from whalecore.chart_style import ACCENT, CHOSEN, GREENS, OUTLINE, finish
from whalecore.cluster_words import label_of
from whalecore.correctness_charts import CLICK
from whalecore.errors import SettingsError

PROBLEMS = {"new_share": "new whales", "problem_share": "quality problems"}
"""Columns of shares that are drawn, and what they are."""

COLOURS = ("cluster", "correct", "score")
"""What the colours of the map may mean."""

MANY = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf",
    "#bcbd22", "#7f7f7f", "#aec7e8", "#ffbb78", "#98df8a", "#ff9896", "#c5b0d5", "#c49c94",
    "#f7b6d2", "#9edae5", "#dbdb8d", "#c7c7c7",
)  # fmt: skip
"""Colours of clusters; they repeat, so that the clusters' numbers stand on the map as well."""

RIGHT = ("right individual, at first place", "right individual, later", "another individual")
SCORES = ("#41609f", "#67768f", "#8d8a78", "#b49c52", "#d8b21e")
"""From score 0 to score 1: blue to yellow as in Cividis, but seen on a light and a dark page."""

STEP = 24
"""Height of a bar that lies, in pixels."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Heatmaps of a map in a few colours.

    Attributes
    ----------
    which : ndarray of shape (heatmaps,), int
        Place in `words` and `colours`.
    words, colours : tuple of str
    """

    which: np.ndarray
    words: tuple[str, ...]
    colours: tuple[str, ...]


def photos_chart(
    shares: pd.DataFrame, measure: str, selected: int | None = None, height: int = 180
) -> alt.LayerChart:
    """Share of each cluster's heatmaps whose photos show a new whale, or have a problem.

    Parameters
    ----------
    shares : DataFrame
        Columns cluster, heatmaps, ``measure`` (0 to 1) and name.
    measure : str
        A key of `PROBLEMS`.
    selected : int, optional
        Cluster to be emphasised.
    """
    if measure not in PROBLEMS:
        raise SettingsError(f"'{measure}' cannot be drawn: choose {' or '.join(PROBLEMS)}.")
    frame = shares.sort_values("cluster").assign(share=shares[measure].fillna(0.0))
    if frame.empty:
        raise SettingsError("There is no cluster to draw: cluster the heatmaps first.")
    mean = float(np.average(frame["share"], weights=frame["heatmaps"]))
    stability = frame.get("stability", pd.Series(np.nan, frame.index))
    frame["called"] = [
        label_of(int(number), name, steady)
        for number, name, steady in zip(frame["cluster"], frame["name"], stability, strict=True)
    ]
    chosen = alt.datum.cluster == (selected or 0)
    click = alt.selection_point(name=CLICK, fields=[CLICK], on="click", toggle=False)
    bars = (
        alt.Chart(frame)
        .mark_bar(color=ACCENT, cursor="pointer")
        .add_params(click)
        .encode(
            x=alt.X(
                "cluster:O",
                title="cluster, the most often correct first",
                sort=[int(one) for one in frame["cluster"]],
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y(
                "share:Q",
                title=None,
                scale=alt.Scale(domain=[0, max(0.1, float(frame["share"].max()))]),
                axis=alt.Axis(format="%", tickCount=4),
            ),
            stroke=alt.condition(chosen, alt.value(CHOSEN), alt.value(OUTLINE)),
            strokeWidth=alt.condition(chosen, alt.value(2.5), alt.value(0.8)),
            tooltip=[
                alt.Tooltip("called:N", title="Cluster"),
                alt.Tooltip("share:Q", title=PROBLEMS[measure].capitalize(), format=".1%"),
                alt.Tooltip("heatmaps:Q", title="Heatmaps"),
            ],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"mean": [mean]}))
        .mark_rule(color=OUTLINE, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(y="mean:Q", tooltip=[alt.Tooltip("mean:Q", title="All clusters", format=".1%")])
    )
    most = frame.loc[frame["share"].idxmax()]
    return finish(
        alt.layer(bars, rule),
        f"Share of {PROBLEMS[measure]}: most in cluster {int(most.cluster)} ({most.share:.0%}), "
        f"{mean:.0%} over all clusters.",
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
    words = base.mark_text(align="left", dx=5, fontSize=13).encode(text="words:N")
    told = ", ".join(f"{part} {frame.words[frame.part == part].iloc[0]}" for part in order)
    return finish(alt.layer(bars, words), f"Evidence by part: {told}.", STEP * len(frame) + 45)


def map_groups(heatmaps: pd.DataFrame, colour: str, names: Mapping[int, str]) -> Groups:
    """Put the heatmaps of a map into groups of one colour each.

    Parameters
    ----------
    heatmaps : DataFrame
        Columns cluster, rank, score and is_reference.
    colour : str
        One of `COLOURS`.
    names : mapping of int to str
        Names that clusters have.

    Raises
    ------
    SettingsError
        If the colour is unknown.
    """
    if colour == "cluster":
        numbers, which = np.unique(heatmaps["cluster"], return_inverse=True)
        words = tuple(label_of(int(one), names.get(int(one))) for one in numbers)
        return Groups(which, words, tuple(MANY[(int(one) - 1) % len(MANY)] for one in numbers))
    if colour == "correct":
        right, first = heatmaps["is_reference"].to_numpy(bool), heatmaps["rank"].to_numpy() == 1
        return Groups(np.where(right, np.where(first, 0, 1), 2), RIGHT, (GREENS[1], CHOSEN, ACCENT))
    if colour == "score":
        steps = len(SCORES)
        which = np.clip((heatmaps["score"].to_numpy() * steps).astype(int), 0, steps - 1)
        words = tuple(
            f"score {step / steps:.1f} to {(step + 1) / steps:.1f}" for step in range(steps)
        )
        return Groups(which, words, SCORES)
    raise SettingsError(f"The colour '{colour}' is unknown: choose {', '.join(COLOURS)}.")


def map_chart(
    heatmaps: pd.DataFrame,
    groups: Groups,
    marks: Sequence[tuple[float, float, str]],
    height: int = 480,
) -> alt.LayerChart:
    """The map of heatmaps as a picture to be kept; on the page it is drawn to be drawn upon.

    Parameters
    ----------
    heatmaps : DataFrame
        Columns x and y, 0 to 1, from the left and from below.
    groups : Groups
        Of these heatmaps.
    marks : sequence of (x, y, word)
        Words on the map.
    """
    # Given as values: a data frame of so many rows would be refused.
    dots = [
        {"x": round(float(x), 4), "y": round(float(y), 4), "group": groups.words[which]}
        for x, y, which in zip(heatmaps["x"], heatmaps["y"], groups.which, strict=True)
    ]
    place = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
    }
    colours = alt.Scale(domain=list(groups.words), range=list(groups.colours))
    points = (
        alt.Chart(alt.InlineData(values=dots))
        .mark_circle(size=14, opacity=0.8)
        .encode(
            **place,
            color=alt.Color("group:N", scale=colours, title=None, legend=alt.Legend(symbolLimit=0)),
        )
    )
    named = [{"x": x, "y": y, "word": word} for x, y, word in marks]
    words = (
        alt.Chart(alt.InlineData(values=named))
        .mark_text(fontSize=13, fontWeight="bold", stroke="white", strokeWidth=0.4)
        .encode(**place, text="word:N")
    )
    chart = finish(alt.layer(points, words), f"Map of {len(dots):,} heatmaps.", height)
    return chart.properties(width=2 * height)
