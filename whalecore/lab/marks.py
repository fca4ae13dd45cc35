"""Matching marks: which individuals of a lab have a photo that shows what this one shows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from whalecore.lab.keypoints import LabKeypoints, keypoint_row
from whalecore.photos.keypoint_matches import Keypoints, match
from whalecore.photos.marks import MarkSettings, SharedMarks, shared_marks
from whalecore.types import Box, Photo

Gallery = Mapping[str, Sequence[str]]
"""Photos of each individual."""

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
        members: Callable[[], Gallery],
        without: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._members = members
        self._without = frozenset(without)
        self._remembered = lab.remembered_keypoints(settings.keypoints)
        self._search = lab.mark_search(settings.keypoints)

    def __call__(
        self, photo: Photo, box: Box, individuals: Sequence[str], logits: np.ndarray
    ) -> dict[str, SharedMarks]:
        """What the photo shares with the individuals that are worth a look.

        Parameters
        ----------
        logits : ndarray of shape (individuals,)
            What a network says of them.
        """
        photo_id, keypoints = photo.photo_id, self._remembered.on(photo, box)
        gallery = self._gallery(individuals)
        return self._count(photo_id, keypoints, self._worth(photo_id, keypoints, gallery, logits))

    def count(
        self, photo_id: str, keypoints: Keypoints, individuals: Sequence[str]
    ) -> dict[str, SharedMarks]:
        """What a photo shares with each of these individuals."""
        return self._count(photo_id, keypoints, self._gallery(individuals))

    def _worth(
        self, photo_id: str, keypoints: Keypoints, gallery: Gallery, logits: np.ndarray
    ) -> Gallery:
        """Of a gallery those who are likely by the network or by marks that look alike."""
        names, likeness = list(gallery), None
        if self._settings.alike:
            members = {photo: row for row, name in enumerate(names) for photo in gallery[name]}
            for own in (photo_id, *self._without):
                members.pop(own, None)
            likeness = self._search.likeness(keypoints, members, len(names))
        chosen = self._settings.shortlisted(logits, likeness)
        return {names[row]: gallery[names[row]] for row in chosen}

    def _count(
        self, photo_id: str, keypoints: Keypoints, gallery: Gallery
    ) -> dict[str, SharedMarks]:
        own = {photo_id, *self._without}
        asked = {
            name: [one for one in photos if one not in own] for name, photos in gallery.items()
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
        """What photos of the lab share with the individuals that are worth a look for each.

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
        gallery = self._gallery(individuals)
        for start in range(0, len(photo_ids), READ_AT_ONCE):
            part = slice(start, start + READ_AT_ONCE)
            ids = photo_ids[part]
            stored = self._remembered.of(ids)
            worth = {
                photo_id: self._worth(photo_id, stored[photo_id], gallery, own)
                for photo_id, own in zip(ids, logits[part], strict=True)
                if photo_id in stored
            }
            self._remembered.read(
                {one for few in worth.values() for photos in few.values() for one in photos}
            )
            for photo_id in ids:
                few = worth.get(photo_id)
                yield {} if few is None else self._count(photo_id, stored[photo_id], few)

    def _gallery(self, individuals: Sequence[str]) -> Gallery:
        members = self._members()
        return {name: members.get(name, ()) for name in individuals}

    def found_back(self, photo: Photo, box: Box, photo_ids: Collection[str]) -> dict[str, int]:
        """How many marks of each of these photos of the lab are found on another one.

        Those whose marks nobody has looked for are left out.
        """
        here, there = self._remembered.on(photo, box), self._remembered.of(photo_ids)
        settings = self._settings.matching
        return {one: len(match(own, here, settings).query) for one, own in there.items()}

    def row_of(self, photo: Photo, box: Box) -> dict[str, object]:
        """The row of table ``keypoints`` that remembers the marks of a photo."""
        keypoints = self._settings.keypoints
        return keypoint_row(photo.photo_id, box, keypoints, self._remembered.on(photo, box))

    def leaving_out(self, photo_ids: Collection[str]) -> MarkGallery:
        """The same gallery without some photos."""
        other = copy.copy(self)
        other._without = frozenset(photo_ids)
        return other
