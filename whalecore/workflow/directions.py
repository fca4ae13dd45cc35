"""Whether individuals have the directions that were learnt or the mean of their photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whalecore.reliability.metrics import map_at_5, reference_ranks, top_k_accuracy
from whalecore.reliability.temperature import fit_temperature, negative_log_likelihood
from whalecore.workflow.progress import Pace, Report, silent

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import Identifier

FEWEST = 20
"""Photos without which the learnt directions stay."""


def better_directed(
    identifier: Identifier,
    crops: np.ndarray,
    labels: np.ndarray,
    held_crops: np.ndarray,
    held_labels: np.ndarray,
    report: Report = silent,
) -> Identifier:
    """The identifier with the directions that make photos of `validation` likelier.

    Parameters
    ----------
    crops : ndarray of shape (photos, height, width, 3), uint8
        Those that the network was trained on.
    labels : ndarray of shape (photos,), int
        Row of each one's individual in the identifier's list.
    held_crops, held_labels : ndarray
        The same of `validation`: they choose, and report nothing but ``metrics`` of the training.
    """
    from whalecore.identifiers.directions import directed_by_photos

    if len(held_labels) < FEWEST:
        return identifier
    pace = Pace("look at photos for directions", len(crops), report)
    directed = directed_by_photos(identifier, crops, labels, pace.advance)
    logits, looks = identifier.identify_many(held_crops)
    other = looks @ (directed.network.scale * directed.network.directions.cpu().numpy())
    if _loss(logits, held_labels) <= _loss(other, held_labels):
        return identifier
    ranks = reference_ranks(np.argsort(-other, axis=1, kind="stable"), held_labels)
    directed.metrics |= {
        "validation_top1": top_k_accuracy(ranks, 1),
        "validation_map5": map_at_5(ranks),
    }
    return directed


def _loss(logits: np.ndarray, labels: np.ndarray) -> float:
    return negative_log_likelihood(logits, labels, fit_temperature(logits, labels))
