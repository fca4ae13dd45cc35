"""The charts of the page Reliability: frames and arrays in, Altair charts out.

Made as `whalecore.chart_style` says: transparent, every mark with an outline, greens for what is
right, and a ``description`` for those who cannot see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from whalecore.chart_style import ACCENT, CHOSEN, GREENS, OUTLINE, finish
from whalecore.errors import SettingsError
from whalecore.plain_words import percent
from whalecore.reliability.calibration import ReliabilityBin
from whalecore.reliability.curves import risk_coverage
from whalecore.reliability.effect import Effect
from whalecore.verdict_words import KINDS, TRUTHS

FEWEST = 5
"""Photos that a point needs to be drawn."""

TRUTH_COLOURS = (GREENS[1], CHOSEN, ACCENT)
WAY_COLOURS = (GREENS[0], CHOSEN, ACCENT)
WAY_DASHES = ([1, 0], [6, 3], [2, 3])
MEASURES = {
    "right": "first candidate right",
    "reliable": "called reliable",
    "held": "right answer in the set",
}
MEASURE_COLOURS = (GREENS[0], GREENS[2], ACCENT)
MOST_POINTS = 400
"""Of a line: a screen shows no more, and 20,000 photos would have a reader wait."""

ROW = 14
"""Height of a line of a chart of groups, in pixels."""

LABEL = 320
"""Most room for the names of groups, in pixels."""


def reliability_diagram(bins: Sequence[ReliabilityBin], height: int = 340) -> alt.LayerChart:
    """How often identifications were right, by the probability they were given.

    Parameters
    ----------
    bins : sequence of ReliabilityBin
        Those of fewer than 5 photos are not drawn.
    """
    shown = [one for one in bins if one.photos >= FEWEST]
    if not shown:
        raise SettingsError(
            f"No range of probabilities holds {FEWEST} photos: judge more photos to see whether "
            "the probabilities come true."
        )
    frame = pd.DataFrame(
        {
            "given": [one.probability for one in shown],
            "share": [one.share for one in shown],
            "low": [one.share_low for one in shown],
            "high": [one.share_high for one in shown],
            "photos": [one.photos for one in shown],
            "right": [one.right for one in shown],
            "range": [f"{percent(one.low)} to {percent(one.high)}" for one in shown],
        }
    )
    axis = alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("given:Q", title="probability that was given", scale=scale, axis=axis)
    y = alt.Y("share:Q", title="share that was right", scale=scale, axis=axis)
    ideal = pd.DataFrame({"given": [0.0, 1.0], "share": [0.0, 1.0]})
    line = alt.Chart(ideal).mark_line(color=OUTLINE, strokeDash=[5, 4], strokeWidth=1.5)
    base = alt.Chart(frame)
    tooltip = [
        alt.Tooltip("range:N", title="Probability given"),
        alt.Tooltip("share:Q", title="Share that was right", format=".0%"),
        alt.Tooltip("low:Q", title="95 % from", format=".0%"),
        alt.Tooltip("high:Q", title="95 % to", format=".0%"),
        alt.Tooltip("right:Q", title="Right"),
        alt.Tooltip("photos:Q", title="Photos"),
    ]
    whiskers = base.mark_rule(color=OUTLINE, strokeWidth=1.5).encode(
        x=x, y=alt.Y("low:Q", title="share that was right", scale=scale), y2="high:Q"
    )
    dots = base.mark_point(
        filled=True, color=GREENS[1], stroke=OUTLINE, strokeWidth=0.8, opacity=1
    ).encode(
        x=x,
        y=y,
        size=alt.Size("photos:Q", legend=None, scale=alt.Scale(range=[50, 380])),
        tooltip=tooltip,
    )
    # Beside the dot and under it, where the interval's line is not in the way.
    words = base.mark_text(align="left", dx=11, dy=9, fontSize=12).encode(x=x, y=y, text="photos:Q")
    worst = frame.loc[(frame["share"] - frame["given"]).abs().idxmax()]
    return finish(
        alt.layer(line.encode(x=x, y=y), whiskers, dots, words),
        f"Share right over probability given, in {len(frame)} ranges of {frame.photos.sum()} "
        f"photos; farthest apart at {worst.given:.0%}, where {worst.share:.0%} were right.",
        height,
    )


def risk_coverage_chart(
    ways: Mapping[str, np.ndarray], correct: np.ndarray, limit: float, height: int = 340
) -> alt.LayerChart:
    """Errors among the photos that are accepted, the surest first, for several ways of ordering.

    Parameters
    ----------
    ways : mapping of str to ndarray of shape (photos,)
        What it is called, and how sure each photo is; at most three.
    correct : ndarray of shape (photos,), bool
    limit : float
        Share of errors that the lab allows.
    """
    parts, kept = [], []
    for name, sure in ways.items():
        curve = risk_coverage(sure, correct)
        # Each of the first photos is a step of a whole error, which would set the scale.
        first = min(FEWEST, len(correct)) - 1
        rows = np.unique(np.linspace(first, len(correct) - 1, MOST_POINTS).round().astype(int))
        accepted = np.arange(1, len(correct) + 1)
        within = accepted[first:][curve.risk[first:] <= limit]
        kept.append(within[-1] / len(correct) if len(within) else 0.0)
        parts.append(
            pd.DataFrame(
                {"way": name, "coverage": curve.coverage[rows], "risk": curve.risk[rows],
                 "accepted": accepted[rows]}
            )
        )  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    top = max(0.1, float(frame["risk"].max()) * 1.05, 1.5 * limit)
    names = list(ways)
    colour = alt.Color(
        "way:N",
        title=None,
        sort=names,
        scale=alt.Scale(domain=names, range=list(WAY_COLOURS[: len(names)])),
        legend=alt.Legend(
            orient="top", columns=1, symbolType="stroke", symbolStrokeWidth=2.5, labelLimit=260
        ),
    )
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "coverage:Q",
                title="share of photos accepted",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            y=alt.Y(
                "risk:Q",
                title="wrong among them",
                scale=alt.Scale(domain=[0, min(1.0, top)], clamp=True),
                axis=alt.Axis(format="%", tickCount=6),
            ),
            color=colour,
            strokeDash=alt.StrokeDash(
                "way:N",
                sort=names,
                scale=alt.Scale(domain=names, range=list(WAY_DASHES[: len(names)])),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("way:N", title="Ordered by"),
                alt.Tooltip("accepted:Q", title="Photos accepted"),
                alt.Tooltip("coverage:Q", title="Share of photos", format=".0%"),
                alt.Tooltip("risk:Q", title="Wrong among them", format=".1%"),
            ],
        )
    )
    allowed = pd.DataFrame({"risk": [limit]})
    rule = (
        alt.Chart(allowed)
        .mark_rule(color=OUTLINE, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(y="risk:Q")
    )
    words = (
        alt.Chart(allowed)
        .mark_text(align="left", baseline="bottom", dx=4, dy=-3, fontSize=12)
        .encode(x=alt.value(0), y="risk:Q", text=alt.value(f"allowed: {limit:.0%}"))
    )
    return finish(
        alt.layer(rule, words, lines),
        f"Errors among accepted photos for {len(names)} ways of ordering {len(correct)} photos; "
        f"by {names[0]}, {kept[0]:.0%} can be accepted with at most "
        f"{limit:.0%} errors.",
        height,
    )


def verdicts_chart(counts: pd.DataFrame) -> alt.LayerChart:
    """Photos by verdict, each bar divided by what is true.

    Parameters
    ----------
    counts : DataFrame
        verdict, truth, photos, of; one row for each pair.
    """
    frame = counts.assign(called=counts["verdict"].map(KINDS), share=counts["photos"])
    frame["share"] = [
        row.photos / row.of if row.of else 0.0 for row in frame.itertuples()
    ]  # fmt: skip
    frame["order"] = frame["truth"].map(TRUTHS.index)
    total = frame.drop_duplicates("verdict")[["called", "of"]]
    y = alt.Y(
        "called:N",
        title=None,
        sort=list(KINDS.values()),
        axis=alt.Axis(labelLimit=180, labelOverlap=False),
    )
    most = max(1, int(total["of"].max()))
    x = alt.X(
        "photos:Q",
        title="photos",
        scale=alt.Scale(domain=[0, most * 1.1], nice=False),
        axis=alt.Axis(tickMinStep=1),
    )
    bars = (
        alt.Chart(frame)
        .mark_bar(stroke=OUTLINE, strokeWidth=0.8)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "truth:N",
                title=None,
                sort=list(TRUTHS),
                scale=alt.Scale(domain=list(TRUTHS), range=list(TRUTH_COLOURS)),
                legend=alt.Legend(orient="top", columns=1, labelLimit=200, symbolStrokeWidth=0.8),
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("called:N", title="Verdict"),
                alt.Tooltip("truth:N", title="In truth"),
                alt.Tooltip("photos:Q", title="Photos"),
                alt.Tooltip("share:Q", title="Of this verdict", format=".0%"),
            ],
        )
    )
    words = (
        alt.Chart(total)
        .mark_text(align="left", dx=5, fontSize=13)
        .encode(x="of:Q", y=y, text="of:Q")
    )
    told = ", ".join(f"{row.called} {row.of}" for row in total.itertuples())
    return finish(alt.layer(bars, words), f"Photos by verdict: {told}.", 36 * len(total) + 130)


def sizes_chart(sizes: pd.DataFrame, height: int = 250) -> alt.LayerChart:
    """Photos by the number of answers in their set.

    Parameters
    ----------
    sizes : DataFrame
        size (words), photos, held (photos whose set holds the right answer).
    """
    frame = pd.concat(
        [
            sizes.assign(what="holds the right answer", count=sizes["held"], order=0),
            sizes.assign(what="misses it", count=sizes["photos"] - sizes["held"], order=1),
        ]
    )
    kinds = ["holds the right answer", "misses it"]
    x = alt.X("size:N", title="answers in the set", sort=None, axis=alt.Axis(labelAngle=0))
    bars = (
        alt.Chart(frame)
        .mark_bar(stroke=OUTLINE, strokeWidth=0.8)
        .encode(
            x=x,
            y=alt.Y("count:Q", title="photos", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "what:N",
                title=None,
                sort=kinds,
                scale=alt.Scale(domain=kinds, range=[GREENS[1], CHOSEN]),
                legend=alt.Legend(orient="top", symbolStrokeWidth=0.8),
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("size:N", title="Answers in the set"),
                alt.Tooltip("what:N", title="The set"),
                alt.Tooltip("count:Q", title="Photos"),
            ],
        )
    )
    words = (
        alt.Chart(sizes).mark_text(dy=-8, fontSize=13).encode(x=x, y="photos:Q", text="photos:Q")
    )
    told = ", ".join(f"{row.photos} of {row.size}" for row in sizes.itertuples())
    return finish(alt.layer(bars, words), f"Photos by size of their set: {told}.", height)


def groups_chart(shares: pd.DataFrame, measures: Sequence[str] = tuple(MEASURES)) -> alt.LayerChart:
    """How groups of photos fared: a line a group, with a dot and an interval a measure.

    Parameters
    ----------
    shares : DataFrame
        group, photos, measure (a key of `MEASURES`), share, low, high, count, of.
    """
    frame = shares[shares["measure"].isin(measures)]
    if frame.empty:
        raise SettingsError("There is no group of photos to draw: judge more photos.")
    frame = frame.assign(
        what=frame["measure"].map(MEASURES),
        line=frame["group"] + " (" + frame["photos"].astype(str) + ")",
        counted=frame["count"].astype(str) + " of " + frame["of"].astype(str),
    )
    names = [MEASURES[measure] for measure in measures]
    colours = [MEASURE_COLOURS[list(MEASURES).index(measure)] for measure in measures]
    order = list(dict.fromkeys(frame["line"]))
    y = alt.Y(
        "line:N",
        title=None,
        sort=order,
        axis=alt.Axis(labelLimit=LABEL, labelOverlap=False, grid=True),
        scale=alt.Scale(paddingInner=0.25),
    )
    offset = alt.YOffset("what:N", sort=names)
    base = alt.Chart(frame)
    colour = alt.Color(
        "what:N",
        title=None,
        sort=names,
        scale=alt.Scale(domain=names, range=colours),
        legend=alt.Legend(orient="top", symbolType="circle", symbolStrokeColor=OUTLINE),
    )
    x_axis = alt.Axis(format="%", tickCount=5)
    whiskers = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title="share of the photos", scale=alt.Scale(domain=[0, 1]), axis=x_axis),
        x2="high:Q",
        y=y,
        yOffset=offset,
        color=colour,
    )
    dots = base.mark_point(filled=True, size=80, stroke=OUTLINE, strokeWidth=0.8, opacity=1).encode(
        x=alt.X("share:Q", title="share of the photos", scale=alt.Scale(domain=[0, 1])),
        y=y,
        yOffset=offset,
        color=colour,
        tooltip=[
            alt.Tooltip("group:N", title="Photos"),
            alt.Tooltip("what:N", title="Measure"),
            alt.Tooltip("counted:N", title="Photos"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
            alt.Tooltip("low:Q", title="95 % from", format=".0%"),
            alt.Tooltip("high:Q", title="95 % to", format=".0%"),
        ],
    )
    told = "; ".join(f"{row.line}: {row.what} {row.share:.0%}" for row in frame.itertuples())
    height = ROW * len(order) * len(names) + 90
    return finish(alt.layer(whiskers, dots), f"{told}.", height)


def effects_chart(effects: Mapping[str, Effect], title: str) -> alt.LayerChart:
    """Differences with their intervals against a line at 0; right of it is better.

    Parameters
    ----------
    effects : mapping of str to Effect
        By name.
    title : str
        Of the axis.
    """
    if not effects:
        raise SettingsError("There is no difference to draw: calibrate the lab first.")
    frame = pd.DataFrame(
        [
            {"name": name, "value": one.value, "low": one.low, "high": one.high,
             "photos": one.photos, "sure": one.low > 0 or one.high < 0}
            for name, one in effects.items()
        ]
    )  # fmt: skip
    reach = max(1e-4, float(frame[["value", "low", "high"]].abs().max().max())) * 1.1
    x = alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(domain=[-reach, reach], nice=False),
        axis=alt.Axis(
            tickCount=5, labelExpr="datum.value === 0 ? '0' : format(datum.value, '+.2~g')"
        ),
    )
    y = alt.Y(
        "name:N",
        title=None,
        sort=list(effects),
        axis=alt.Axis(labelLimit=LABEL, labelOverlap=False),
    )
    base = alt.Chart(frame)
    nothing = alt.Chart(pd.DataFrame({"value": [0.0]}))
    rule = nothing.mark_rule(color=OUTLINE, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x)
    whiskers = base.mark_rule(color=OUTLINE, strokeWidth=2).encode(
        x=alt.X("low:Q", title=title), x2="high:Q", y=y
    )
    dots = base.mark_point(size=100, stroke=OUTLINE, strokeWidth=0.8, opacity=1, filled=True)
    dots = dots.encode(
        x=x,
        y=y,
        color=alt.condition(alt.datum.sure, alt.value(GREENS[1]), alt.value("#b8c2c8")),
        tooltip=[
            alt.Tooltip("name:N", title="What"),
            alt.Tooltip("value:Q", title="Difference", format="+.4f"),
            alt.Tooltip("low:Q", title="95 % from", format="+.4f"),
            alt.Tooltip("high:Q", title="95 % to", format="+.4f"),
            alt.Tooltip("photos:Q", title="Photos"),
        ],
    )
    told = "; ".join(
        f"{row.name} {row.value:+.4f} ({row.low:+.4f} to {row.high:+.4f})"
        for row in frame.itertuples(index=False)
    )
    return finish(alt.layer(rule, whiskers, dots), f"{told}.", 30 * len(frame) + 70)
