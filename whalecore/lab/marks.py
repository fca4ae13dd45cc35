"""Matching marks: which individuals of a lab have a photo that shows what this one shows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from whalecore.lab.keypoints import LabKeypoints, keypoint_row
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.marks import MarkSettings, SharedMarks, shared_marks
from whalecore.types import Box, Photo

READ_AT_ONCE = 64
"""Photos whose galleries are read together."""


class MarkGallery:
    """Counts the marks that a photo shares with individuals of a lab; no photo speaks for itself.

    Parameters
    ----------
    lab : Lab
    settings : MarkSettings
    members : callable
        Gives the photos of each individual, as they are at the moment.
    without : collection of str
        Photos that are not looked at, by id.
    """

    def __init__(
        self,
        lab: LabKeypoints,
        settings: MarkSettings,
        members: Callable[[], Mapping[str, Sequence[str]]],
        without: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._members = members
        self._without = frozenset(without)
        self._remembered = lab.remembered_keypoints(settings.keypoints)

    def __call__(
        self, photo: Photo, box: Box, individuals: Sequence[str]
    ) -> dict[str, SharedMarks]:
        """What the photo shares with each individual."""
        return self.count(photo.photo_id, self._remembered.on(photo, box), individuals)

    def count(
        self, photo_id: str, keypoints: Keypoints, individuals: Sequence[str]
    ) -> dict[str, SharedMarks]:
        """The same for a photo whose keypoints are known."""
        members, own = self._members(), {photo_id, *self._without}
        asked = {
            name: [other for other in members.get(name, ()) if other not in own]
            for name in individuals
        }
        known = self._remembered.of({other for others in asked.values() for other in others})
        found = {
            name: {other: known[other] for other in others if other in known}
            for name, others in asked.items()
        }
        return shared_marks(keypoints, found, self._settings.matching)

    def count_each(
        self, photo_ids: Sequence[str], individuals: Sequence[str], logits: np.ndarray
    ) -> Iterator[dict[str, SharedMarks]]:
        """The same for photos of the lab, each with its shortlist.

        Parameters
        ----------
        individuals : sequence of str
            All that a network names.
        logits : ndarray of shape (photos, individuals)
            What it says of them.

        Yields
        ------
        dict of str to SharedMarks
            Empty for a photo in which nobody has looked for marks.
        """
        for start in range(0, len(photo_ids), READ_AT_ONCE):
            ids = photo_ids[start : start + READ_AT_ONCE]
            shortlists = [
                self._settings.shortlisted(individuals, own)
                for own in logits[start : start + READ_AT_ONCE]
            ]
            self._read(shortlists)
            stored = self._remembered.of(ids)
            for photo_id, shortlist in zip(ids, shortlists, strict=True):
                if photo_id in stored:
                    yield self.count(photo_id, stored[photo_id], shortlist)
                else:
                    yield {}

    def row_of(self, photo: Photo, box: Box) -> dict[str, object]:
        """The row of table ``keypoints`` that remembers the marks of a photo."""
        keypoints = self._settings.keypoints
        return keypoint_row(photo.photo_id, box, keypoints, self._remembered.on(photo, box))

    def _read(self, shortlists: Sequence[Sequence[str]]) -> None:
        members = self._members()
        names = {name for shortlist in shortlists for name in shortlist}
        self._remembered.read({one for name in names for one in members.get(name, ())})

    def leaving_out(self, photo_ids: Collection[str]) -> MarkGallery:
        """The same gallery without some photos."""
        other = copy.copy(self)
        other._without = frozenset(photo_ids)
        return other
