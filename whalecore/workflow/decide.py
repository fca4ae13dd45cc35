"""A decision about a photo, which becomes part of the lab where it was only uploaded."""

from __future__ import annotations

from whalecore.lab.lab import Lab
from whalecore.lab.reviews import Review
from whalecore.photos.decode import load_photo
from whalecore.types import Verdict


def decide_on(
    lab: Lab,
    photo_id: str,
    decision: str,
    individual: str | None = None,
    reviewer: str = "",
    note: str | None = None,
    seen: Verdict | None = None,
    model_id: str | None = None,
    upload: tuple[bytes, str] | None = None,
) -> Review:
    """Decide about a photo.

    Parameters
    ----------
    decision, individual, reviewer, note
        As for `Lab.decide`.
    seen : Verdict, optional
        What the reviewer was told.
    model_id : str, optional
        Whose candidates the reviewer saw.
    upload : (bytes, str), optional
        File and its name of a photo that the lab need not hold yet.

    Returns
    -------
    Review

    Raises
    ------
    WhalecoreError
        When something is not allowed; then nothing was kept.
    """
    if upload is not None:
        # Before the photo is kept: what is refused leaves nothing behind.
        lab.checked(photo_id, decision, individual, reviewer, note)
        data, name = upload
        lab.adopt(data, name, load_photo(data, name=name))
    return lab.decide(
        photo_id,
        decision,
        individual,
        reviewer=reviewer,
        note=note,
        model_id=model_id,
        verdict=seen.verdict if seen else None,
        p_correct=seen.p_correct if seen else None,
    )
