"""What the first answer needs, torch and the model, is loaded while the readers only look."""

from __future__ import annotations

import logging
import threading
import time

import streamlit as st

from pages.parts.growing import get_ready, identifier_of
from pages.parts.labs import current_lab

log = logging.getLogger("whalecore.pages")

QUIET = 3.0
"""Seconds without a click after which a step of the loading begins; each makes pages slower."""


class _Ahead:
    """One thread a server; when a page was last drawn."""

    def __init__(self) -> None:
        self._drawn = time.monotonic()
        self._thread: threading.Thread | None = None

    def drawn(self, lab) -> None:
        """A page was drawn: wait again, and begin where this was the first."""
        self._drawn = time.monotonic()
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, args=(lab,), daemon=True)
            self._thread.start()

    def _load(self, lab) -> None:
        try:
            for step in (_load_model, _prepare):
                while (left := self._drawn + QUIET - time.monotonic()) > 0:
                    time.sleep(left)
                step(lab)
        except Exception:
            # Whoever asks for an answer loads it then, and is told what is wrong.
            log.info("Not everything could be loaded ahead", exc_info=True)


def load_ahead() -> None:
    """Say that a page was drawn; the first time, loading begins beside it."""
    _ahead().drawn(current_lab())


@st.cache_resource(show_spinner=False)
def _ahead() -> _Ahead:
    return _Ahead()


def _load_model(lab) -> None:
    if (model_id := lab.newest_model_id()) is not None:
        identifier_of(lab, model_id)


def _prepare(lab) -> None:
    if (model_id := lab.newest_model_id()) is not None:
        get_ready(lab, model_id, lab.usual_occlusion())
