"""Decisions about photos: written once, never changed, taken back by a further row."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import pandas as pd

from whalecore.errors import LabError
from whalecore.lab.photos import LabPhotos
from whalecore.lab.said import person, said
from whalecore.photos.text import printable
from whalecore.photos.values import LONGEST_NAME, UNKNOWN

DECISIONS = ("confirm", "new_individual", "retake")
VERDICTS = ("reliable", "check", "new_whale", "retake")
LONGEST_NOTE = 4000

FREE_NAME = re.compile(r"new_([0-9]{1,9})")
"""Names that the lab gives to individuals that people found."""

WAIT = 10.0
"""Seconds to wait for another process that is deciding."""

KNOWN = """
SELECT individual FROM catalogue WHERE individual IS NOT NULL
UNION SELECT individual FROM standing WHERE individual IS NOT NULL
UNION SELECT unnest(individuals) FROM models
"""

TAKEN = f"{KNOWN} UNION SELECT individual FROM reviews WHERE individual IS NOT NULL"
"""Names that stand for somebody, and those that did before a decision was taken back."""

COLUMNS = """review_id, photo_id, reviewer, decision, individual, undoes, note, model_id, verdict,
    p_correct, decided_at, together"""

REVIEWS = f"""
SELECT {COLUMNS},
    review_id IN (SELECT undoes FROM reviews WHERE decision = 'undo') AS undone,
    review_id IN (SELECT review_id FROM standing) AS stands
FROM reviews
WHERE $1 IS NULL OR photo_id = $1
ORDER BY sequence DESC
"""

THESE = f"""
SELECT {COLUMNS},
    review_id IN (SELECT undoes FROM reviews WHERE decision = 'undo') AS undone
