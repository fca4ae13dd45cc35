"""One decision about all photos of an encounter: kept for all of them or for none."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from whalecore.errors import LabError
from whalecore.lab.reviews import (
    COLUMNS,
    DECISIONS,
    VERDICTS,
    WAIT,
    LabReviews,
    Review,
    Standing,
    who_says,
)
from whalecore.photos.text import printable

LARGEST = 500
"""Photos that one decision may be about."""

TOGETHER = f"""
SELECT {COLUMNS} FROM reviews SEMI JOIN standing USING (review_id)
WHERE together = $1 ORDER BY sequence
"""


class LabJointReviews(LabReviews):
    """The part of a lab that knows decisions about several photos at once."""

    def decide_together(
        self,
        photo_ids: Sequence[str],
        decision: str,
        individual: str | None = None,
        reviewer: str = "",
        note: str | None = None,
        seen: Mapping[str, Mapping[str, Any]] | None = None,
        undecided: bool = False,
    ) -> tuple[Review, ...]:
        """Add the same decision about several photos of the lab, one row a photo, or none.

        Parameters
        ----------
        photo_ids : sequence of str
            At least one; each once.
        decision, individual, reviewer, note
            As for `decide`. A new individual is one for all photos.
        seen : mapping of str to mapping, optional
            By photo: ``model_id``, ``verdict`` and ``p_correct`` that the reviewer saw.
        undecided : bool
            Refuse where somebody has decided on one of the photos after the first meanwhile.

        Returns
        -------
        tuple of Review
            In the order of the photos; where the reviewer said the same about all of them at
            once before, the rows that are there.

        Raises
        ------
        LabError
            When a photo, the decision, the individual or a text is not allowed; then nothing was
            kept.
        """
        told = seen or {}
        for photo_id in photo_ids:
            self.photo(photo_id)
        wrong = {one.get("verdict") for one in told.values()} - {None, *VERDICTS}
        if wrong:
            raise LabError(f"There is no verdict '{printable(str(wrong.pop()), 40)}'.")
        with self.claim("reviews", wait=WAIT):
            who, words, named = self.checked_together(
                photo_ids, decision, individual, reviewer, note
            )
            earlier = [self.standing(photo_id).of(who) for photo_id in photo_ids]
            if self._said_before(earlier, decision, named, words):
                return tuple(earlier)
            others = photo_ids[1:] if undecided else ()
            if any(self.standing(photo_id).decisions for photo_id in others):
                raise LabError(
                    "Somebody has decided on one of these photos meanwhile, so nothing was "
                    "decided: look at them again."
                )
            about = {"reviewer": who, "decision": decision, "individual": named, "note": words}
            if len(photo_ids) > 1:
                about["together"] = secrets.token_hex(8)
            rows = [{"photo_id": one, **about, **told.get(one, {})} for one in photo_ids]
            return tuple(self._add(rows))

    def checked_together(
        self,
        photo_ids: Sequence[str],
        decision: str,
        individual: str | None,
        reviewer: str,
        note: str | None,
    ) -> tuple[str, str | None, str | None]:
        """Check a decision about photos, in the lab or not; reviewer, note and individual.

        Raises
        ------
        LabError
            When something is not allowed.
        """
        if not 1 <= len(photo_ids) <= LARGEST or len(set(photo_ids)) < len(photo_ids):
            raise LabError(
                f"A decision is about 1 to {LARGEST} different photos, not about "
                f"{len(photo_ids)} with {len(set(photo_ids))} different ones."
            )
        if decision not in DECISIONS:
            raise LabError(
                f"There is no decision '{printable(decision, 40)}': choose one of "
                f"{', '.join(DECISIONS)}."
            )
        who, words = who_says(reviewer, note)
        if decision == "new_individual" and individual is None:
            return who, words, self.new_name(photo_ids, who)
        standing = [self.standing(photo_id) for photo_id in photo_ids]
        # What was found on one photo of the animal names it on all of them.
        whole = Standing(photo_ids[0], tuple(one for each in standing for one in each.decisions))
        return who, words, self._named(decision, individual, whole.of(who), whole)

    def new_name(self, photo_ids: Sequence[str], reviewer: str = "") -> str:
        """The name that a new individual on these photos gets: the one it has there, or a free one.

        Parameters
        ----------
        reviewer : str
            Whose own new name there comes before those of others.

        Raises
        ------
        LabError
            When the photos carry several new names.
        """
        said_new = [
            one
            for photo_id in photo_ids
            for one in self.standing(photo_id).decisions
            if one.decision == "new_individual"
        ]
        own = {one.individual for one in said_new if one.reviewer == reviewer}
        found = own or {one.individual for one in said_new}
        if len(found) > 1:
            raise LabError(
                f"These photos carry {len(found)} new names ({', '.join(sorted(found))}): say "
                "which of them it is under 'Another individual'."
            )
        return found.pop() if found else self.next_free_name()

    def undo_together(self, review_ids: Sequence[str], reviewer: str) -> tuple[Review, ...]:
        """Take several decisions back, all or none, as `undo` does with one.

        Raises
        ------
        LabError
            When one of them is not there, or was taken back already; then none is taken back.
        """
        who, _ = who_says(reviewer, None)
        with self.claim("reviews", wait=WAIT):
            return tuple(self._add([self._undoing(one, who, None) for one in review_ids]))

    def decided_together(self, review: Review) -> tuple[Review, ...]:
        """What still counts of the decision that a review is a part of, itself included."""
        if review.together is None:
            return (review,)
        rows = self._database.arrow(TOGETHER, [review.together]).to_pylist()
        return tuple(Review(**row) for row in rows)

    def _said_before(
        self, earlier: Sequence[Review | None], decision: str, named: str | None, note: str | None
    ) -> bool:
        """Whether the very same stands for all photos already, said of all of them at once."""
        if None in earlier or len({one.together for one in earlier}) > 1:
            return False
        same = all(
            (one.decision, one.individual) == (decision, named) and note in (None, one.note)
            for one in earlier
        )
        alone = len(earlier) == 1
        return same and (alone or len(self.decided_together(earlier[0])) == len(earlier))
