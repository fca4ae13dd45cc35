"""What is computed once for all readers: who asks second waits and gets the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

KEPT = 12
"""Results that are kept; the one asked for longest ago gives way."""

PAUSE = 0.2
"""Seconds between two looks at whether the other reader has finished."""


class Shared:
    """Results by key, each computed by one thread at a time."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._results: dict[Hashable, Any] = {}
        self._busy: dict[Hashable, threading.Lock] = {}

    def get(
        self,
        key: Hashable,
        compute: Callable[[], Any],
        waiting: Callable[[], None] = lambda: None,
    ) -> Any:
        """The result of a key; computed where it is not there.

        Parameters
        ----------
        key : hashable
            Names everything that the result depends on.
        compute : callable
            Makes the result. Where it fails or is stopped, who waits computes it instead.
        waiting : callable
            Called again and again while another thread computes the same; may raise, to give up.
        """
        with self._lock:
            gate = self._busy.setdefault(key, threading.Lock())
        while not gate.acquire(timeout=PAUSE):
            waiting()
        try:
            with self._lock:
                found = key in self._results
                result = self._results.pop(key, None)
            if not found:
                result = compute()
            with self._lock:
                self._results[key] = result
                while len(self._results) > self._kept:
                    oldest = next(iter(self._results))
                    self._results.pop(oldest)
                    if oldest != key:
                        self._busy.pop(oldest, None)
            return result
        finally:
            gate.release()


@st.cache_resource(show_spinner=False)
def shared_assessments() -> Shared:
    """Assessments of all readers of this program."""
    return Shared()
