"""Who named the photos: the catalogue, or which reviewers."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from whalecore.lab.lab import Lab


def who_named(lab: Lab) -> dict[str, str]:
    """By photo: ``catalogue``, ``review by Anna, 2026-11-21``, or empty without a name."""
    reviews = lab.reviews()
    said = defaultdict(list)
    for row in reviews[reviews["stands"].astype(bool)].itertuples():
        said[row.photo_id].append(row)
    found = {}
    for photo in lab.rows("photos"):
        rows = said[photo["photo_id"]]
        if photo["named_by"] == "review" and rows:
            people = ", ".join(dict.fromkeys(row.reviewer or "nobody" for row in rows))
            newest = max(pd.Timestamp(row.decided_at) for row in rows)
            found[photo["photo_id"]] = f"review by {people}, {newest:%Y-%m-%d}"
        else:
            found[photo["photo_id"]] = photo["named_by"] or ""
    return found
