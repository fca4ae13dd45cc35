"""The chart of how the score changes while a photo is covered, or uncovered, step by step."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from whalecore.chart_style import ACCENT, CHOSEN, GREENS, OUTLINE, finish
from whalecore.errors import SettingsError

STYLES = {
    "osm": (GREENS[0], [1, 0]),
    "gradcam": (CHOSEN, [1, 0]),
    "centre": (ACCENT, [6, 3]),
    "random": (OUTLINE, [6, 3]),
    "edges": (OUTLINE, [2, 3]),
}
"""Colour and dashes: whole lines for heatmaps, dashed ones for maps that know nothing."""

DONE = {"deletion": "covered", "insertion": "uncovered"}
HEIGHT = 400


def curve_chart(curves: pd.DataFrame, curve: str, names: Mapping[str, str]) -> alt.Chart:
    """Mean score by the share of the photo that is covered, or uncovered, for each kind of map.

    Parameters
    ----------
    curves : DataFrame
        ``map``, ``curve``, ``share``, ``value``, ``low``, ``high`` and ``photos``.
    curve : str
        ``deletion`` or ``insertion``.
    names : mapping of str to str
        What each map is called, in the order of the legend.

    Raises
    ------
    SettingsError
        If there are no such curves.
    """
    shown = curves[(curves["curve"] == curve) & curves["map"].isin(list(names))]
    if shown.empty:
        raise SettingsError("There are no curves to draw: test the heatmaps of the lab first.")
    shown = shown.assign(name=shown["map"].map(names))
    kinds = [kind for kind in names if (shown["map"] == kind).any()]
    words = [names[kind] for kind in kinds]
    colours, dashes = zip(*(STYLES[kind] for kind in kinds), strict=True)
    top = max(0.1, float(curves["value"].max()) * 1.05)
    lines = (
        alt.Chart(shown)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "share:Q",
                title=f"share of the photo that is {DONE[curve]}",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            y=alt.Y(
                "value:Q",
                title="score of the first candidate",
                scale=alt.Scale(domain=[0, min(1.0, top)]),
            ),
            color=alt.Color(
                "name:N",
                title=None,
                sort=words,
                scale=alt.Scale(domain=words, range=list(colours)),
                legend=alt.Legend(
                    orient="top", columns=2, symbolType="stroke", symbolStrokeWidth=2.5,
                    labelLimit=260,
                ),
            ),
            strokeDash=alt.StrokeDash(
                "name:N",
                sort=words,
                scale=alt.Scale(domain=words, range=list(dashes)),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("name:N", title="In the order of"),
                alt.Tooltip("share:Q", title="Share of the photo", format=".0%"),
                alt.Tooltip("value:Q", title="Score", format=".3f"),
                alt.Tooltip("low:Q", title="95 % from", format=".3f"),
                alt.Tooltip("high:Q", title="95 % to", format=".3f"),
            ],
        )
    )  # fmt: skip
    photos = int(shown["photos"].max())
    return finish(
        lines,
        f"Mean score of the first candidate on {photos} photos while they are {DONE[curve]} in the "
        f"order of {len(kinds)} maps.",
        HEIGHT,
    )
