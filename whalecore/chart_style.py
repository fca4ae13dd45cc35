"""What all charts of the dashboard have in common.

Backgrounds are transparent and every mark has an outline, so that the charts read on light and
dark pages. Words have no colour of their own: a page gives them that of its text. Greens are
PRGn's positive side, as on the heatmaps. Each chart carries a ``description`` for those who cannot
see it.
"""

from __future__ import annotations

import altair as alt

GREENS = ("#1b7837", "#4f9f57", "#86c583", "#bce2b6", "#e6f5e2")
"""Top 1 to top 5: the paler, the later the reference was named."""

ACCENT = "#9970ab"
OUTLINE = "#75838d"
CHOSEN = "#ff9d00"

INKS = {False: "#14252d", True: "#e3edf0"}
"""Colour of words on a light and, with True, on a dark page."""

EXTENT = 45
"""Room for the numbers of an axis, the same where two charts stand above each other."""


def finish(
    chart: alt.Chart | alt.LayerChart, description: str, height: int
) -> alt.Chart | alt.LayerChart:
    """Give a chart what all charts have: the page's width and background, and a description."""
    return chart.properties(
        height=height, width="container", background="transparent", description=description
    )
