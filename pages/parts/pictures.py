"""Pictures of the lab's photos, kept so that a click does not decode them again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.parts.gallery import Thumbnail
from pages.parts.guard import plain
from whalecore import overlays
from whalecore.cluster_words import known
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.types import Box, Heatmap, Photo

WIDTH = 640
"""Width of a large crop, in pixels."""

CELL = 210
"""Width of a crop in a contact sheet."""

CELLS_FOR_MEAN = 300
"""Heatmaps of a cluster that its mean is taken of, the most typical first."""

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
    return _lab_crop(str(lab.folder), photo_id, crop.box if crop else None, shape, width, lab)


@st.cache_data(max_entries=1500, show_spinner=False)
def _lab_crop(folder, photo_id, box, shape, width, _lab) -> np.ndarray:
    photo = _lab.read_photo(photo_id)
    return crop_of(photo, box or photo.whole, shape, width)


def crop_or_blank(lab, photo_id: str, shape: tuple[int, int], width: int) -> np.ndarray:
    """As `lab_crop`, but a grey field where the file is gone, so that a sheet stays whole."""
    try:
        return lab_crop(lab, photo_id, shape, width)
    except WhalecoreError:
        return blank(shape, width)


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


def cluster_cells(lab, members, shape: tuple[int, int]):
    """Ids of heatmaps, and the function that makes the thumbnails of some of them.

    Where the members have a column ``z``, the caption says how far the score lies from the mean.
    """
    rows = {f"{row.photo_id} {row.individual}": row for row in members.itertuples()}

    def cells(names: Sequence[str]) -> dict[str, Thumbnail]:
        shown = [rows[name] for name in names]
        key = tuple(_key(row) for row in shown)
        pictures = _cells(str(lab.folder), key, shape, lab, shown)
        return {
            name: _thumbnail(row, webp)
            for name, row, webp in zip(names, shown, pictures, strict=True)
        }

    return list(rows), cells


def _thumbnail(row, webp: bytes) -> Thumbnail:
    mark = "✓ " if row.is_reference else "✗ "
    z = getattr(row, "z", None)
    away = f" (z {z:+.1f})" if known(z) else ""
    caption = f"{mark}top {row.rank} · {row.individual} · {row.score:.2f}{away}"
    words = f"{row.name}: {'correct' if row.is_reference else 'not correct'}, {caption[2:]}"
    return Thumbnail(webp, caption, words)


@st.cache_data(max_entries=60, show_spinner="Reading the heatmaps")
def _cells(folder, keys, shape, _lab, _rows) -> list[bytes]:
    from whalecore.lab.sheets import many_boxes, many_heatmaps

    heatmaps = many_heatmaps(_lab, keys)
    boxes = many_boxes(_lab, [row.photo_id for row in _rows])
    cells = []
    for key, row in zip(keys, _rows, strict=True):
        try:
            photo = _lab.read_photo({"path": row.path, "name": row.name})
            crop = crop_of(photo, boxes.get(row.photo_id, photo.whole), shape, CELL)
        except (WhalecoreError, TypeError):
            # The file or its row is gone: the sheet stays whole.
            crop = blank(shape, CELL)
        if key in heatmaps:
            kind = overlays.kind_of(row.method)
            cells.append(overlays.contact_cell(crop, heatmaps[key].values, kind=kind, width=CELL))
        else:
            cells.append(overlays.thumbnail(crop, CELL))
    return cells


def show_mean_heatmap(lab, clustering_id: str, number: int, shape) -> None:
    """The mean of a cluster's heatmaps, with its scale."""
    words = f"Mean heatmap of cluster {number}"
    mean = mean_heatmap_of(lab, clustering_id, number)
    if mean is None:
        st.info("The heatmaps of this cluster are no longer in the lab: compute them again.")
        return
    limit = overlays.scale_limit(mean)
    height = max(1, round(WIDTH * shape[0] / shape[1]))
    st.image(overlays.heatmap_picture(mean, height, WIDTH, limit), width="stretch", alt=words)
    st.image(overlays.legend(limit, dark=is_dark()), alt=f"Scale from {-limit:.2g} to {limit:.2g}")
    st.caption(words, help=explain("mean heatmap"))


def mean_heatmap_of(lab, clustering_id: str, number: int) -> np.ndarray | None:
    """The mean heatmap of a cluster as it was kept, or of its most typical heatmaps; or None."""
    means = stored_means(str(lab.folder), clustering_id, lab)
    if means is not None and number <= len(means):
        return means[number - 1]
    typical = lab.cluster_members(clustering_id, number, limit=CELLS_FOR_MEAN)
    return _mean(str(lab.folder), clustering_id, number, lab, typical)


@st.cache_data(max_entries=20, show_spinner="Reading the clusters")
def stored_means(folder, clustering_id, _lab) -> np.ndarray | None:
    """Mean heatmaps as they were kept with the clusters; None where they were not."""
    try:
        means = _lab.clustering(clustering_id).means
    except WhalecoreError:
        return None
    return means.astype(np.float32) if means is not None and len(means) else None


@st.cache_data(max_entries=200, show_spinner="Reading the cluster's heatmaps")
def _mean(folder, clustering_id, number, _lab, _members) -> np.ndarray | None:
    from whalecore.lab.sheets import many_heatmaps

    found = many_heatmaps(_lab, [_key(row) for row in _members.itertuples()])
    grids = [heatmap.values for heatmap in found.values()]
    return overlays.mean_heatmap(np.stack(grids)) if grids else None


def _key(row) -> tuple[str, ...]:
    return (row.model_id, row.photo_id, row.individual, row.method, row.settings)
