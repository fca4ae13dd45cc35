"""A chart as a picture for a paper or a talk."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from whalecore.errors import SettingsError

if TYPE_CHECKING:
    import altair as alt

KINDS = ("png", "svg")
WIDTH = 760
"""Pixels of a chart that takes the width of its page; about that of the page on a laptop."""

SCALE = 3
"""Pixels of a PNG for one of the page: enough for print."""


def chart_picture(chart: alt.TopLevelMixin, kind: str) -> bytes:
    """A chart on white, drawn by vl-convert on this computer, without a browser.

    Parameters
    ----------
    kind : {'png', 'svg'}

    Raises
    ------
    SettingsError
        When the kind is another one, or vl-convert is not installed.
    """
    if kind not in KINDS:
        raise SettingsError(f"A chart cannot be saved as '{kind}': choose one of png and svg.")
    try:
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "Charts are saved by the package vl-convert-python, which is not installed: give "
            "'pip install -r requirements.txt' again."
        ) from error
    if getattr(chart, "width", None) == "container":
        chart = chart.properties(width=WIDTH)
    if kind == "svg":
        text = io.StringIO()
        chart.save(text, format="svg")
        return text.getvalue().encode()
    data = io.BytesIO()
    chart.save(data, format="png", scale_factor=SCALE)
    return data.getvalue()
