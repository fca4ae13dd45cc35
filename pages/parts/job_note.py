"""The job that runs in the lab, said in every tab, also in one that was open before it started."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.parts.guard import guarded, plain
from pages.parts.job_words import ICONS, does, share, stands, where_now
from pages.parts.labs import current_lab
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.workflow.jobs import job, running_job

EVERY = 3.0
"""Seconds between two looks at the lab's jobs: a few small files, and a few lines drawn."""

_NOTED = "noted_job"


def note_jobs() -> None:
    """Say which job runs and where it stands, from its start on, whoever starts it and where."""
    with suppress(WhalecoreError):
        lab = current_lab()
        # How a job ended is said until the page is drawn anew.
        st.session_state[_NOTED] = None
        with st.sidebar:
            st.fragment(_look, run_every=EVERY)(lab)


def await_job(lab) -> None:
    """Draw the page anew as soon as a job runs in the lab; nothing is shown until then."""
    st.fragment(_wait, run_every=EVERY)(lab)


def _look(lab) -> None:
    with guarded("look for a job"), suppress(WhalecoreError):
        running = running_job(lab)
        if running is not None:
            st.session_state[_NOTED] = running.job_id
        noted = st.session_state.get(_NOTED)
        if noted is None:
            return
        one = running or job(lab, noted)
        st.markdown(f"{ICONS[one.state]} {plain(does(one))}: {stands(one)}", help=explain("job"))
        if one.running:
            st.progress(share(one), plain(where_now(one)))
        st.page_link("pages/lab.py", label="Watch it" if one.running else "What it did")


def _wait(lab) -> None:
    with guarded("look for a job"):
        if running_job(lab) is not None:
            st.rerun()
