"""A map of points that are chosen by drawing round them, with the pointer or by keys."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

HERE = Path(__file__).parent
SIZE = 999
"""Steps of an outline's numbers from one edge of the map to the other."""

NOTHING = "none"
"""What the map says when the reader takes the outline away."""

LABEL = (
    "Map of heatmaps. Drag to draw round heatmaps, click one to open it. Keys: arrows move a "
    "circle, plus and minus change its size, Enter chooses what lies in it, Escape chooses nothing."
)


def lasso(
    x: np.ndarray,
    y: np.ndarray,
    which: np.ndarray,
    words: Sequence[str],
    colours: Sequence[str],
    captions: Sequence[str],
    marks: Sequence[tuple[float, float, str]],
    outline: str | None,
    key: str,
) -> tuple[str | None, int | None]:
    """Show a map, and say what was drawn or clicked in this run.

    Parameters
    ----------
    x, y : ndarray of shape (points,)
        0 to 1, from the left and from below.
    which : ndarray of shape (points,), int
        Place of each point's group in ``words`` and ``colours``.
    words, colours : sequence of str
        Of the groups, for the legend.
    captions : sequence of str
        Shown while the pointer is on a point.
    marks : sequence of (x, y, word)
        Words on the map.
    outline : str, optional
        That is shown, as it was drawn: ``x.y.x.y`` and so on, 0 to 999.
    key : str
        Unique on the page.

    Returns
    -------
    outline : str or None
        A new one; `NOTHING` to show none.
    opened : int or None
        The point that was clicked.
    """
    result = _component(
        key=key,
        data={
            "x": _sent(x, np.float32),
            "y": _sent(y, np.float32),
            "which": _sent(which, np.uint16),
            "words": list(words),
            "colours": list(colours),
            "captions": list(captions),
            "marks": [list(mark) for mark in marks],
            "outline": corners_of(outline).tolist() if outline else None,
            "label": LABEL,
        },
        on_outline_change=_nothing,
        on_opened_change=_nothing,
    )
    opened = result.opened
    known = isinstance(opened, int) and 0 <= opened < len(x)
    return result.outline, opened if known else None


def corners_of(outline: str) -> np.ndarray:
    """The corners of a checked outline, (corners, 2), 0 to 1."""
    return np.array(outline.split("."), float).reshape(-1, 2) / SIZE


def _sent(values: np.ndarray, kind: type) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode("ascii")


def _nothing() -> None:
    """A trigger must have a callback to be handed to Python; the page reads the value itself."""


_component = st.components.v2.component(
    "whalecore_lasso",
    html=(HERE / "cluster_lasso.html").read_text(encoding="utf-8"),
    css=(HERE / "cluster_lasso.css").read_text(encoding="utf-8"),
    js=(HERE / "cluster_lasso.js").read_text(encoding="utf-8"),
)
