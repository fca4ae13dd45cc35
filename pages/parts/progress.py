"""The bar that shows how far work has come."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from whalecore.types import Progress


def progress_bar(words: str, pieces: str = "") -> Callable[[Progress], None]:
    """A bar on the page, and the function that moves it; ``pieces`` says what is counted."""
    bar = st.progress(0.0, words)

    def report(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else 1.0
        left = progress.seconds_left
        time_left = f", about {left:.0f} s left" if left else ""
        counted = f"{progress.done:,} of {progress.total:,} {pieces}".strip()
        bar.progress(min(1.0, share), f"{words}: {counted}{time_left}")

    return report
