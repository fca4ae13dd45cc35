"""Two pictures side by side that are zoomed, moved and brightened as one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from whalecore.glossary import explain

HERE = Path(__file__).parent

KEYS = {
    "+ and -": "zoom in and out",
    "0": "the whole pictures again",
    "Shift and an arrow": "move the pictures",
    "Space": "hide or show what is laid over the pictures",
    "?": "show or hide these keys",
}
"""What the comparison itself listens to."""

TERMS = {
    "shown": f"{explain('what is laid over the pictures')} Key: space.",
    "strength": explain("strength"),
    "brightness": explain("brightness of the pictures"),
    "contrast": explain("contrast of the pictures"),
}
"""What the controls do, said where the pointer rests on them."""

LEAF = {"← and →": "leaf through the photos on the right"}


@dataclass(frozen=True)
class Side:
    """One of the two pictures.

    Attributes
    ----------
    title : str
        Whose picture it is.
    picture : bytes or None
        PNG, JPEG or WebP; None leaves the place empty, and the note says why.
    alt : str
        Words for those who cannot see the picture.
    lines : tuple of str
        Under the picture, such as file name, date and place.
    heatmap : bytes or None
        Transparent PNG or WebP in the proportions of the picture, laid over it.
    heatmap_alt : str
        What the heatmap shows and how far its colours reach.
    note : str
        Said under the lines so that it is not overlooked, such as why there is no heatmap.
    """

    title: str
    picture: bytes | None
    alt: str = ""
    lines: tuple[str, ...] = ()
    heatmap: bytes | None = None
    heatmap_alt: str = ""
    note: str = ""


def show_comparison(
    left: Side,
    right: Side,
    *,
    key: str,
    height: int = 440,
    on_step: Callable[[int], None] | None = None,
    place: str = "",
    layer: str = "Heatmaps",
    keys: Mapping[str, str] | None = None,
) -> None:
    """Show two pictures with one zoom, one place and one brightness.

    Zoom, place, brightness, contrast and heatmaps stay as they are while ``key`` stays the same,
    whatever pictures are shown. Nothing is asked of any other address.

    Parameters
    ----------
    left, right : Side
        All their texts are shown as they are, not as Markdown.
    key : str
        Unique on the page.
    height : int
        Most that a picture may be high on the page, in pixels.
    on_step : callable, optional
        Called with -1 or 1 when the reader leafs, before the page is drawn again; without it
        there is nothing to leaf through.
    place : str
        Which of the photos is shown on the right, such as "photo 2 of 7".
    layer : str
        What is laid over the pictures; the switch that hides it is called so.
    keys : mapping of str to str, optional
        Further keys of the page and what they do, to be listed with these.
    """

    def stepped() -> None:
        step = st.session_state[key].step
        if on_step is not None and step in (-1, 1):
            on_step(step)

    listed = {**(keys or {}), **(LEAF if on_step else {}), **KEYS}
    _component(
        key=key,
        data={
            "key": key,
            "sides": [_sent(left), _sent(right)],
            "height": height,
            "leaf": on_step is not None,
            "place": place,
            "layer": layer,
            "keys": list(listed.items()),
            "terms": TERMS,
        },
        on_step_change=stepped,
    )


def _sent(side: Side) -> dict:
    return {
        "title": side.title,
        "picture": _address(side.picture),
        "alt": side.alt or side.title,
        "lines": [*side.lines, *([side.note] if side.note else [])],
        "noted": bool(side.note),
        "heatmap": _address(side.heatmap),
        "heatmapAlt": side.heatmap_alt,
    }


def _address(picture: bytes | None) -> str | None:
    """A picture as an address that holds all of it."""
    if picture is None:
        return None
    kind = next((kind for start, kind in _KINDS.items() if picture.startswith(start)), "webp")
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


_KINDS = {b"\x89PNG": "png", b"\xff\xd8": "jpeg"}

_component = st.components.v2.component(
    "whalecore_comparison",
    html=(HERE / "compare.html").read_text(encoding="utf-8"),
    css=(HERE / "compare.css").read_text(encoding="utf-8"),
    js=(HERE / "compare.js").read_text(encoding="utf-8"),
)
