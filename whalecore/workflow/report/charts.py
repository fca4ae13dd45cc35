"""Charts as inline SVG: they take the page's colours, light or dark, and need no script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whalecore.reliability.curves import risk_coverage
from whalecore.reliability.metrics import wilson_interval
from whalecore.verdict_words import fine_percent
from whalecore.workflow.faithful_curves import KINDS
from whalecore.workflow.report.html import Html, element

LINES = ("first", "second", "third")
"""Kinds of line, in the order of their use; they differ in dashes as well as in colour."""

LEAST_SHOWN = 5
"""Photos that a point of a chart needs."""


@dataclass(frozen=True)
class Frame:
    """The area of a chart between its axes, and what its borders stand for."""

    width: int = 420
    height: int = 320
    left: int = 60
    right: int = 24
    top: int = 12
    bottom: int = 48
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)

    def x(self, value: float) -> float:
        low, high = self.x_limits
        inner = self.width - self.left - self.right
        return round(self.left + inner * (value - low) / (high - low), 1)

    def y(self, value: float) -> float:
        low, high = self.y_limits
        inner = self.height - self.top - self.bottom
        return round(self.height - self.bottom - inner * (value - low) / (high - low), 1)

    def path(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> Html:
        points = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in zip(xs, ys, strict=True))
        return element("polyline", points=points, class_=kind)

    def line(self, x0: float, y0: float, x1: float, y1: float, kind: str) -> Html:
        return self.path([x0, x1], [y0, y1], kind)

    def axes(
        self,
        x_title: str,
        y_title: str,
        x_ticks: Sequence[float],
        y_ticks: Sequence[float],
        words: Callable[[float], str],
    ) -> list[Html]:
        left, right = self.x_limits
        low = self.y_limits[0]
        drawn = [self.line(left, tick, right, tick, "grid") for tick in y_ticks]
        drawn.append(self.line(left, low, right, low, "axis"))
        for tick in x_ticks:
            drawn.append(_text(self.x(tick), self.y(low) + 16, words(tick), "middle"))
        for tick in y_ticks:
            drawn.append(_text(self.left - 6, self.y(tick) + 4, words(tick), "end"))
        middle = (self.left + self.width - self.right) / 2
        drawn.append(_text(middle, self.height - 10, x_title, "middle", "faint"))
        centre = (self.top + self.height - self.bottom) / 2
        drawn.append(
            element(
                "text",
                y_title,
                transform=f"translate(11 {centre}) rotate(-90)",
                text_anchor="middle",
                class_="faint",
            )
        )
        return drawn

    def figure(self, about: str, drawn: Sequence[Html], caption: object) -> Html:
        drawing = element(
            "svg",
            element("title", about),
            list(drawn),
            viewBox=f"0 0 {self.width} {self.height}",
            width=self.width,
            height=self.height,
            role="img",
        )
        return element("figure", drawing, element("figcaption", caption))


def reliability_chart(probabilities: np.ndarray, correct: np.ndarray, bins: int = 10) -> Html:
    """How often identifications were right, by the probability they were given.

    Parameters
    ----------
    probabilities : ndarray of shape (photos,), float
    correct : ndarray of shape (photos,), bool
    bins : int
        Of equal width; those of fewer than 5 photos are not drawn.
    """
    frame = Frame()
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    drawn = frame.axes(
        "probability that was given", "share that was right", ticks, ticks, fine_percent
    )
    drawn.append(frame.line(0, 0, 1, 1, "ideal"))
    place = np.clip(np.ceil(probabilities * bins).astype(int) - 1, 0, bins - 1)
    dots, left_out = [], 0
    for chosen in (place == number for number in range(bins)):
        count, right = int(chosen.sum()), int(correct[chosen].sum())
        if count < LEAST_SHOWN:
            left_out += count
            continue
        given, share = float(probabilities[chosen].mean()), right / count
        low, high = wilson_interval(right, count)
        drawn.append(frame.line(given, low, given, high, "whisker"))
        radius = 3 + 7 * (count / len(correct)) ** 0.5
        dot = element("circle", cx=frame.x(given), cy=frame.y(share), r=round(radius, 1),
                      class_="dot")  # fmt: skip
        dots += [dot, _text(frame.x(given) + radius + 3, frame.y(share) + 14, count)]
    caption = (
        f"{len(correct)} photos. Each dot is a range of probabilities, with its number of photos "
        "and its 95 % interval; on the dashed line, the probability is right as often as it says."
    )
    if left_out:
        caption += f" {left_out} photos lie in ranges of fewer than {LEAST_SHOWN}, not drawn."
    return frame.figure("Reliability diagram", drawn + dots, caption)


def risk_chart(ways: Mapping[str, np.ndarray], correct: np.ndarray, limit: float | None) -> Html:
    """Errors among accepted photos, by how many are accepted, for several ways of ordering.

    Parameters
    ----------
    ways : mapping of str to ndarray of shape (photos,)
        What it is called, and by what photos are ordered, the highest first; at most three.
    limit : float or None
        The share of errors that the lab allows.
    """
    # The first few photos make steps of a whole error: they say nothing and would set the scale.
    first = LEAST_SHOWN - 1
    curves = {name: risk_coverage(values, correct) for name, values in ways.items()}
    shown = {name: (one.coverage[first:], one.risk[first:]) for name, one in curves.items()}
    top = max([0.1, *(float(risk.max(initial=0)) for _, risk in shown.values())])
    top = float(np.ceil(top * 10) / 10)
    frame = Frame(y_limits=(0.0, top))
    y_ticks = [round(float(tick), 3) for tick in np.linspace(0, top, 6)]
    drawn = frame.axes(
        "share of photos accepted", "errors among them", [0, 0.2, 0.4, 0.6, 0.8, 1], y_ticks,
        fine_percent,
    )  # fmt: skip
    if limit is not None and limit < top:
        drawn.append(frame.line(0, limit, 1, limit, "ideal"))
        drawn.append(_text(frame.x(0) + 4, frame.y(limit) - 4, f"allowed: {fine_percent(limit)}"))
    for kind, (name, (coverage, risk)) in zip(LINES, shown.items(), strict=False):
        drawn.append(frame.path(coverage, risk, kind))
        row = frame.top + 12 + 16 * LINES.index(kind)
        across = frame.left + 14
        drawn.append(
            element("line", x1=across, x2=across + 26, y1=row - 4, y2=row - 4, class_=kind)
        )
        drawn.append(_text(across + 32, row, name))
    caption = (
        f"{len(correct)} photos, the surest accepted first. The lower the line, the fewer errors "
        "for the same number of photos accepted without a look."
    )
    return frame.figure("Risk-coverage curve", drawn, caption)


def counts_chart(counts: Mapping[str, int], x_title: str, caption: str) -> Html:
    """Photos by kind, as bars with their numbers."""
    most = max([1, *counts.values()])
    frame = Frame(height=260, x_limits=(0, max(len(counts), 1)), y_limits=(0, most * 1.12))
    drawn = [frame.line(0, 0, len(counts), 0, "axis")]
    for place, (name, count) in enumerate(counts.items()):
        left, right = frame.x(place + 0.15), frame.x(place + 0.85)
        drawn.append(
            element("rect", x=left, y=frame.y(count), width=round(right - left, 1),
                    height=round(frame.y(0) - frame.y(count), 1), class_="bar")
        )  # fmt: skip
        middle = (left + right) / 2
        drawn.append(_text(middle, frame.y(count) - 5, count, "middle"))
        drawn.append(_text(middle, frame.y(0) + 16, name, "middle"))
    centre = (frame.left + frame.width - frame.right) / 2
    drawn.append(_text(centre, frame.height - 10, x_title, "middle", "faint"))
    return frame.figure(x_title, drawn, caption)


def intervals_chart(
    rows: Sequence[tuple[str, float, float, float]], x_title: str, caption: str
) -> Html:
    """Differences with their intervals, against a line at 0.

    Parameters
    ----------
    rows : sequence of (name, value, low, high)
    """
    reach = max([1e-3, *(abs(end) for _, *ends in rows for end in ends)]) * 1.1
    frame = Frame(
        width=740,
        height=62 + 26 * len(rows),
        left=390,
        x_limits=(-reach, reach),
        y_limits=(0, len(rows)),
    )
    drawn = [frame.line(0, 0, 0, len(rows), "ideal")]
    drawn.append(frame.line(-reach, 0, reach, 0, "axis"))
    for tick in (-reach / 1.1, 0, reach / 1.1):
        label = "0" if tick == 0 else f"{tick:+.2g}"
        drawn.append(_text(frame.x(tick), frame.y(0) + 16, label, "middle"))
    for place, (name, value, low, high) in enumerate(rows):
        height = len(rows) - place - 0.5
        drawn.append(_text(frame.left - 12, frame.y(height) + 4, name, "end"))
        drawn.append(frame.line(low, height, high, height, "first"))
        drawn.append(element("circle", cx=frame.x(value), cy=frame.y(height), r=5, class_="dot"))
    centre = (frame.left + frame.width - frame.right) / 2
    drawn.append(_text(centre, frame.height - 8, x_title, "middle", "faint"))
    return frame.figure(x_title, drawn, caption)


def curves_chart(curves: pd.DataFrame, curve: str, names: Mapping[str, str]) -> Html:
    """Mean score by the share of the photo that is covered, or uncovered; at most three maps.

    Parameters
    ----------
    curves : DataFrame
        See `whalecore.workflow.faithful_curves.faithful_curves`.
    curve : str
        ``deletion`` or ``insertion``.
    names : mapping of str to str
        What each map is called.
    """
    own = curves[(curves["curve"] == curve) & curves["map"].isin(list(names))]
    top = float(np.ceil(max(0.1, own["value"].max()) * 10) / 10)
    frame = Frame(width=360, height=280, y_limits=(0.0, top))
    ticks = [0, 0.25, 0.5, 0.75, 1]
    done = KINDS[curve]
    drawn = frame.axes(
        f"share of the photo {done}", "score",
        ticks, [round(float(tick), 3) for tick in np.linspace(0, top, 6)], fine_percent,
    )  # fmt: skip
    for kind, (name, said) in zip(LINES, names.items(), strict=False):
        rows = own[own["map"] == name]
        drawn.append(frame.path(rows["share"].tolist(), rows["value"].tolist(), kind))
        row = frame.top + 12 + 16 * LINES.index(kind)
        across = frame.left + (14 if curve == "insertion" else 120)
        drawn.append(
            element("line", x1=across, x2=across + 26, y1=row - 4, y2=row - 4, class_=kind)
        )
        drawn.append(_text(across + 32, row, said))
    caption = (
        f"Mean score of the first candidate while {int(own['photos'].max())} photos are {done}."
    )
    return frame.figure(f"Score while the photo is {done}", drawn, caption)


def _text(
    x: float, y: float, text: object, anchor: str | None = None, kind: str | None = None
) -> Html:
    return element("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor, class_=kind)
