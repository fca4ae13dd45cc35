"""Escape leaves a text field, so that who has typed a name goes on by keys alone.

Enter keeps what is typed; what was not kept is taken back, as everywhere else.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

KEY = "leave_field"


def leave_by_escape() -> None:
    """Let the key Escape leave the fields of the page; once a page, nothing is seen of it."""
    _component(key=KEY, data={})


_component = st.components.v2.component(
    "whalecore_leave_field",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)
