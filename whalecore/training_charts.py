"""The curves of trainings: frames of `whalecore.training_tables` in, Altair charts out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from whalecore.chart_style import ACCENT, GREENS, OUTLINE, finish
from whalecore.errors import SettingsError

RUN_COLOURS = (GREENS[1], ACCENT)
RUN_DASHES = ([1, 0], [6, 3])
LEGEND_LINE = 22
"""Height of a line of the legend, in pixels."""

MEASURES = {
    "loss": "loss",
    "top1": "validation photos",
    "map5": "MAP@5",
    "learning_rate": "learning rate",
}
"""What there are curves of, and what stands at their axis."""

SHARES = ("top1", "map5")


def curve_chart(curves: pd.DataFrame, measure: str, height: int = 250) -> alt.LayerChart:
    """A measure over the passes of one or two trainings.

    A dashed line upright marks from which pass on photos came at the full size.

    Parameters
    ----------
    curves : DataFrame
        As `whalecore.training_tables.curves` gives them.
    measure : str
        A key of `MEASURES`.

    Raises
    ------
    SettingsError
        When no training knows the measure.
    """
    frame = curves.dropna(subset=[measure])
    if frame.empty:
        raise SettingsError(
            "No photos were kept away to watch this training: with more photos of each "
            "individual, some are, and show how often it was right."
        )
    runs = list(dict.fromkeys(curves["run"]))
    x = alt.X(
        "pass:Q",
        title="pass over the individuals",
        axis=alt.Axis(tickMinStep=1),
        scale=alt.Scale(domain=[1, max(2.0, curves["pass"].max())], nice=False),
    )
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22, filled=True))
        .encode(
            x=x,
            y=alt.Y(
                f"{measure}:Q",
                title=MEASURES[measure],
                scale=alt.Scale(domain=[0, 1]) if measure in SHARES else alt.Scale(zero=True),
                axis=alt.Axis(format="%" if measure == "top1" else "~g", tickCount=5),
            ),
            color=_by_run(alt.Color, runs, RUN_COLOURS, _legend() if len(runs) > 1 else None),
            strokeDash=_by_run(alt.StrokeDash, runs, RUN_DASHES, None),
            tooltip=[
                alt.Tooltip("run:N", title="Model"),
                alt.Tooltip("pass:Q", title="Pass"),
                alt.Tooltip(f"{measure}:Q", title=_capital(MEASURES[measure]), format=".3~g"),
            ],
        )
    )
    room = LEGEND_LINE * len(runs) if len(runs) > 1 else 0
    layers = alt.layer(*_full_size(curves, x), lines)
    return finish(layers, _told(frame, measure), height + room)


def _full_size(curves: pd.DataFrame, x: alt.X) -> list[alt.Chart]:
    """A line where a training that began at half the size goes on at the full one."""
    full = curves[~curves["half_size"].astype(bool)].groupby("run", as_index=False)["pass"].min()
    full = full[full["pass"] > 1]
    if full.empty:
        return []
    tooltip = [
        alt.Tooltip("run:N", title="Model"),
        alt.Tooltip("pass:Q", title="Photos at the full size from pass"),
    ]
    rule = alt.Chart(full).mark_rule(color=OUTLINE, strokeDash=[5, 4], strokeWidth=1.5)
    return [rule.encode(x=x, tooltip=tooltip)]


def _legend() -> alt.Legend:
    return alt.Legend(
        orient="top", columns=1, symbolType="stroke", symbolStrokeWidth=2.5, labelLimit=300
    )


def _by_run(channel: type, runs: list[str], values: tuple, legend: alt.Legend | None) -> object:
    """Colour or dashes by run, in the order of the runs."""
    scale = alt.Scale(domain=runs, range=list(values[: len(runs)]))
    return channel("run:N", title=None, sort=runs, scale=scale, legend=legend)


def _told(frame: pd.DataFrame, measure: str) -> str:
    """The chart in words: first and last value of each run."""
    ends = "; ".join(
        f"{run} from {one[measure].iloc[0]:.3g} in pass {one['pass'].iloc[0]:.0f} to "
        f"{one[measure].iloc[-1]:.3g} in pass {one['pass'].iloc[-1]:.0f}"
        for run, one in frame.groupby("run", sort=False)
    )
    return f"{_capital(MEASURES[measure])} by pass: {ends}."


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
