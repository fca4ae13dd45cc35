"""The two sides of a comparison: the photo in hand, and a photo of the lab."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.compare import Side
from pages.parts.pictures import crop_of, unit_of
from whalecore import overlays
from whalecore.errors import WhalecoreError
from whalecore.heatmap_words import UNCOUNTED, occlusion_words
from whalecore.lab.named import model_of, uncounted
from whalecore.photo_words import photo_lines
from whalecore.transparent import heatmap_layer
from whalecore.types import Box, Heatmap, Photo, settings_from_key

MOST = 1400
"""Width of a picture to be zoomed into, in pixels."""

LEAST = 400


@dataclass(frozen=True)
class MapKind:
    """How the two heatmaps of a comparison are to be made, so that they can be compared.

    Attributes
    ----------
    model : str
        The model that judges the photo in hand, by its own ``model_id``.
    settings : str
        Of an occlusion map, as its ``key``.
    """

    model: str
    settings: str

    def fits(self, heatmap: Heatmap) -> bool:
        """Whether a heatmap is of this kind, whichever list of individuals was asked."""
        return (model_of(heatmap.model_id), heatmap.settings) == (self.model, self.settings)


@dataclass(frozen=True)
class Wanted:
    """A heatmap of a photo of the lab that is not there and can be made."""

    photo_id: str
    individual: str
    kind: MapKind


def query_side(lab, photo: Photo, crop, shape: tuple[int, int], heatmap, individual: str) -> Side:
    """The photo that is to be identified, with its heatmap for a candidate."""
    own = {name: getattr(photo, name) for name in ("name", "taken_at", "latitude", "longitude")}
    # The catalogue may know more than the file.
    row = next(iter(lab.rows("photos", photo_id=photo.photo_id)), own)
    note = "" if heatmap else f"No heatmap for {individual}: not among this photo's first five."
    return Side(
        "Your photo",
        _sharp_crop(photo.photo_id, crop.box, shape, photo),
        f"The fluke on {photo.name}",
        photo_lines(row) + _heatmap_lines(heatmap),
        _layer(heatmap, shape),
        _heatmap_words(heatmap),
        note,
    )


def lab_side(
    lab, row, shape: tuple[int, int], title: str, individual: str, kind: MapKind
) -> tuple[Side, Wanted | None]:
    """A photo of the lab, with its own heatmap for the same individual where the lab has one.

    Parameters
    ----------
    row : mapping
        Of `photos`.
    kind : MapKind
        Of the heatmap that is wanted.

    Returns
    -------
    Side
    Wanted or None
        The heatmap that can be made, where the lab has none of that kind.
    """
    photo_id = row["photo_id"]
    lines = photo_lines(row)
    try:
        crop = lab.crop(photo_id)
        picture = _lab_crop(str(lab.folder), photo_id, crop.box if crop else None, shape, lab)
    except WhalecoreError as error:
        return Side(title, None, lines=lines, note=str(error)), None
    heatmap = own_heatmap(lab, photo_id, individual, kind)
    side = Side(
        title,
        picture,
        f"The fluke on {row['name']}, {individual}",
        lines + _heatmap_lines(heatmap),
        _layer(heatmap, shape),
        _heatmap_words(heatmap),
        _note(lab, heatmap, individual, kind),
    )
    alike = heatmap is not None and kind.fits(heatmap)
    return side, None if alike else Wanted(photo_id, individual, kind)


def own_heatmap(lab, photo_id: str, individual: str, kind: MapKind) -> Heatmap | None:
    """The lab's occlusion map of a photo for one individual, the most alike in how it was made."""
    rows = lab.heatmap_options(photo_id)
    rows = rows[(rows["individual"] == individual) & (rows["method"] == "osm")].to_dict("records")
    # The sort is stable: of what is equally alike, the first listed.
    rows.sort(
        key=lambda row: (row["settings"] != kind.settings, model_of(row["model_id"]) != kind.model)
    )
    for row in rows:
        found = lab.heatmap(row["model_id"], photo_id, individual, "osm", row["settings"])
        if found is not None:
            return found
    return None


def _note(lab, heatmap: Heatmap | None, individual: str, kind: MapKind) -> str:
    """What is to be known of a heatmap before it is believed; why there is none."""
    if heatmap is None:
        return f"The lab has no heatmap of this photo for {individual} yet."
    said = []
    why = uncounted(lab, heatmap.model_id, heatmap.photo_id, individual)
    if why is not None:
        said.append(UNCOUNTED[why])
    if heatmap.settings != kind.settings:
        said.append(f"Made with {occlusion_words(settings_from_key(heatmap.settings))}.")
    if model_of(heatmap.model_id) != kind.model:
        said.append("Made by another model of this lab.")
    return " ".join(said)


def _layer(heatmap: Heatmap | None, shape: tuple[int, int]) -> bytes | None:
    if heatmap is None:
        return None
    return heatmap_layer(heatmap.values, shape, kind=overlays.kind_of(heatmap.method))


def _heatmap_words(heatmap: Heatmap | None) -> str:
    if heatmap is None:
        return ""
    reach = overlays.scale_limit(heatmap.values)
    return (
        f"Heatmap for {heatmap.individual}, score {heatmap.score:.2f}: colours are full where "
        f"covering changes the {unit_of(heatmap)} by {reach:.2g}"
    )


def _heatmap_lines(heatmap: Heatmap | None) -> tuple[str, ...]:
    if heatmap is None:
        return ()
    exactness = getattr(heatmap, "correlation", None)
    fast = f" · fast map, r = {exactness:.2f}" if exactness is not None else ""
    return (_heatmap_words(heatmap) + fast,)


def _width_for(box: Box) -> int:
    """As many pixels as the photo has there: enlarging adds nothing."""
    return min(MOST, max(LEAST, round(box.width)))


def _webp(photo: Photo, box: Box, shape: tuple[int, int]) -> bytes:
    width = _width_for(box)
    return overlays.thumbnail(crop_of(photo, box, shape, width), width, 88)


@st.cache_data(max_entries=60, show_spinner=False)
def _sharp_crop(photo_id: str, box: Box, shape: tuple[int, int], _photo: Photo) -> bytes:
    return _webp(_photo, box, shape)


@st.cache_data(max_entries=300, show_spinner=False)
def _lab_crop(folder, photo_id, box, shape, _lab) -> bytes:
    photo = _lab.read_photo(photo_id)
    return _webp(photo, box or photo.whole, shape)
