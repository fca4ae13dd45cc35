"""Review: photos that the evidence says to check, worst first, and what people decide."""

from __future__ import annotations

import streamlit as st

from pages.parts.decide import show_decision
from pages.parts.decisions import turned_to
from pages.parts.frame import begin
from pages.parts.guard import guarded
from pages.parts.labs import current_lab, drawings_note
from pages.parts.queue import (
    STEPS,
    chosen_of,
    draw_filters,
    draw_steps,
    pile_of,
    queue_of,
    show_progress,
)
from pages.parts.review_pictures import read_ahead, shape_of, sheet_of
from pages.parts.reviewed import compare, draw_cards, show_photo
from pages.parts.saving import offer_saving
from pages.parts.sighting import companions_of, subject_of
from pages.parts.state import change, read_view
from pages.parts.todo import say_missing

NOTHING = (
    "No photo is left in this pile: choose other filters in the sidebar, press *Whole pile again* "
    "there, or see those that are decided with *Decision: decided or not*."
)


def review(lab, view, pile) -> None:
    """The pile, and the photo that is looked at."""
    chosen_pile = chosen_of(view)
    queue = queue_of(lab, chosen_pile, pile)
    show_progress(queue)
    rows, ids = pile.photos, queue.ids
    current = view.photo if view.photo in rows.index else next(iter(ids), None)
    if view.photo is not None and view.photo not in rows.index:
        shown = "; the first of the pile is shown" if ids else ""
        st.warning(f"The photo in the address has no scores, so that it is in no pile{shown}.")
    if current is None:
        st.info(NOTHING)
        return
    if current != view.photo:
        view = change(photo=current, individual=None, against=None)
    turned_to(current)
    following = draw_steps(ids, current, chosen_pile)
    row = rows.loc[current]
    shape = shape_of(lab, row.model_id)
    sheet = sheet_of(lab, current, shape)
    with guarded("show this photo"):
        show_photo(sheet, row)
    chosen = draw_cards(sheet, view)
    with guarded("compare the candidates"):
        compare(lab, sheet, chosen, view, shape, STEPS)
    names = [one.individual for one in sheet["candidates"]]
    with guarded("decide about this photo"):
        show_decision(
            lab,
            subject_of(row),
            names,
            chosen=names[chosen],
            companions=companions_of(lab, pile, current),
        )
    with guarded("offer the pile as a table"):
        offer_saving("pile", tables={"photos of this pile": queue.photos})
    # Last: the reader looks at this photo meanwhile.
    if following is not None:
        read_ahead(lab, following, shape)


begin("Review")
with guarded("show the photos to review"):
    lab, view = current_lab(), read_view()
    drawings_note(lab)
    pile = pile_of(lab)
    if pile.photos.empty:
        say_missing(
            lab, "The lab has no scored photos yet, so there is nothing to review.", "score"
        )
    else:
        draw_filters(lab, view, pile.clusters)
        review(lab, view, pile)
