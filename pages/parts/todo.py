"""What a lab must compute before a page has something to show, and where that is started."""

from __future__ import annotations

import streamlit as st

from pages.parts.job_words import DOES
from whalecore.terminal import lab_option

BEFORE = {
    "import": "photos",
    "train": "models",
    "score": "scores",
    "explain": "heatmaps",
    "cluster": "clusterings",
}
"""Step, and what it fills; each step needs the ones before it."""

SOURCE = {"import": "PHOTOS "}


def first_missing(status: dict, step: str) -> str:
    """The first step up to this one whose result the lab lacks; the step itself where none does."""
    for earlier, result in BEFORE.items():
        if earlier == step or not status[result]:
            return earlier
    return step


def say_missing(lab, sentence: str, step: str) -> None:
    """Say what is not there, and which step makes it, or has to come before.

    Parameters
    ----------
    sentence : str
        What is missing and what it is good for, without Markdown from outside.
    step : str
        A command that fills it.
    """
    first = first_missing(lab.status(), step)
    starts = "starts it" if first == step else "starts what has to come first"
    st.info(
        f"{sentence} The page *Lab* {starts}: *{DOES[first]}*. In a terminal: "
        f"`python -m whalecore {first} {SOURCE.get(first, '')}{lab_option(lab.folder)}`",
        icon=":material/info:",
    )
    st.page_link("pages/lab.py", label="Open the page Lab", icon=":material/inventory_2:")
