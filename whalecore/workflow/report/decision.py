"""What people decided about a photo, beside what the catalogue says."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whalecore.lab.lab import Lab
from whalecore.photo_words import date_words
from whalecore.workflow.report.html import Html, element, section, table

SAID = {
    "confirm": "It is {individual}.",
    "new_individual": "A new individual: {individual}.",
    "retake": "It cannot be identified: take another photo.",
    "undo": "Took a decision back.",
}


def decision_section(lab: Lab, photo_id: str, row: dict[str, Any] | None) -> Html:
    """Every decision with who made it and when, which of them count, and the catalogue's name.

    Parameters
    ----------
    row : dict or None
        The photo's row of ``photos``; None where it is not in the lab.
    """
    if row is None:
        catalogue = "The photo is not in the lab's catalogue."
    elif row["catalogue_individual"] is None:
        catalogue = "The catalogue names nobody."
    else:
        catalogue = f"The catalogue names {row['catalogue_individual']}."
    reviews = lab.reviews(photo_id)
    standing = lab.standing(photo_id)
    if not standing.decisions:
        summary = element("p", "Nobody has decided about this photo yet.")
    elif standing.conflict:
        summary = element(
            "p",
            "The reviewers differ: both decisions are kept, and the photo needs another look.",
            class_="warning",
        )
    else:
        newest = standing.decisions[0]
        words = SAID[newest.decision].format(individual=newest.individual)
        who = ", ".join(one.reviewer or "nobody" for one in standing.decisions)
        summary = element("p", words, f" Decided by {who}.", class_="decided")
    head = ["Decision", "by", "when (UTC)", "counts", "note"]
    rows = [_row(one) for one in reviews.itertuples()]
    sign = element("p", "Checked by", element("span", class_="line"), "on",
                   element("span", class_="line"), class_="sign")  # fmt: skip
    return section(
        "Decision",
        summary,
        element("p", catalogue),
        table(head, rows, numbers=len(head)) if rows else None,
        sign,
    )


def _row(review) -> list[str]:
    known = isinstance(review.individual, str)
    words = SAID.get(review.decision, review.decision).format(
        individual=review.individual if known else ""
    )
    counts = "yes" if review.stands else "no, taken back" if review.undone else "no"
    moment = "" if pd.isna(review.decided_at) else date_words(review.decided_at)
    note = review.note if isinstance(review.note, str) else ""
    return [words, review.reviewer or "", moment, counts, note]
