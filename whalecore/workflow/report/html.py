"""HTML from Python in which every text is escaped unless it is HTML already."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

VOID = frozenset({"br", "img", "meta", "source"})
"""Elements without an end."""

STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")

NOTHING_OUTSIDE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Tells the browser to run no script and to ask nothing of any other place."""


class Html(str):
    """A text that is HTML: it is not escaped again."""

    __slots__ = ()


Child = object
"""What stands within an element: `Html`, a text, a number, None for nothing, or several."""


def element(tag: str, *children: Child, **attributes: object) -> Html:
    """An element with its children.

    Parameters
    ----------
    tag : str
    *children
        `Html` as it is, everything else as escaped text; lists one after the other, None nothing.
    **attributes
        ``class_`` stands for ``class`` and ``_`` for ``-``; None leaves one out.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{''.join(_texts(children))}</{tag}>")


def section(title: str, *children: Child) -> Html:
    """A part of the page under its own heading."""
    return element("section", element("h2", title), *children)


def strong(text: str) -> list[Child]:
    """A text of which the parts between two pairs of stars are strong."""
    parts = text.split("**")
    return [element("strong", part) if place % 2 else part for place, part in enumerate(parts)]


def table(
    head: Sequence[Child],
    rows: Iterable[Sequence[Child]],
    numbers: int = 1,
    note: str = "",
    kind: str | None = None,
) -> Html:
    """A table; columns from ``numbers`` on are figures and stand at the right."""

    def cells(tag: str, row: Sequence[Child]) -> list[Html]:
        return [
            element(tag, cell, class_="number" if place >= numbers else None)
            for place, cell in enumerate(row)
        ]

    body = [element("tr", cells("td", row)) for row in rows]
    return element(
        "div",
        element(
            "table",
            element("caption", note) if note else None,
            element("thead", element("tr", cells("th", head))),
            element("tbody", body),
            class_=kind,
        ),
        class_="scroll",
    )


def picture(pixels: np.ndarray, about: str, width: int | None = None) -> Html:
    """A picture within the page.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3 or 4), uint8
    about : str
        What it shows, for people who cannot see it.
    width : int, optional
        In the page's pixels.
    """
    return element("img", src=picture_address(pixels), alt=about, width=width)


def picture_address(pixels: np.ndarray) -> str:
    """A picture as an address that holds all of it (WebP)."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=82, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def page(title: str, about: str, sections: Iterable[Html]) -> str:
    """A whole page; it holds all it needs."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=NOTHING_OUTSIDE),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(STYLE)),
    )
    top = element("header", element("h1", title), element("p", about, class_="about"))
    body = element("body", element("main", top, list(sections)))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _texts(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, list | tuple):
            yield from _texts(child)
        else:
            yield child if isinstance(child, Html) else escape(str(child), quote=False)
