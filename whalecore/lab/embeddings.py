"""The embeddings of a lab: what its models make of each photo."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from whalecore.lab.core import LabCore
from whalecore.types import EmbeddingSet

EMBEDDINGS = """
SELECT e.photo_id, c.individual, e."values"
FROM embeddings e LEFT JOIN catalogue c USING (photo_id)
WHERE e.model_id = $1 AND ($2 IS NULL OR e.role = $2)
ORDER BY e.photo_id
"""

TIPS = """
SELECT e.photo_id, c.individual, e.tips AS "values"
FROM embeddings e JOIN catalogue c USING (photo_id)
WHERE e.model_id = $1 AND e.tips IS NOT NULL AND c.individual IS NOT NULL
ORDER BY e.photo_id
"""

FURTHER = """
SELECT p.photo_id, p.individual, e."values"
FROM photos p
JOIN models m ON m.model_id = $1
JOIN embeddings e ON e.photo_id = p.photo_id AND e.model_id = $1
WHERE p.individual IS NOT NULL AND NOT list_contains(m.individuals, p.individual)
ORDER BY p.photo_id
"""

FURTHER_NAMES = """
SELECT p.photo_id, p.individual
FROM photos p JOIN models m ON m.model_id = $1
WHERE p.individual IS NOT NULL AND NOT list_contains(m.individuals, p.individual)
ORDER BY p.photo_id
"""

FURTHER_MISSING = """
SELECT p.photo_id, CASE WHEN p.fold = m.fold THEN 'held out' ELSE 'named later' END AS role
FROM photos p
JOIN models m ON m.model_id = $1
ANTI JOIN (FROM embeddings WHERE model_id = $1) e USING (photo_id)
WHERE p.individual IS NOT NULL AND NOT list_contains(m.individuals, p.individual)
    AND (p.named_by = 'review' OR NOT $2)
ORDER BY p.imported_at DESC, p.photo_id
"""

LEARNED = """
SELECT DISTINCT c.photo_id
FROM catalogue_rows c
JOIN splits s USING (photo_id)
JOIN models m ON m.model_id = $1
WHERE (c.individual IS NOT NULL OR $2)
    AND greatest(c.imported_at, s.planned_at) <= coalesce(m.photos_read_at, m.trained_at)
    AND s.fold IS DISTINCT FROM m.fold
"""


class LabEmbeddings(LabCore):
    """The part of a lab that knows its embeddings."""

    def learned(self, model_id: str) -> set[str]:
        """Photos that a model was trained on, by id.

        Those that lay outside its fold, with a name, when it was trained: a photo that was
        imported or named later, be it while it was trained, taught it nothing, and one whose name
        was taken back did. Of a
        model that learned from unknown animals as well, also those without a name.
        """
        models = self.rows("models", model_id=model_id)
        strangers = (
            bool(models) and json.loads(models[0]["settings"] or "{}").get("new_whale_share", 0) > 0
        )
        return {photo_id for (photo_id,) in self._database.rows(LEARNED, [model_id, strangers])}

    def embeddings(self, model_id: str, role: str | None = None) -> EmbeddingSet:
        """Embeddings of the photos' present crops, by photo.

        Parameters
        ----------
        role : str, optional
            Only ``gallery`` (the model was trained on the photo), ``held out`` or
            ``named later``.

        Returns
        -------
        EmbeddingSet
            Empty where nothing is computed yet.
        """
        return self._embedded(EMBEDDINGS, [model_id, role])

    def tips(self, model_id: str) -> EmbeddingSet:
        """Embeddings of gallery photos of which only the tips of the fluke are left, by photo."""
        return self._embedded(TIPS, [model_id])

    def further(self, model_id: str) -> EmbeddingSet:
        """Embeddings of photos whose individual, as named today, a model was not trained on."""
        return self._embedded(FURTHER, [model_id])

    def further_without_embedding(
        self, model_id: str, decided: bool = False
    ) -> list[tuple[str, str]]:
        """Such photos that lack an embedding, the newest first, and the role theirs will have.

        Parameters
        ----------
        decided : bool
            Only those whose name comes from a decision.
        """
        return self._database.rows(FURTHER_MISSING, [model_id, decided])

    def further_state(self, model_id: str) -> str:
        """A short text that changes when photos of such individuals are named, or no longer."""
        named = self._database.rows(FURTHER_NAMES, [model_id])
        return hashlib.sha256(repr(named).encode()).hexdigest()[:16]

    def _embedded(self, query: str, values: list) -> EmbeddingSet:
        found = self._database.arrow(query, values)
        # One buffer for all rows: lists of Python numbers would take a hundred times as long.
        flat = found.column("values").combine_chunks().flatten()
        values = flat.to_numpy(zero_copy_only=False).astype(np.float32)
        return EmbeddingSet(
            tuple(found.column("photo_id").to_pylist()),
            tuple(found.column("individual").to_pylist()),
            values.reshape(found.num_rows, -1) if found.num_rows else np.empty((0, 0), np.float32),
        )
