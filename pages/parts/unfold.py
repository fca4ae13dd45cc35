"""A closed list whose contents are drawn once it is open, and then without the rest of the page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


@st.fragment
def unfold(title: str, icon: str, key: str, draw: Callable[[], None]) -> None:
    """Show a closed list; what is in it costs nothing before the reader opens it.

    Parameters
    ----------
    title, icon : str
    key : str
        Tells this list from others of the program.
    draw : callable
        Draws the contents.
    """
    place = st.expander(title, icon=icon, key=key, on_change="rerun")
    if place.open:
        with place:
            draw()