FROM reviews WHERE list_contains($1, review_id)
"""

STANDING = f"""
SELECT {COLUMNS} FROM reviews SEMI JOIN (FROM standing WHERE photo_id = $1) USING (review_id)
ORDER BY sequence DESC
"""


@dataclass(frozen=True)
class Review:
    """One row of table ``reviews``; see ``data/README.md``."""

    review_id: str
    photo_id: str
    reviewer: str | None
    decision: str
    individual: str | None
    undoes: str | None
    note: str | None
    model_id: str | None
    verdict: str | None
    p_correct: float | None
    decided_at: datetime
    together: str | None = None


@dataclass(frozen=True)
class Standing:
    """What counts of the decisions about one photo.

    Attributes
    ----------
    decisions : tuple of Review
        The decision of each reviewer, the newest first.
    """

    photo_id: str
    decisions: tuple[Review, ...] = ()

    @property
    def conflict(self) -> bool:
        """Whether reviewers differ."""
        return len({one.individual for one in self.decisions}) > 1

    @property
    def decision(self) -> str | None:
        """The newest decision; None where there is none, or reviewers differ."""
        return self.decisions[0].decision if self.decisions and not self.conflict else None

    @property
    def individual(self) -> str | None:
        """The individual that all who decided name; None where there is none."""
        return self.decisions[0].individual if self.decisions and not self.conflict else None

    def of(self, reviewer: str) -> Review | None:
        """The decision of one reviewer."""
        name = " ".join(reviewer.split()).lower()
        return next((one for one in self.decisions if (one.reviewer or "").lower() == name), None)


class LabReviews(LabPhotos):
    """The part of a lab that knows what people decided."""

    def decide(
        self,
        photo_id: str,
        decision: str,
        individual: str | None = None,
        reviewer: str = "",
        note: str | None = None,
        model_id: str | None = None,
        verdict: str | None = None,
        p_correct: float | None = None,
    ) -> Review:
        """Add a decision about a photo of the lab; earlier ones of the reviewer no longer count.

        Parameters
        ----------
        decision : {'confirm', 'new_individual', 'retake'}
        individual : str, optional
            For ``confirm`` a known one. For ``new_individual`` a name that was never used; by
            default the next free one.
        reviewer : str
            Who decides.
        note : str, optional
        model_id, verdict, p_correct : optional
            What the reviewer saw.

        Returns
        -------
        Review
            The row; where the reviewer said the same before, the row that is there.

        Raises
        ------
        LabError
            When the photo, the decision, the individual or a text is not allowed.
        """
        if verdict not in (None, *VERDICTS):
            raise LabError(f"There is no verdict '{printable(verdict, 40)}'.")
        self.photo(photo_id)
        with self.claim("reviews", wait=WAIT):
            who, words, earlier, named = self.checked(
                photo_id, decision, individual, reviewer, note
            )
            same = earlier and (earlier.decision, earlier.individual) == (decision, named)
            if same and words in (None, earlier.note):
                return earlier
            row = {
                "photo_id": photo_id,
                "reviewer": who,
                "decision": decision,
                "individual": named,
                "note": words,
                "model_id": model_id,
                "verdict": verdict,
                "p_correct": p_correct,
            }
            return self._add([row])[0]

    def checked(
        self,
        photo_id: str,
        decision: str,
        individual: str | None,
        reviewer: str,
        note: str | None,
    ) -> tuple[str, str | None, Review | None, str | None]:
        """Check a decision about a photo, in the lab or not, without keeping it.

        Returns
        -------
        tuple
            Reviewer, note, the reviewer's decision that stands, and the individual.

        Raises
        ------
        LabError
            When something is not allowed.
        """
        if decision not in DECISIONS:
            raise LabError(
                f"There is no decision '{printable(decision, 40)}': choose one of "
                f"{', '.join(DECISIONS)}."
            )
        who, words = who_says(reviewer, note)
        standing = self.standing(photo_id)
        earlier = standing.of(who)
        return who, words, earlier, self._named(decision, individual, earlier, standing)

    def undo(self, review_id: str, reviewer: str, note: str | None = None) -> Review:
        """Take a decision back; the reviewer's decision before it, if there is one, counts again.

        Raises
        ------
        LabError
            When there is no such decision, or it was taken back already.
        """
        who, words = who_says(reviewer, note)
        with self.claim("reviews", wait=WAIT):
            return self._add([self._undoing(review_id, who, words)])[0]

    def reviews(self, photo_id: str | None = None) -> pd.DataFrame:
        """Every decision ever made, the newest first.

        Returns
        -------
        DataFrame
            Columns of table ``reviews``, ``undone`` (taken back) and ``stands`` (counts).
        """
        return self._database.frame(REVIEWS, [photo_id])

    def standing(self, photo_id: str) -> Standing:
        """What counts of the decisions about a photo, in the lab or not."""
        found = self._database.arrow(STANDING, [photo_id]).to_pylist()
        return Standing(photo_id, tuple(Review(**row) for row in found))

    def individuals(self) -> list[str]:
        """Names of all known individuals: of the catalogue, of models and of decisions."""
        return sorted(name for (name,) in self._database.rows(KNOWN))

    def next_free_name(self) -> str:
        """The name that the next new individual gets: ``new_0001`` and so on, never used before."""
        return _next_free(self._taken())

    def _taken(self) -> list[str]:
        return [name for (name,) in self._database.rows(TAKEN)]

    def _named(
        self, decision: str, individual: str | None, earlier: Review | None, standing: Standing
    ) -> str | None:
        """The individual of a decision, checked."""
        if decision == "retake":
            if individual is not None:
                raise LabError("A photo that cannot be identified has no individual: leave it out.")
            return None
        if individual is None:
            if decision == "confirm":
                raise LabError("Say which individual is confirmed.")
            # Two people who find the same new animal mean one.
            found = [earlier, *standing.decisions]
            named = [one.individual for one in found if one and one.decision == decision]
            return named[0] if named else self.next_free_name()
        name = said(individual, "individual's name", LONGEST_NAME)
        if decision == "confirm":
            return self._known_individual(name)
        if any((one.decision, one.individual) == (decision, name) for one in standing.decisions):
            return name
        if name.lower() in UNKNOWN or name.lower() in {one.lower() for one in self._taken()}:
            raise LabError(
                f"The name '{printable(name, 40)}' is or was in use: confirm that individual, or "
                f"take a free name such as {self.next_free_name()}."
            )
        return name

    def _known_individual(self, name: str) -> str:
        known = self.individuals()
        if name in known:
            return name
        near = get_close_matches(name[:LONGEST_NAME], known, 1, 0.6)
        hint = f"did you mean '{near[0]}'?" if near else "make it a new individual."
        raise LabError(f"The lab knows no individual '{printable(name, 40)}': {hint}")

    def _undoing(self, review_id: str, who: str, note: str | None) -> dict:
        """The row that takes a decision back."""
        found = self._database.arrow(THESE, [[review_id]]).to_pylist()
        if not found or found[0]["decision"] == "undo" or found[0]["undone"]:
            raise LabError(
                f"The decision '{printable(review_id, 40)}' is not there or was taken back "
                "already: look at the photo's decisions again."
            )
        photo_id = found[0]["photo_id"]
        return {"photo_id": photo_id, "reviewer": who, "decision": "undo", "undoes": review_id,
                "note": note}  # fmt: skip

    def _add(self, rows: Sequence[dict]) -> list[Review]:
        """Write rows, all or none, and read them as they were kept."""
        named = [{"review_id": secrets.token_hex(8), **row} for row in rows]
        self.write("reviews", named)
        ids = [row["review_id"] for row in named]
        found = self._database.arrow(THESE, [ids]).to_pylist()
        kept = {row["review_id"]: row for row in found}
        return [
            Review(**{name: value for name, value in kept[one].items() if name != "undone"})
            for one in ids
        ]


def who_says(reviewer: str, note: str | None) -> tuple[str, str | None]:
    """A reviewer's name and note, checked."""
    return person(reviewer), said(note or "", "note", LONGEST_NOTE, lines=True) or None


def _next_free(names: Sequence[str]) -> str:
    used = [int(found[1]) for found in map(FREE_NAME.fullmatch, names) if found]
    return f"new_{max(used, default=0) + 1:04d}"
