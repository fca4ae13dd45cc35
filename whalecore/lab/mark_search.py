"""The marks of all photos of a lab in memory, to find individuals with marks like a photo's."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.keypoints import KeypointSettings
from whalecore.photos.mark_index import NEAREST, MarkIndex, likeness
from whalecore.photos.mark_vocabulary import MarkVocabulary, shipped_vocabulary
from whalecore.photos.mark_words import in_words

if TYPE_CHECKING:
    from whalecore.lab.keypoints import LabKeypoints

AT_ONCE = 2048
"""Photos of one index: what is built again when a photo comes or goes, 20 MB of marks."""

READ_TOGETHER = 4
"""Indexes whose photos are read from the disk at once."""


class MarkSearch:
    """Looks through the marks of a lab's photos as they are at the moment; any thread may ask."""

    def __init__(
        self, lab: LabKeypoints, settings: KeypointSettings, at_once: int = AT_ONCE
    ) -> None:
        self._lab = lab
        self._settings = settings
        self._at_once = at_once
        self._state = ""
        self._indexes: list[tuple[dict[str, str], MarkIndex]] = []
        self._lock = threading.Lock()

    @cached_property
    def vocabulary(self) -> MarkVocabulary:
        """The one that comes with this package."""
        return shipped_vocabulary()

    def likeness(
        self, keypoints: Keypoints, members: Mapping[str, int], individuals: int
    ) -> np.ndarray:
        """How much each individual has in common with a photo.

        Parameters
        ----------
        keypoints : Keypoints
            Of the photo.
        members : mapping of str to int
            The photos that are looked at, by id, and the row of their individual.
        individuals : int
            How many rows there are.

        Returns
        -------
        ndarray of shape (individuals,), float64
            See `whalecore.photos.mark_index.likeness`.
        """
        asked = in_words(keypoints, self.vocabulary, NEAREST)
        marks, rows, weights = [np.empty(0, int)], [np.empty(0, int)], [np.empty(0, np.float32)]
        for index in self._present():
            answers = index.ask(asked)
            whose = np.array([members.get(photo, -1) for photo in index.photo_ids], int)
            found = whose[answers.photos]
            looked_at = found >= 0
            marks.append(answers.marks[looked_at])
            rows.append(found[looked_at])
            weights.append(answers.weights[looked_at])
        shape = len(asked.words), individuals
        return likeness(np.concatenate(marks), np.concatenate(rows), np.concatenate(weights), shape)

    def _present(self) -> list[MarkIndex]:
        """Indexes of all photos, those whose photos have not changed as they were."""
        with self._lock:
            state = self._lab.state("keypoints")
            if state != self._state:
                self._renew()
                self._state = state
            return [index for _, index in self._indexes]

    def _renew(self) -> None:
        present = self._lab.crops_with_keypoints(self._settings)
        kept = [
            (photos, index)
            for photos, index in self._indexes
            if len(photos) == self._at_once and photos.items() <= present.items()
        ]
        known = {photo for photos, _ in kept for photo in photos}
        waiting = [photo for photo in present if photo not in known]
        # Few at a time for the sake of memory, not too few because each look reads the table.
        for start in range(0, len(waiting), READ_TOGETHER * self._at_once):
            some = waiting[start : start + READ_TOGETHER * self._at_once]
            words = self._lab.mark_words(some, self._settings, self.vocabulary)
            found = [photo for photo in some if photo in words]
            for first in range(0, len(found), self._at_once):
                photos = found[first : first + self._at_once]
                index = MarkIndex({photo: words.pop(photo) for photo in photos})
                kept.append(({photo: present[photo] for photo in photos}, index))
        self._indexes = kept
