"""What surrounds every page: the list of pages, and that a page never stands alone."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.icon import fluke_icon
from pages.parts.leave_field import leave_by_escape
from pages.parts.state import say_not_taken

FOLDER = Path(__file__).resolve().parents[1]
STYLE = FOLDER / "parts" / "frame.css"
_FRAMED = "framed"


def navigation():
    """Draw the list of pages; the page to be run is returned.

    The picture of the browser's tab comes first: without it, the browser would fetch the symbol
    of the page from outside.
    """
    st.set_page_config(page_title="whalecore", page_icon=fluke_icon(), layout="wide")
    # Streamlit keeps the name of the front page's file for it alone, and opens it nowhere: with
    # another one kept, the name in the browser's address can lead to the page.
    identify = st.Page(
        FOLDER / "identify.py",
        title="Identify",
        icon=":material/search:",
        url_path="front",
        default=True,
    )

    def by_name() -> None:
        """The front page has no name in its address; who types one gets there all the same."""
        st.switch_page(identify, query_params=st.query_params.to_dict())

    return st.navigation(
        [
            identify,
            st.Page(FOLDER / "heatmaps.py", title="Heatmaps", icon=":material/layers:"),
            st.Page(FOLDER / "clusters.py", title="Clusters", icon=":material/scatter_plot:"),
            st.Page(FOLDER / "review.py", title="Review", icon=":material/checklist:"),
            st.Page(FOLDER / "reliability.py", title="Reliability", icon=":material/verified:"),
            st.Page(FOLDER / "lab.py", title="Lab", icon=":material/inventory_2:"),
            st.Page(by_name, title="Identify", url_path="identify", visibility="hidden"),
        ]
    )


def frame_drawn() -> None:
    """Called by the dashboard before it runs a page."""
    st.session_state[_FRAMED] = True


def begin(title: str) -> None:
    """Start a page: its title, what is wrong with its address, and the frame where it is missing.

    Streamlit takes a folder named ``pages`` for its own until ``st.navigation`` was called once.
    So the first address opened after a start, if it is not the front page's, runs the page alone;
    calling it here and starting over brings the frame.
    """
    if not st.session_state.get(_FRAMED):
        navigation()
        st.rerun()
    st.html(STYLE)
    st.title(title)
    # Above the title it would begin behind Streamlit's header.
    say_not_taken()
    leave_by_escape()
