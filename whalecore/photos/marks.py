"""How many marks a photo shares with the photos of each individual, and how much that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints, MatchSettings, match
from whalecore.photos.keypoints import KeypointSettings

MOST_SHORTLISTED = 100_000


@dataclass(frozen=True)
class MarkSettings:
    """How marks count beside an identifier's network.

    Attributes
    ----------
    weight : float
        Of the strength of shared marks in the logarithm of the probability; 0 until it is measured.
    shortlist : int
        Individuals, the most likely by the network, whose photos are looked at.
    alike : int
        Further ones, with the most marks like those of the photo; whoever the network does not
        think of is found by them.
    keypoints : KeypointSettings
    matching : MatchSettings
    """

    weight: float = 0.0
    shortlist: int = 40
    alike: int = 40
    keypoints: KeypointSettings = field(default_factory=KeypointSettings)
    matching: MatchSettings = field(default_factory=MatchSettings)

    def __post_init__(self) -> None:
        if not (isfinite(self.weight) and self.weight >= 0):
            raise SettingsError(f"The weight of a mark is {self.weight}, but must be 0 or more.")
        if not 1 <= self.shortlist <= MOST_SHORTLISTED:
            raise SettingsError(
                f"The shortlist has {self.shortlist} individuals, but must have 1 to "
                f"{MOST_SHORTLISTED:,}."
            )
        if not 0 <= self.alike <= MOST_SHORTLISTED:
            raise SettingsError(
                f"{self.alike} individuals are looked for by their marks, but it must be 0 to "
                f"{MOST_SHORTLISTED:,}."
            )

    def shortlisted(self, logits: np.ndarray, likeness: np.ndarray | None = None) -> list[int]:
        """Whose photos are worth a look.

        Parameters
        ----------
        logits : ndarray of shape (individuals,)
            What the network says of one photo.
        likeness : ndarray of shape (individuals,), optional
            What its marks have in common with theirs; nobody with 0 is added for it.

        Returns
        -------
        list of int
            Rows of individuals: those that the network finds likeliest, then those that the marks
            add.
        """
        rows = np.argsort(-logits, kind="stable")[: self.shortlist].tolist()
        if likeness is None or not self.alike:
            return rows
        likeness = likeness.copy()
        likeness[rows] = 0
        added = np.argsort(-likeness, kind="stable")[: self.alike]
        return rows + added[likeness[added] > 0].tolist()

    def to_dict(self) -> dict:
        """All settings as JSON; models from before marks were looked for keep their identity."""
        found = asdict(self)
        if not self.alike:
            del found["alike"]
        return found

    @classmethod
    def from_dict(cls, given: Mapping) -> MarkSettings:
        """Settings from what `to_dict` gave.

        Raises
        ------
        LookupError, TypeError, ValueError, SettingsError
            When something is missing, of another kind or not allowed.
        """
        return cls(
            float(given["weight"]),
            _whole(given["shortlist"]),
            _whole(given.get("alike", 0)),
            KeypointSettings(**{k: _whole(value) for k, value in dict(given["keypoints"]).items()}),
            MatchSettings(**{k: float(value) for k, value in dict(given["matching"]).items()}),
        )


@dataclass(frozen=True)
class SharedMarks:
    """What a photo has in common with an individual.

    Attributes
    ----------
    photo_id : str
        Of the individual's photos the one that matches best; empty where none does.
    marks : int
        Matching marks, 0 or at least 3.
    strength : float
        Of all of them together; see `whalecore.photos.keypoint_matches.Matches`.
    """

    photo_id: str
    marks: int
    strength: float


NOTHING_SHARED = SharedMarks("", 0, 0.0)


def shared_marks(
    query: Keypoints,
    photos: Mapping[str, Mapping[str, Keypoints]],
    settings: MatchSettings | None = None,
) -> dict[str, SharedMarks]:
    """What a photo has in common with the best matching photo of each individual.

    Parameters
    ----------
    query : Keypoints
    photos : mapping of str to mapping of str to Keypoints
        Photos by individual and id.

    Returns
    -------
    dict of str to SharedMarks
        By individual, without those who have no photos here.
    """
    found = {}
    for individual, others in photos.items():
        if not others:
            continue
        best = NOTHING_SHARED
        for photo_id, other in others.items():
            matches = match(query, other, settings)
            if matches.strength > best.strength:
                best = SharedMarks(photo_id, len(matches.query), matches.strength)
        found[individual] = best
    return found


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} must be a whole number")
    return value
