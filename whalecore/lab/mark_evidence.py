"""What matching marks say beside the score: measured alike for photos of the lab and new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.reliability.evidence import Measures
from whalecore.types import Box, Candidate, Photo

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier


def with_mark_measures(
    measures: Measures,
    identifier: AnyIdentifier,
    photo: Photo,
    box: Box,
    embedding: np.ndarray,
    candidates: Sequence[Candidate],
) -> Measures:
    """Measures with ``marks_back``, ``marks_back_second`` and ``network_rank``.

    Parameters
    ----------
    embedding : ndarray of shape (features,)
    candidates : sequence of Candidate
        The first one in front, with the photos that match best.

    Returns
    -------
    Measures
        Unchanged where no marks were looked for.
    """
    gallery = getattr(identifier, "count_marks", None)
    if gallery is None or not candidates or candidates[0].marks is None:
        return measures
    # Candidates without a matching photo have no marks that could be found again.
    asked = [one.matched_photo for one in candidates[:2]]
    found = gallery.found_back(photo, box, {one for one in asked if one is not None})
    first, second = ([found.get(one, 0) for one in asked] + [0])[:2]
    return replace(
        measures,
        marks_back=first,
        marks_back_second=second,
        network_rank=_network_rank(identifier, embedding, candidates[0].individual),
    )


def _network_rank(identifier: AnyIdentifier, embedding: np.ndarray, individual: str) -> int:
    # Here, so that a lab can be read without loading torch.
    import torch

    values = torch.from_numpy(np.asarray(embedding, np.float32)[None]).to(identifier.device)
    with torch.no_grad():
        logits = identifier.network.logits(values)[0]
    own = logits[identifier.individuals.index(individual)]
    return 1 + int((logits > own).sum())
