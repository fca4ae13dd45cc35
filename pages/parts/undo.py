"""Taking one's own decision back, on all photos it was about or on the one that is shown."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.acting import acting_button, say
from pages.parts.decisions import all_of, still_on, words_of
from whalecore.errors import LabError
from whalecore.glossary import explain
from whalecore.lab.reviews import Review


def offer_undo(lab, photo_id: str, standing, name: str) -> None:
    """The buttons that take back what ``name`` decided about the photo."""
    own = standing.of(name)
    parts = lab.decided_together(own) if own else ()
    whole = f" on {all_of(len(parts))}" if len(parts) > 1 else ""
    acting_button(
        f"Undo my decision{whole}",
        f"undo_{photo_id}",
        "u",
        lambda: _undo(lab, photo_id, parts),
        icon=":material/undo:",
        help=explain("undo"),
    )
    if len(parts) > 1:
        acting_button(
            "Undo it for this photo alone",
            f"undo_alone_{photo_id}",
            None,
            lambda: _undo(lab, photo_id, (own,)),
            icon=":material/undo:",
            help=explain("undo"),
        )


def _undo(lab, photo_id: str, drawn: Sequence[Review]) -> None:
    still_on(photo_id)
    name = st.session_state.get("named_by", "")
    own = lab.standing(photo_id).of(name)
    if own is None:
        raise LabError(
            "There is no decision of yours about this photo: undo takes back what was decided "
            "under the name in 'Your name'."
        )
    # The name may have been typed after the button was drawn.
    ids = [one.review_id for one in drawn]
    ids = ids if own.review_id in ids else [own.review_id]
    lab.undo_together(ids, name)
    count = f" on {len(ids)} photos" if len(ids) > 1 else ""
    say(f"Taken back{count}: {words_of(own)}.")
