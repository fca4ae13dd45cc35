"""One photo of the pile: the photo, its verdict, its candidates and the comparison with them."""

from __future__ import annotations

import streamlit as st

from pages.parts.compare import Side, show_comparison
from pages.parts.decide import KEYS
from pages.parts.decisions import turning
from pages.parts.guard import plain
from pages.parts.make_heatmap import offer_heatmaps, words_of
from pages.parts.marks import opened_at, place_words, show_marks
from pages.parts.pictures import show_small
from pages.parts.review_pictures import Sheet, pair_of
from pages.parts.state import View, change
from pages.parts.verdict import show_verdict
from whalecore.cluster_words import label_of
from whalecore.glossary import explain
from whalecore.plain_words import known, percent
from whalecore.types import TOP, Verdict

NAMED_BY = {"catalogue": "the catalogue", "review": "decisions"}


def verdict_of(row) -> Verdict | None:
    """The verdict of a row of the pile."""
    if not known(row.verdict):
        return None
    numbers = (float(one) if known(one) else None for one in (row.p_correct, row.p_new_whale))
    return Verdict(row.verdict, *numbers, (row.reason,) if known(row.reason) else ())


WITHOUT = (
    "This photo has no verdict: it was scored, or its box corrected, after the lab's rules were "
    "last chosen, or they were not chosen yet. The page Lab starts that step."
)


def show_photo(sheet: Sheet, row) -> None:
    """The whole photo with its box, and what the evidence says."""
    photo = sheet["photo"]
    left, right = st.columns([2, 3])
    with left:
        if sheet["whole"] is None:
            st.info("The photo's file is not there any more.")
        else:
            st.image(sheet["whole"], width="stretch", alt="The photo with a box on the fluke")
        by = NAMED_BY.get(photo["named_by"])
        called = f"shows {photo['individual']}, named by {by}" if by else "has no name yet"
        st.caption(plain(f"{photo['name']} {called}."), help=explain("individual"))
    with right:
        found = verdict_of(row)
        if found is not None:
            show_verdict(found)
        else:
            st.info(WITHOUT, icon=":material/help:")
        if known(row.cluster):
            called = label_of(int(row.cluster), stability=row.cluster_stability)
            st.caption(
                f"Cluster {called}: mean score {row.cluster_score:.2f}, first candidate right in "
                f"{percent(row.cluster_correct)} of its photos, stability "
                f"{percent(row.cluster_stability)}.",
                help=f"{explain('cluster')} {explain('cluster correctness')} Stability: "
                f"{explain('stability')}",
            )


def draw_cards(sheet: Sheet, view: View) -> int:
    """The ranked list; the place of the candidate that is compared: the address's, else 0."""
    names = [one.individual for one in sheet["candidates"]]
    chosen = names.index(view.individual) if view.individual in names else 0
    for place, (column, one) in enumerate(zip(st.columns(TOP), sheet["candidates"], strict=False)):
        with column:
            picture = sheet["cards"][one.individual]
            if picture is not None:
                show_small(picture, f"A photo of {one.individual}")
            st.button(
                plain(one.individual),
                key=f"review_candidate_{one.rank}",
                shortcut=str(one.rank),
                type="primary" if place == chosen else "secondary",
                width="stretch",
                help=explain("compare a candidate"),
                on_click=_choose,
                args=(one.individual,),
            )
            st.progress(min(1.0, max(0.0, one.score)), f"{one.rank}. Score {one.score:.3f}")
            show_marks(one)
    return chosen


def _choose(individual: str) -> None:
    turning()
    change(individual=individual, against=None)


def compare(lab, sheet: Sheet, place: int, view: View, shape, steps: dict[str, str]) -> None:
    """The photo beside the chosen candidate's photos, which can be leafed through."""
    one = sheet["candidates"][place]
    ids = [row["photo_id"] for row in sheet["galleries"][one.individual]]
    against = opened_at(ids, view.against, one)
    pair = pair_of(lab, sheet, place, against, shape)
    # Above the button, which says what is drawn in it.
    compared = st.container()
    if offer_heatmaps(lab, pair.wanted, words_of(pair.wanted)):
        pair = pair_of(lab, sheet, place, against, shape)
    right = pair.right
    if right is None:
        note = "The lab holds no other photo of this individual."
        right = Side(f"{one.rank}. {one.individual}", None, note=note)

    def step(by: int) -> None:
        change(against=ids[(against + by) % len(ids)])

    with compared:
        show_comparison(
            pair.left,
            right,
            key="review_comparison",
            height=380,
            on_step=step if len(ids) > 1 else None,
            place=place_words(ids, against, one),
            keys={"1 to 5": "compare with that candidate", **KEYS, **steps},
        )
