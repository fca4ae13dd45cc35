"""Individuals that a model was not trained on take part through the photos of their gallery.

Too few photos to train on, kept apart as new ones, or named after training: who is named by a
decision is on the list from that moment, who is named by the catalogue once ``score`` has looked.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from whalecore.errors import LabError, WhalecoreError
from whalecore.types import EmbeddingSet, Prediction

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.lab import Lab

FEWEST_STRANGERS = 5
"""Photos of trained individuals without which nothing is known about how learnt rows compare."""

MOST_AT_ONCE = 64
"""Decided photos without an embedding that are looked at in passing; ``score`` looks at all."""

LATER = "named later"
"""Role of embeddings of photos that the model neither learned from nor is judged by."""

KEPT = "gallery"


def extended(
    lab: Lab,
    identifier: AnyIdentifier,
    asked: Collection[str] = (),
    as_scored: bool = True,
) -> AnyIdentifier:
    """The identifier with all individuals of the lab that it was not trained on.

    Embeddings of photos that decisions name and that have none are computed and kept.

    Parameters
    ----------
    asked : collection of str
        Photos that are asked about, by id: none of them answers for itself. Where the lab holds
        the model's scores of all of them, they are answered as they were scored.
    as_scored : bool
        Whether that is so; without, also scored photos are answered with everybody.

    Returns
    -------
    Identifier
        The same object where there is nobody to add, where the list is longer already, where the
        lab has too few embeddings to compare with, or for scored photos.
    """
    from whalecore.identifiers.ensemble import Ensemble

    if isinstance(identifier, Ensemble) and not identifier.listed:
        return Ensemble([extended(lab, one, asked, as_scored) for one in identifier.members])
    return _leaving_out(_with_further(lab, identifier, asked, as_scored), asked)


def _leaving_out(identifier: AnyIdentifier, asked: Collection[str]) -> AnyIdentifier:
    """The identifier, looking for marks on none of the photos asked; a single one it leaves out."""
    gallery = getattr(identifier, "count_marks", None)
    if gallery is None or len(asked) < 2:
        return identifier
    other = copy.copy(identifier)
    other.count_marks = gallery.leaving_out(asked)
    return other


def _with_further(
    lab: Lab, identifier: AnyIdentifier, asked: Collection[str], as_scored: bool
) -> AnyIdentifier:
    from whalecore.identifiers.gallery import gallery_rows, with_gallery
    from whalecore.identifiers.identifier import Identifier

    if not isinstance(identifier, Identifier) or identifier.listed:
        return identifier
    model_id = identifier.model_id
    if as_scored and asked and all(_scored(lab, model_id, photo_id) for photo_id in asked):
        return identifier
    strangers = _named(lab.embeddings(model_id, role="gallery"), identifier.individuals)
    few = len(strangers) < FEWEST_STRANGERS or len(set(strangers.individuals)) < 2
    if few and not identifier.by_photos:
        return identifier
    embed_decided(lab, identifier)
    photos = lab.further(model_id)
    for photo_id in asked:
        photos = photos.without(photo_id)
    if not len(photos):
        return identifier
    rows = gallery_rows(identifier, photos, strangers)
    kept = identifier.prepared_forms.get(KEPT)
    if kept is None or kept.listed != rows.digest:
        kept = identifier.prepared_forms[KEPT] = with_gallery(identifier, rows)
    # Where flukes are found may have changed since.
    kept.locate = identifier.locate
    return kept


def compared_with(lab: Lab, identifier: AnyIdentifier, asked: Collection[str] = ()) -> EmbeddingSet:
    """Photos that a new one is compared with: those of all on the list, without the ones asked."""
    trained = lab.embeddings(identifier.model_id, role="gallery")
    if not identifier.listed:
        return trained
    further = lab.further(identifier.model_id)
    for photo_id in asked:
        further = further.without(photo_id)
    parts = (trained, further)
    return EmbeddingSet(
        tuple(photo_id for one in parts for photo_id in one.photo_ids),
        tuple(name for one in parts for name in one.individuals),
        np.concatenate([one.values for one in parts]),
    )


def individuals_asked(lab: Lab, prediction: Prediction) -> int:
    """How many individuals a prediction chose among."""
    (model,) = lab.rows("models", model_id=prediction.model_id)
    further = lab.further(prediction.model_id).without(prediction.photo_id)
    return len(model["individuals"]) + len(set(further.individuals)) * bool(prediction.listed)


def _scored(lab: Lab, model_id: str, photo_id: str) -> bool:
    return bool(lab.rows("scores", model_id=model_id, photo_id=photo_id, rank=1))


def _named(found: EmbeddingSet, individuals: Collection[str]) -> EmbeddingSet:
    known = set(individuals)
    places = [place for place, name in enumerate(found.individuals) if name in known]
    return EmbeddingSet(
        tuple(found.photo_ids[place] for place in places),
        tuple(found.individuals[place] for place in places),
        found.values[places],
    )


def embed_decided(lab: Lab, identifier: AnyIdentifier) -> None:
    """Write the embeddings of photos that decisions name, so that they answer at once.

    Those of the catalogue wait for ``score``. Photos that cannot be read stay out, and so do those
    on which no fluke was found: what they look like says nothing of the animal.
    """
    import torch

    rows, prepared, marks = [], [], []
    for photo_id, role in lab.further_without_embedding(identifier.model_id, decided=True):
        if len(rows) == MOST_AT_ONCE:
            break
        crop = lab.crop(photo_id)
        if crop is not None and crop.source == "whole":
            continue
        try:
            photo = lab.read_photo(photo_id)
            crop = crop or identifier.locate(photo)
            prepared.append(identifier.prepare(photo, crop.box))
        except WhalecoreError:
            continue
        if identifier.marks is not None and identifier.count_marks is not None:
            marks.append(identifier.count_marks.row_of(photo, crop.box))
        rows.append({"photo_id": photo_id, "crop": crop.box.key, "role": role})
    if not rows:
        return
    values = identifier.embed(torch.stack(prepared)).float().cpu().numpy()
    # A lab that cannot be written to answers without them.
    with suppress(LabError):
        lab.write("keypoints", marks)
        lab.write(
            "embeddings",
            [
                {"model_id": identifier.model_id, **row, "values": one}
                for row, one in zip(rows, values, strict=True)
            ],
        )
