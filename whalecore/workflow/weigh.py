"""What network and matching marks weigh, measured on photos that the network never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.lab.lab import Lab
from whalecore.lab.marks import MarkGallery
from whalecore.photos.marks import MarkSettings
from whalecore.reliability.fusion import fit_fusion
from whalecore.reliability.temperature import fit_temperature
from whalecore.workflow.progress import Pace, Report, silent

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import Identifier

FEWEST = 20
"""Photos that two weights are measured on; of fewer, only the temperature is."""


def weighed(
    lab: Lab,
    identifier: Identifier,
    photo_ids: Sequence[str],
    crops: np.ndarray,
    labels: np.ndarray,
    gallery: Mapping[str, Sequence[str]],
    marks: MarkSettings | None,
    report: Report = silent,
) -> Identifier:
    """The identifier with a temperature, and with the weight of marks where marks shall count.

    Parameters
    ----------
    identifier : Identifier
    photo_ids : sequence of str
        Photos of `validation`; their scores choose the weights and report nothing.
    crops : ndarray of shape (photos, height, width, 3), uint8
    labels : ndarray of shape (photos,), int
        Row of the right individual in the identifier's list.
    gallery : mapping of str to sequence of str
        Photos of each individual that the identifier was trained on.
    marks : MarkSettings or None
    """
    if not len(labels):
        return identifier
    logits, _ = identifier.identify_many(crops)
    if marks is None or len(labels) < FEWEST:
        return identifier.replaced(temperature=fit_temperature(logits, labels))
    strengths = _strengths(lab, identifier, photo_ids, logits, gallery, marks, report)
    if not strengths.any():
        # Nothing to measure yet: a later run may have found marks.
        return identifier.replaced(temperature=fit_temperature(logits, labels))
    fusion = fit_fusion(logits, strengths, labels)
    return identifier.replaced(
        temperature=1 / fusion.logit_weight, marks=replace(marks, weight=fusion.mark_weight)
    )


def _strengths(
    lab: Lab,
    identifier: Identifier,
    photo_ids: Sequence[str],
    logits: np.ndarray,
    gallery: Mapping[str, Sequence[str]],
    marks: MarkSettings,
    report: Report,
) -> np.ndarray:
    """Strengths of shared marks (photos, individuals), 0 beyond each photo's shortlist."""
    counter = MarkGallery(lab, marks, lambda: gallery)
    column_of = {name: column for column, name in enumerate(identifier.individuals)}
    pace = Pace("match marks", len(photo_ids), report)
    strengths = np.zeros_like(logits)
    found = counter.count_each(photo_ids, identifier.individuals, logits)
    for row, shared in enumerate(found):
        for name, one in shared.items():
            strengths[row, column_of[name]] = one.strength
        pace.advance()
    return strengths
