"""The keypoints of a lab: marks of its photos, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa

from whalecore.errors import SettingsError
from whalecore.lab.embeddings import LabEmbeddings
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.keypoints import KeypointSettings
from whalecore.photos.packed_keypoints import unpacked
from whalecore.types import Box

KEYPOINTS = """
SELECT photo_id, crop, frames, descriptors FROM keypoints
WHERE settings = $1 AND list_contains($2, photo_id)
"""

NAMED = """
SELECT c.photo_id, c.individual, false AS further
FROM catalogue c WHERE c.individual IS NOT NULL
UNION ALL
SELECT p.photo_id, p.individual, true
FROM photos p WHERE p.individual IS NOT NULL
ORDER BY ALL
"""


class LabKeypoints(LabEmbeddings):
    """The part of a lab that knows its keypoints."""

    def keypoints(
        self, photo_ids: Sequence[str], settings: KeypointSettings
    ) -> dict[str, tuple[str, Keypoints]]:
        """Box and keypoints of the photos' present crops, by photo; those that are there.

        The box is the text that `whalecore.types.Box.key` gives.
        """
        found: dict[str, tuple[str, Keypoints]] = {}

        def take(batch: pa.RecordBatch) -> None:
            for row in batch.to_pylist():
                try:
                    keypoints = unpacked(row["frames"], row["descriptors"])
                except SettingsError:
                    # As if nobody had looked yet.
                    continue
                found[row["photo_id"]] = row["crop"], keypoints

        self._database.each_batch(KEYPOINTS, [settings.key, list(photo_ids)], take)
        return found

    def keypoints_on(self, photo_id: str, box: Box, settings: KeypointSettings) -> Keypoints | None:
        """Keypoints of a photo in a box, where the lab has them."""
        crop, keypoints = self.keypoints([photo_id], settings).get(photo_id, ("", None))
        return keypoints if crop == box.key else None

    def mark_gallery(self, model_id: str) -> dict[str, tuple[str, ...]]:
        """Photos in which marks of an individual are looked for, by individual.

        Of individuals that the model was trained on those that it was trained on; of all others
        every photo that shows them, by the catalogue or a decision.
        """
        models = self.rows("models", model_id=model_id)
        trained = set(models[0]["individuals"]) if models else set()
        learned = self.learned(model_id)
        photos = defaultdict(list)
        for photo_id, individual, further in self._database.rows(NAMED):
            if (individual not in trained) if further else (photo_id in learned):
                photos[individual].append(photo_id)
        return {individual: tuple(ids) for individual, ids in photos.items()}
