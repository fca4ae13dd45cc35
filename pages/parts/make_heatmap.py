"""The button that makes a heatmap where it is missed, and the bar that says how far it has come."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.growing import COMPUTE, background, identifier_of, reader
from pages.parts.guard import guarded
from pages.parts.progress import progress_bar
from pages.parts.sides import Wanted
from whalecore.glossary import explain
from whalecore.types import settings_from_key

PAUSE = 0.1
"""Seconds between two looks at how far the computing has come."""

HELP = (
    "It is made here, by the model that judges your photo, and kept in the lab. "
    "Turning to something else stops it, and what is done is kept. "
)


def offer_heatmaps(
    lab, wanted: Sequence[Wanted], words: str = "Make the heatmap of that photo", kind: str = ""
) -> bool:
    """Draw the button where heatmaps are missing, and make them when it is pressed.

    Parameters
    ----------
    kind : str
        Tells two buttons of a page apart.

    Returns
    -------
    bool
        Whether heatmaps were made just now, so that they are to be read again.
    """
    if not wanted:
        return False
    place = st.empty()
    if not place.button(
        words,
        key=f"make_heatmap{kind}",
        icon=COMPUTE,
        help=HELP + explain("heatmap asked for by name"),
    ):
        return False
    with place.container(), guarded("make this heatmap"):
        for one in wanted:
            make_heatmap(lab, one)
        place.empty()
        return True
    return False


def words_of(wanted: Sequence[Wanted]) -> str:
    """What the button is called, for as many heatmaps."""
    return "Make the missing heatmaps" if len(wanted) > 1 else "Make the missing heatmap"


def make_heatmap(lab, wanted: Wanted) -> None:
    """Make one heatmap and wait for it; readers who want the same one share the work."""
    from whalecore.workflow.named import explain_named

    kind = wanted.kind
    settings = settings_from_key(kind.settings)
    identifier = identifier_of(lab, kind.model)
    key = (str(lab.folder), wanted, "by name")
    making = background().start(
        key,
        lambda report: explain_named(
            lab,
            wanted.photo_id,
            wanted.individual,
            kind.model,
            settings,
            report=report,
            identifier=identifier,
        ),
        reader(),
    )
    waiting = st.empty()
    show = None
    while making.running:
        # Says what went wrong, where something did.
        making.look(reader())
        if making.progress is None:
            waiting.caption("Looking at the photo …")
        else:
            waiting.empty()
            show = show or progress_bar("Making the heatmap", "places")
            show(making.progress)
        making.wait(PAUSE)
    making.look(reader())
