"""A decision about photos, which become part of the lab where they were only uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whalecore.lab.lab import Lab
from whalecore.lab.reviews import Review
from whalecore.photos.decode import load_photo
from whalecore.types import Verdict


@dataclass(frozen=True)
class Subject:
    """A photo that is decided on.

    Attributes
    ----------
    name : str
        For people.
    seen : Verdict, optional
        What the reviewer was told.
    model_id : str, optional
        Whose candidates the reviewer saw.
    upload : bytes, optional
        The file of a photo that the lab need not hold yet.
    """

    photo_id: str
    name: str = ""
    seen: Verdict | None = None
    model_id: str | None = None
    upload: bytes | None = None


def decide_on_all(
    lab: Lab,
    subjects: Sequence[Subject],
    decision: str,
    individual: str | None = None,
    reviewer: str = "",
    note: str | None = None,
    undecided: bool = False,
) -> tuple[Review, ...]:
    """Decide the same about photos of one animal: about all of them, or about none.

    Parameters
    ----------
    decision, individual, reviewer, note, undecided
        As for `Lab.decide_together`.

    Returns
    -------
    tuple of Review
        In the order of the subjects.

    Raises
    ------
    WhalecoreError
        When something is not allowed; then no decision was kept.
    """
    ids = [one.photo_id for one in subjects]
    uploads = [(one, one.upload) for one in subjects if one.upload is not None]
    if uploads:
        # Before a photo is kept: what is refused leaves nothing behind.
        lab.checked_together(ids, decision, individual, reviewer, note)
        decoded = [(one, data, load_photo(data, name=one.name)) for one, data in uploads]
        for one, data, photo in decoded:
            lab.adopt(data, one.name, photo)
    seen = {
        one.photo_id: {
            "model_id": one.model_id,
            "verdict": one.seen.verdict if one.seen else None,
            "p_correct": one.seen.p_correct if one.seen else None,
        }
        for one in subjects
    }
    return lab.decide_together(ids, decision, individual, reviewer, note, seen, undecided)
