"""The keypoints of a lab: marks of its photos, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

import pyarrow as pa

from whalecore.errors import SettingsError
from whalecore.lab.embeddings import LabEmbeddings
from whalecore.lab.mark_search import MarkSearch
from whalecore.lab.remembered_keypoints import RememberedKeypoints
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.keypoints import KeypointSettings
from whalecore.photos.mark_vocabulary import MarkVocabulary, shipped_vocabulary
from whalecore.photos.mark_words import MarkWords, in_words, packed_words, unpacked_words
from whalecore.photos.packed_keypoints import (
    DIMENSIONS,
    FRAME_BYTES,
    kept,
    packed,
    unpacked,
    unpacked_frames,
)
from whalecore.types import Box

KEYPOINTS = """
SELECT photo_id, crop, frames, descriptors FROM keypoints
WHERE settings = $1 AND list_contains($2, photo_id)
"""

WORDS = """
SELECT photo_id, frames, words FROM keypoints
WHERE settings = $1 AND photo_id IN (SELECT unnest($2::VARCHAR[]))
"""

WITHOUT_WORDS = """
SELECT photo_id FROM keypoints WHERE settings = $1 AND words IS NULL ORDER BY photo_id
"""

CROPS = "SELECT photo_id, crop FROM keypoints WHERE settings = $1 ORDER BY photo_id"

NAMED = """
SELECT c.photo_id, c.individual, false AS further, c.taken_at
FROM catalogue c WHERE c.individual IS NOT NULL
UNION ALL
SELECT p.photo_id, p.individual, true, p.taken_at
FROM photos p WHERE p.individual IS NOT NULL
ORDER BY taken_at DESC NULLS LAST, photo_id
"""

MOST_OF_EACH = 30
"""Photos of an individual in which marks are looked for, so that nobody waits for a famous one."""

IN_MEMORY = 128
"""Photos whose descriptors are unpacked together."""

COMPLETE = """
SELECT photo_id FROM keypoints WHERE settings = $1
    AND octet_length(frames) = $2 * marks AND octet_length(descriptors) = $3 * marks
"""


def keypoint_row(
    photo_id: str, box: Box, settings: KeypointSettings, found: Keypoints
) -> dict[str, object]:
    """The row of table ``keypoints`` that remembers the marks of a photo."""
    frames, descriptors = packed(found)
    vocabulary = shipped_vocabulary()
    return {
        "photo_id": photo_id,
        "crop": box.key,
        "settings": settings.key,
        "marks": len(found.frames),
        "frames": frames,
        "descriptors": descriptors,
        "words": packed_words(in_words(kept(found), vocabulary), vocabulary),
    }


class LabKeypoints(LabEmbeddings):
    """The part of a lab that knows its keypoints."""

    def keypoints(
        self, photo_ids: Sequence[str], settings: KeypointSettings
    ) -> dict[str, tuple[str, Keypoints]]:
        """Box and keypoints of the photos' present crops, by photo; those that are there.

        The box is the text that `whalecore.types.Box.key` gives.
        """
        found = {}
        for photo_id, (crop, *stored) in self.packed_keypoints(photo_ids, settings).items():
            # Damaged ones are as if nobody had looked yet.
            with suppress(SettingsError):
                found[photo_id] = crop, unpacked(*stored)
        return found

    def packed_keypoints(
        self, photo_ids: Sequence[str], settings: KeypointSettings
    ) -> dict[str, tuple[str, bytes, bytes]]:
        """The same as they are stored, not checked: box, frames, descriptors."""
        found: dict[str, tuple[str, bytes, bytes]] = {}

        def take(batch: pa.RecordBatch) -> None:
            for row in batch.to_pylist():
                found[row["photo_id"]] = row["crop"], row["frames"], row["descriptors"]

        self._database.each_batch(KEYPOINTS, [settings.key, list(photo_ids)], take)
        return found

    def photos_with_keypoints(self, settings: KeypointSettings) -> set[str]:
        """Photos whose present crop has undamaged keypoints, by id."""
        sizes = [FRAME_BYTES, DIMENSIONS]
        return {row[0] for row in self._database.rows(COMPLETE, [settings.key, *sizes])}

    def crops_with_keypoints(self, settings: KeypointSettings) -> dict[str, str]:
        """The present crop of each photo that has keypoints there, damaged or not."""
        return dict(self._database.rows(CROPS, [settings.key]))

    def mark_words(
        self, photo_ids: Sequence[str], settings: KeypointSettings, vocabulary: MarkVocabulary
    ) -> dict[str, MarkWords]:
        """Marks of the photos' present crops in words, by photo; those that are there."""
        found: dict[str, MarkWords] = {}

        def take(batch: pa.RecordBatch) -> None:
            for row in batch.to_pylist():
                # Without words, or of another vocabulary: they follow from the descriptors.
                with suppress(SettingsError):
                    places = unpacked_frames(row["frames"])[:, :2]
                    words = unpacked_words(row["words"] or b"", places, vocabulary)
                    found[row["photo_id"]] = words

        self._database.each_batch(WORDS, [settings.key, list(photo_ids)], take)
        missing = [photo_id for photo_id in photo_ids if photo_id not in found]
        for start in range(0, len(missing), IN_MEMORY):
            some = self.keypoints(missing[start : start + IN_MEMORY], settings)
            found |= {one: in_words(marks, vocabulary) for one, (_, marks) in some.items()}
        return found

    def photos_without_words(self, settings: KeypointSettings) -> list[str]:
        """Photos whose keypoints have not been put into words, by id."""
        return [row[0] for row in self._database.rows(WITHOUT_WORDS, [settings.key])]

    def mark_search(self, settings: KeypointSettings) -> MarkSearch:
        """The same object for everybody who asks this lab."""
        searches = vars(self).setdefault("_mark_searches", {})
        return searches.setdefault(settings.key, MarkSearch(self, settings))

    def remembered_keypoints(self, settings: KeypointSettings) -> RememberedKeypoints:
        """The same object for everybody who asks this lab."""
        remembered = vars(self).setdefault("_remembered_keypoints", {})
        return remembered.setdefault(settings.key, RememberedKeypoints(self, settings))

    def keypoints_on(self, photo_id: str, box: str, settings: KeypointSettings) -> Keypoints | None:
        """Keypoints of a photo in a box, named by its key, where the lab has them."""
        crop, keypoints = self.keypoints([photo_id], settings).get(photo_id, ("", None))
        return keypoints if crop == box else None

    def mark_gallery(self, model_id: str) -> dict[str, tuple[str, ...]]:
        """Photos in which marks of an individual are looked for, by individual.

        Of individuals that the model was trained on those that it was trained on; of all others
        every photo that shows them, by the catalogue or a decision. The newest 30 of each.
        """
        models = self.rows("models", model_id=model_id)
        trained = set(models[0]["individuals"]) if models else set()
        learned = self.learned(model_id)
        photos = defaultdict(list)
        for photo_id, individual, further, _ in self._database.rows(NAMED):
            if (individual not in trained) if further else (photo_id in learned):
                photos[individual].append(photo_id)
        return {individual: tuple(ids[:MOST_OF_EACH]) for individual, ids in photos.items()}
