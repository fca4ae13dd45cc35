"""Decide once, and keep, which photos judge which model."""

from __future__ import annotations

from collections.abc import Sequence

from whalecore.lab.lab import Lab
from whalecore.photos.catalogue import encounter_of_day
from whalecore.photos.duplicates import group_numbers, look_alike_groups, near_duplicate_groups
from whalecore.photos.splits import plan_folds

SMALL_COLLECTION = 5000
"""Up to so many photos even mere look-alikes are kept together; in larger collections they
would tie thousands of different animals into one group."""


def groups_kept_together(hashes: Sequence[str]) -> list[list[int]]:
    """Photos, by position, too much alike to lie on both sides of a split."""
    alike = look_alike_groups if len(hashes) <= SMALL_COLLECTION else near_duplicate_groups
    return alike(hashes)


def plan_splits(lab: Lab, seed: int = 0) -> int:
    """Give every photo of the lab a fold and a part; earlier choices are kept.

    Returns
    -------
    int
        Number of photos that were given a place now.
    """
    photos = sorted(lab.rows("catalogue"), key=lambda row: row["photo_id"])
    placed = {row["photo_id"]: (row["fold"], row["part"]) for row in lab.rows("splits")}
    if all(row["photo_id"] in placed for row in photos):
        return 0
    alike = groups_kept_together([row["perceptual_hash"] for row in photos])
    groups = group_numbers(alike, len(photos))
    encounters = [
        row["encounter"] or (encounter_of_day(row["taken_at"]) if row["taken_at"] else None)
        for row in photos
    ]
    split = plan_folds(
        [row["individual"] for row in photos],
        encounters,
        groups,
        folds=lab.info.folds,
        seed=seed,
        existing={
            index: placed[row["photo_id"]]
            for index, row in enumerate(photos)
            if row["photo_id"] in placed
        },
        photo_ids=[row["photo_id"] for row in photos],
    )
    fresh = [
        {
            "photo_id": row["photo_id"],
            "fold": int(split.fold[index]),
            "part": str(split.part[index]),
            "known": bool(split.known[index]),
            "unit": encounters[index] or f"look-alikes {groups[index]}",
        }
        for index, row in enumerate(photos)
        if row["photo_id"] not in placed
    ]
    lab.write("splits", fresh)
    return len(fresh)
