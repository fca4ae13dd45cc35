"""Pictures of the lab's photos, kept so that a click does not decode them again."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import streamlit as st

from pages.parts.guard import plain
from whalecore import overlays
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.types import Box, Heatmap, Photo

WIDTH = 640
"""Width of a large crop, in pixels."""

SURE = 0.5
"""How surely the fluke must have been found on a photo that stands for an animal."""

DEFAULT_SHAPE = (1, 2)
"""Height to width of a crop while there is no model."""


def crop_shape(lab, model_id: str | None = None) -> tuple[int, int]:
    """Height and width of the model's input: the proportions in which crops are shown."""
    models = lab.models()
    if model_id is not None:
        models = models[models["model_id"] == model_id]
    if models.empty:
        return DEFAULT_SHAPE
    first = models.iloc[0]
    return int(first["input_height"]), int(first["input_width"])


def crop_of(photo: Photo, box: Box, shape: tuple[int, int], width: int = WIDTH) -> np.ndarray:
    """The fluke as the identifier sees it, but with the photo's own detail."""
    from whalecore.photos.crop import cut

    return cut(photo, box, max(1, round(width * shape[0] / shape[1])), width)


def lab_crop(lab, photo_id: str, shape: tuple[int, int], width: int = WIDTH) -> np.ndarray:
    """The crop of a photo of the lab, from its present box."""
    crop = lab.crop(photo_id)
    return crop_in(lab, photo_id, crop.box if crop else None, shape, width)


def crop_in(lab, photo, box: Box | None, shape: tuple[int, int], width: int) -> np.ndarray:
    """The crop of a photo of the lab, named by its id or its row, from a box; None: all of it."""
    photo_id = photo if isinstance(photo, str) else photo["photo_id"]
    return _crop_in(str(lab.folder), photo_id, box, shape, width, lab, photo)


@st.cache_data(max_entries=1500, show_spinner=False)
def _crop_in(folder, photo_id, box, shape, width, _lab, _photo) -> np.ndarray:
    photo = _lab.read_photo(_photo)
    return crop_of(photo, box or photo.whole, shape, width)


def crop_or_blank(lab, photo_id: str, shape: tuple[int, int], width: int) -> np.ndarray:
    """As `lab_crop`, but a grey field where the file is gone, so that a sheet stays whole."""
    try:
        return lab_crop(lab, photo_id, shape, width)
    except WhalecoreError:
        return blank(shape, width)


def telling(photos: Sequence[Mapping]) -> Mapping:
    """Of some photos, the first on which a fluke was surely found; else simply the first."""
    sure = (one for one in photos if (one["crop_confidence"] or 1.0) >= SURE)
    return next(sure, photos[0])


def blank(shape: tuple[int, int], width: int) -> np.ndarray:
    """A grey field in the proportions of a crop."""
    return np.full((max(1, round(width * shape[0] / shape[1])), width, 3), 127, np.uint8)


def show_heatmap(crop: np.ndarray, heatmap: Heatmap, strength: float, width="stretch") -> None:
    """A heatmap over its crop, with a legend in the unit of its values."""
    kind = overlays.kind_of(heatmap.method)
    limit = overlays.scale_limit(heatmap.values)
    words = heatmap_words(heatmap)
    drawn = overlays.overlay(crop, heatmap.values, strength, limit, kind)
    st.image(drawn, width=width, alt=words)
    st.image(
        overlays.legend(
            limit, kind, unit_of(heatmap), strength=max(strength, 0.05), dark=is_dark()
        ),
        alt=f"Scale from {-limit if kind == overlays.SIGNED else 0:.2g} to {limit:.2g}",
    )
    st.caption(plain(words), help=explain("colour scale"))
    say_how_exact(heatmap)


def heatmap_words(heatmap: Heatmap) -> str:
    """What a heatmap is, in a line."""
    method = "Occlusion sensitivity map" if heatmap.method == "osm" else "Grad-CAM"
    return f"{method} for {heatmap.individual}, score {heatmap.score:.2f}"


def say_how_exact(heatmap: Heatmap) -> None:
    """How far a fast heatmap can be trusted; nothing of an exact one."""
    if getattr(heatmap, "correlation", None) is None:
        return
    places = heatmap.values.size
    deviation = (
        f" and differ by at most {heatmap.deviation:.2g} in {unit_of(heatmap)}"
        if heatmap.deviation is not None
        else ""
    )
    st.caption(
        f"Fast: {heatmap.computed or places:,} of {places:,} places computed, the rest estimated. "
        "On a random sample of places the estimates follow computed values with a correlation of "
        f"r = {heatmap.correlation:.3f}{deviation}.",
        help=explain("fast"),
    )


def webp_address(picture: bytes) -> str:
    """The address of a WebP picture that holds the picture itself."""
    return "data:image/webp;base64," + base64.b64encode(picture).decode("ascii")


def show_small(picture: bytes, alt: str) -> None:
    """A small WebP picture as wide as its place, without the buttons that large ones have.

    A browser draws it five times as fast as `st.image`, which counts where many stand in a row.
    """
    st.html(
        f'<img src="{webp_address(picture)}" alt="{escape(alt)}" '
        'style="display: block; width: 100%; border-radius: 0.5rem">'
    )


def is_dark() -> bool:
    """True where the reader sees the dark page."""
    return st.context.theme.type == "dark"


def unit_of(heatmap: Heatmap) -> str:
    """What the numbers of a heatmap are."""
    return unit_named(heatmap.method, heatmap.settings)


def unit_named(method: str, settings: str) -> str:
    """What the numbers of heatmaps of a method and its settings are."""
    if method != "osm":
        return "strength"
    return "logit" if "target=logit" in settings else "score"


def strength_slider() -> float:
    """How strongly heatmaps cover the photos, the same on all pages."""
    return st.slider(
        "Strength of the heatmap",
        0.0,
        1.0,
        0.8,
        0.1,
        key="strength",
        persist_state="session",
        help=explain("strength"),
    )
