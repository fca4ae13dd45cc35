"""Heatmaps and their legends as WebP, each drawn once for what it shows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from whalecore import overlays

LEGEND = 360
"""Width of a legend under a heatmap, in pixels."""


def _whole(array: np.ndarray) -> tuple:
    """What tells two arrays apart; Streamlit itself looks at a sample of large ones only."""
    return array.shape, str(array.dtype), array.tobytes()


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs={np.ndarray: _whole})
def picture_over(
    crop: np.ndarray,
    values: np.ndarray,
    strength: float,
    limit: float,
    kind: str = overlays.SIGNED,
) -> bytes:
    """A heatmap over its crop."""
    return overlays.picture_bytes(overlays.overlay(crop, values, strength, limit, kind))


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs={np.ndarray: _whole})
def picture_of(values: np.ndarray, height: int, width: int, limit: float) -> bytes:
    """A heatmap alone."""
    return overlays.picture_bytes(overlays.heatmap_picture(values, height, width, limit))


@st.cache_data(max_entries=400, show_spinner=False)
def legend_of(limit: float, *given, **options) -> bytes:
    """The legend of a colour scale; arguments as of `whalecore.overlays.legend`."""
    drawn = overlays.legend(limit, *given, width=LEGEND, **options)
    return overlays.picture_bytes(drawn, lossless=True)
