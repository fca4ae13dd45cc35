"""Matching marks: which individuals of a lab have a photo that shows what this one shows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from whalecore.lab.remembered_keypoints import RememberedKeypoints
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.marks import MarkSettings, SharedMarks, shared_marks
from whalecore.photos.packed_keypoints import kept
from whalecore.types import Box, Photo

if TYPE_CHECKING:
    from whalecore.lab.keypoints import LabKeypoints


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
        self._lab = lab
        self._settings = settings
        self._members = members
        self._without = frozenset(without)
        self._remembered = RememberedKeypoints(lab, settings.keypoints)

    def __call__(
        self, photo: Photo, box: Box, individuals: Sequence[str]
    ) -> dict[str, SharedMarks]:
        """What the photo shares with each individual."""
        return self.count(photo.photo_id, self.keypoints_of(photo, box), individuals)

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
        stored = self._lab.keypoints(photo_ids, self._settings.keypoints)
        for photo_id, own in zip(photo_ids, logits, strict=True):
            if photo_id in stored:
                shortlist = self._settings.shortlisted(individuals, own)
                yield self.count(photo_id, stored[photo_id][1], shortlist)
            else:
                yield {}

    def keypoints_of(self, photo: Photo, box: Box) -> Keypoints:
        """Keypoints of a photo of the lab, or found now."""
        stored = self._lab.keypoints_on(photo.photo_id, box, self._settings.keypoints)
        # Rounded like those it is compared with.
        return stored or kept(self._remembered.finder.find_on(photo, box))

    def leaving_out(self, photo_ids: Collection[str]) -> MarkGallery:
        """The same gallery without some photos."""
        other = copy.copy(self)
        other._without = frozenset(photo_ids)
        return other
