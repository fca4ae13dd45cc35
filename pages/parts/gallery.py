"""A gallery of thumbnails that can be clicked or walked through with the arrow keys."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

PAGE = 60
"""Thumbnails shown at once."""


@dataclass(frozen=True)
class Thumbnail:
    """One picture of a gallery: WebP bytes, a line under it, words for those who cannot see it."""

    webp: bytes
    caption: str
    alt: str


def gallery(
    ids: Sequence[str],
    pictures: Callable[[Sequence[str]], Mapping[str, Thumbnail]],
    key: str,
    label: str,
    selected: str | None = None,
    cell: int = 170,
) -> str | None:
    """Show thumbnails, 60 a page, and say which one was clicked in this run.

    Parameters
    ----------
    ids : sequence of str
        All pictures, in order.
    pictures : callable
        Makes the thumbnails of the ids on the shown page, all at once.
    key : str
        Unique on the page.
    label : str
        What the gallery shows, for screen readers.
    selected : str, optional
        Id that is marked.
    cell : int
        Smallest width of a thumbnail on the page, in pixels.

    Returns
    -------
    str or None
        The clicked id.
    """
    shown = ids[:PAGE]
    if len(ids) > PAGE:
        pages = -(-len(ids) // PAGE)
        number = st.number_input(
            f"Page of {pages} ({len(ids)} pictures)", 1, pages, key=f"{key}_page", width=220
        )
        shown = ids[(number - 1) * PAGE : number * PAGE]
    thumbnails = pictures(shown)
    items = [
        {
            "id": name,
            "src": "data:image/webp;base64," + base64.b64encode(thumbnail.webp).decode("ascii"),
            "caption": thumbnail.caption,
            "alt": thumbnail.alt,
        }
        for name, thumbnail in thumbnails.items()
    ]
    result = _component(
        key=key,
        data={"items": items, "selected": selected, "label": label, "cell": cell},
        on_clicked_change=_nothing,
    )
    clicked = result.clicked
    return clicked if clicked in thumbnails else None


def _nothing() -> None:
    """A trigger must have a callback to be handed to Python; the page reads the value itself."""


_HTML = '<div class="sheet" role="listbox"></div>'

_CSS = """
.sheet {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(var(--cell, 170px), 1fr));
  gap: 10px;
  font-family: var(--st-font);
}
.sheet button {
  padding: 4px;
  border: 2px solid transparent;
  border-radius: 8px;
  background: var(--st-secondary-background-color);
  color: var(--st-text-color);
  font: inherit;
  font-size: 0.8rem;
  cursor: pointer;
}
.sheet button:hover {
  border-color: var(--st-border-color);
}
.sheet button[aria-selected="true"] {
  border-color: var(--st-primary-color);
}
.sheet button:focus-visible {
  outline: 3px solid var(--st-primary-color);
  outline-offset: 1px;
}
.sheet img {
  display: block;
  width: 100%;
  border-radius: 5px;
}
.sheet span {
  display: block;
  margin-top: 3px;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
"""

_JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const sheet = parentElement.querySelector('.sheet');
  sheet.setAttribute('aria-label', data.label);
  sheet.style.setProperty('--cell', data.cell + 'px');
  const held = parentElement.activeElement || document.activeElement;
  const focused = held && sheet.contains(held) ? held.dataset.id : null;
  const marked = data.items.findIndex((item) => item.id === data.selected);
  const buttons = data.items.map((item, place) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.id = item.id;
    button.title = item.caption;
    button.setAttribute('role', 'option');
    button.setAttribute('aria-selected', String(item.id === data.selected));
    button.tabIndex = place === Math.max(0, marked) ? 0 : -1;
    const picture = document.createElement('img');
    picture.src = item.src;
    picture.alt = item.alt;
    const caption = document.createElement('span');
    caption.textContent = item.caption;
    button.append(picture, caption);
    button.onclick = () => setTriggerValue('clicked', item.id);
    return button;
  });
  sheet.replaceChildren(...buttons);
  const go = (place) => {
    if (place < 0 || place >= buttons.length) return;
    buttons.forEach((button) => { button.tabIndex = -1; });
    buttons[place].tabIndex = 0;
    buttons[place].focus();
  };
  const again = buttons.findIndex((button) => button.dataset.id === focused);
  if (again >= 0) go(again);
  sheet.onkeydown = (event) => {
    const here = buttons.indexOf(event.target.closest('button'));
    const columns = getComputedStyle(sheet).gridTemplateColumns.split(' ').length;
    const step = {
      ArrowLeft: here - 1, ArrowRight: here + 1,
      ArrowUp: here - columns, ArrowDown: here + columns,
      Home: 0, End: buttons.length - 1,
    }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(step);
  };
}
"""

_component = st.components.v2.component("whalecore_gallery", html=_HTML, css=_CSS, js=_JS)
