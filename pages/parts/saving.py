"""Charts and tables of a part of a page, to be taken along by who opens the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages.parts.export import SAVE, Frame, offer_chart, offer_table
from pages.parts.unfold import unfold


def offer_saving(
    key: str,
    charts: Mapping[str, Callable] | None = None,
    tables: Mapping[str, Frame] | None = None,
) -> None:
    """A closed list of what can be saved; its buttons are drawn once it is open.

    Parameters
    ----------
    key : str
        Tells this list from others of the program.
    charts : mapping of str to callable
        By name in plain words: what makes the Altair chart.
    tables : mapping of str to DataFrame or callable
        By name in plain words.
    """
    charts, tables = charts or {}, tables or {}
    words = [word for word, some in (("charts", charts), ("tables", tables)) if some]

    def draw() -> None:
        for name, make in charts.items():
            st.markdown(f"Chart: {name}")
            offer_chart(make, _file(name), f"{key}_{name}")
        for name, frame in tables.items():
            st.markdown(f"Table: {name}")
            offer_table(frame, _file(name), f"{key}_{name}")

    unfold(f"Save {' and '.join(words)}", SAVE, f"saving_{key}", draw)


def _file(name: str) -> str:
    return name.replace(" ", "-")
