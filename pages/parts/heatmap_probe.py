"""Heatmaps side by side that say their values at the place under the pointer."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from pages.parts.pictures import webp_address

HERE = Path(__file__).parent

HINT = "The value under the pointer is shown here."
LABEL = "Heatmaps. The arrow keys move a mark over them and say the values there."


@dataclass(frozen=True, eq=False)
class Panel:
    """One heatmap as it is shown.

    Attributes
    ----------
    title, alt : str
        Above it, and for those who cannot see it.
    picture : bytes
        As it is drawn, WebP.
    values : ndarray of shape (rows, cols)
        That the colours stand for.
    unit : str
        Of the values.
    legend : bytes or None
        WebP.
    legend_alt, note : str
        Words for the legend, and what is said under it.
    """

    title: str
    alt: str
    picture: bytes
    values: np.ndarray
    unit: str
    legend: bytes | None = None
    legend_alt: str = ""
    note: str = ""


def probe(panels: Sequence[Panel], key: str, columns: int = 2) -> None:
    """Show heatmaps with one pointer for all; all texts are shown as they are.

    Parameters
    ----------
    panels : sequence of Panel
    key : str
        Unique on the page.
    columns : int
        How many stand beside each other.
    """
    _component(
        key=key,
        data={
            "panels": [_sent(panel) for panel in panels],
            "columns": columns,
            "hint": HINT,
            "label": LABEL,
        },
    )


def _sent(panel: Panel) -> dict:
    rows, cols = panel.values.shape
    values = np.ascontiguousarray(panel.values, np.float32)
    return {
        "title": panel.title,
        "alt": panel.alt,
        "src": webp_address(panel.picture),
        "values": base64.b64encode(values.tobytes()).decode("ascii"),
        "rows": rows,
        "cols": cols,
        "unit": panel.unit,
        "legend": webp_address(panel.legend) if panel.legend is not None else None,
        "legendAlt": panel.legend_alt,
        "note": panel.note,
    }


_component = st.components.v2.component(
    "whalecore_probe",
    html=(HERE / "heatmap_probe.html").read_text(encoding="utf-8"),
    css=(HERE / "heatmap_probe.css").read_text(encoding="utf-8"),
    js=(HERE / "heatmap_probe.js").read_text(encoding="utf-8"),
)
