"""The candidates as a ranked list; one of them is compared with the photo, decided on, or not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.compare import Side, show_comparison
from pages.parts.decide import KEYS as DECIDING
from pages.parts.decisions import turning
from pages.parts.guard import plain
from pages.parts.make_heatmap import offer_heatmaps
from pages.parts.marks import opened_at, place_words, show_marks, want_marks, with_marks
from pages.parts.pictures import crop_or_blank, crop_shape, show_small, telling
from pages.parts.sides import MapKind, Wanted, lab_side, query_side
from pages.parts.state import change, read_view
from pages.parts.trusted_heatmaps import warn_of
from whalecore.glossary import explain
from whalecore.lab.named import model_of
from whalecore.overlays import thumbnail
from whalecore.types import TOP, AnswerSet

CARD = 300
"""Width of a candidate's picture, in pixels."""

KEYS = {"1 to 5": "compare with that candidate", **DECIDING}
"""Of the page, beside those of the comparison."""


def pick_candidate(
    lab, candidates: Sequence, answers: AnswerSet | None, photo_id: str, joint: bool = False
):
    """Draw the ranked list; the candidate that is compared: the address's, else the first."""
    view = read_view()
    names = [one.individual for one in candidates]
    chosen = names.index(view.individual) if view.individual in names else 0
    shape = crop_shape(lab)
    for place, (column, one) in enumerate(zip(st.columns(TOP), candidates, strict=False)):
        with column:
            _show_card(lab, one, photo_id, shape, place == chosen)
            st.progress(
                min(1.0, max(0.0, one.score)),
                f"{one.rank}. {'Joint score' if joint else 'Score'} {one.score:.3f}",
            )
            show_marks(one)
            if answers is not None and one.individual in answers.individuals:
                st.caption(":material/check: a listed answer", help=explain("answer set"))
    return candidates[chosen]


def _show_card(lab, one, photo_id: str, shape, chosen: bool) -> None:
    """A photo of a candidate, and the button that compares it."""
    photos = photos_of(lab, one.individual, photo_id)
    if photos:
        picture = crop_or_blank(lab, telling(photos)["photo_id"], shape, CARD)
        show_small(thumbnail(picture, CARD), f"A photo of {one.individual}")
    st.button(
        plain(one.individual),
        key=f"candidate_{one.rank}",
        shortcut=str(one.rank),
        type="primary" if chosen else "secondary",
        width="stretch",
        help=explain("compare a candidate"),
        on_click=_choose,
        args=(one.individual,),
    )


def _choose(individual: str) -> None:
    turning()
    change(individual=individual, against=None)


def photos_of(lab, individual: str, but: str) -> list[dict]:
    """Photos of an individual, the newest first, without the one in hand."""
    rows = lab.galleries([individual])[individual]
    return [row for row in rows if row["photo_id"] != but]


def say_rest(candidates: Sequence, individuals: int) -> None:
    """What is left for everybody who is not on the list."""
    others = individuals - len(candidates)
    if others > 0:
        left = max(0.0, 1 - sum(one.score for one in candidates))
        st.caption(
            f"The other {others:,} individuals that the identifier knows share a score of "
            f"{left:.3f}.",
            help=explain("score"),
        )


def compare_with(lab, photo, prediction, heatmaps, candidate) -> None:
    """The photo in hand beside the candidate's photos, which can be leafed through."""
    individual = candidate.individual
    shape = crop_shape(lab, prediction.model_id)
    photos = photos_of(lab, individual, photo.photo_id)
    ids = [row["photo_id"] for row in photos]
    place = opened_at(ids, read_view().against, candidate)
    heatmap = heatmaps.get(individual)
    left = query_side(lab, photo, prediction.crop, shape, heatmap, individual)
    title = f"{candidate.rank}. {individual}"
    kind = MapKind(
        model_of(prediction.model_id),
        heatmap.settings if heatmap is not None else lab.usual_occlusion().key,
    )

    def against() -> tuple[Side, Wanted | None]:
        if not photos:
            note = "The lab holds no other photo of this individual."
            return Side(title, None, note=note), None
        return lab_side(lab, photos[place], shape, title, individual, kind)

    right, wanted = against()
    # Above the switch and the button, which say what is drawn in it.
    compared = st.container()
    marks = bool(photos) and want_marks()
    if marks:
        left, right = with_marks(lab, photo, prediction.crop.box, photos[place], left, right)
    elif offer_heatmaps(lab, [wanted] if wanted else []):
        right, _ = against()

    def step(by: int) -> None:
        change(against=ids[(place + by) % len(ids)])

    with compared:
        show_comparison(
            left,
            right,
            key="identify_comparison",
            on_step=step if len(ids) > 1 else None,
            place=place_words(ids, place, candidate),
            layer="Matching marks" if marks else "Heatmaps",
            keys=KEYS,
        )
    if heatmap is not None and not marks:
        warn_of(lab, "osm")
        st.markdown(
            ":small[:green[Green] supports the individual, :violet[purple] points to others; each "
            "heatmap has its own scale.]",
            help=f"{explain('osm')} {explain('colour scale')}",
        )
