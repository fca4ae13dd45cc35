"""Buttons that act, and what became of it in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.guard import plain
from whalecore.errors import WhalecoreError

_SAID = "said_of_decision"


def acting_button(label: str, key: str, shortcut: str | None, act: Callable[[], None], **other):
    """A button that acts; what is not allowed becomes a sentence where `show_said` is called."""
    st.button(label, key=key, shortcut=shortcut, on_click=_carefully, args=(act,), **other)


def say(words: str) -> None:
    """Say what was done, when the page is drawn next."""
    st.session_state[_SAID] = (True, words)


def show_said() -> None:
    """What the last button did, or why it did nothing; once."""
    done, words = st.session_state.pop(_SAID, (True, ""))
    if words and done:
        st.toast(plain(words), icon=":material/check:")
    elif words:
        st.error(plain(words), icon=":material/info:")


def _carefully(act: Callable[[], None]) -> None:
    try:
        act()
    except WhalecoreError as error:
        st.session_state[_SAID] = (False, str(error))
