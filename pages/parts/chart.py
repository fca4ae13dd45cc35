"""Charts on a page, each made once for what it shows."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.parts.pictures import is_dark
from whalecore.chart_spec import inked_spec, packed_spec


def draw_chart(make: Callable, *given, **options) -> None:
    """Show the Altair chart that a function makes of what is given.

    Parameters
    ----------
    make : callable
    *given
        What the function is called with; the same again gives the same chart.
    **options
        Of ``st.vega_lite_chart``, such as ``key`` and ``on_select``.
    """
    # Coloured last, so that readers of light and of dark pages share one chart.
    spec = inked_spec(spec_of(make, make.__name__, *given), is_dark())
    st.vega_lite_chart(spec, **options)


def _cells(frame: pd.DataFrame) -> str:
    """What tells two small tables apart, faster than pandas' own hash of each column."""
    return repr(frame.to_dict("list"))


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs={pd.DataFrame: _cells})
def spec_of(_make: Callable, name: str, *given) -> dict:
    """A chart ready to be drawn: making one takes longer than all else on a page."""
    # Packed as it is sent, so that it is not packed again for every reader.
    return packed_spec(_make(*given))
