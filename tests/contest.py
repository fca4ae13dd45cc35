"""How individuals that a model was not trained on compete with those that it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from whalecore.identifiers.gallery import gallery_rows
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.gallery import FEWEST_STRANGERS
from whalecore.lab.lab import Lab
from whalecore.types import EmbeddingSet


@dataclass(frozen=True, eq=False)
class Contest:
    """Photos that the network never saw, each identified among trained and other individuals.

    Attributes
    ----------
    trained : ndarray of shape (photos, trained individuals), float32
        Logits.
    further : ndarray of shape (photos, other individuals), float32
        Logits of rows made without the photo and what was taken together with it.
    truth : ndarray of shape (photos,), int
        Column among the trained individuals and then the others.
    individuals : tuple of str
        By column.
    """

    trained: np.ndarray
    further: np.ndarray
    truth: np.ndarray
    individuals: tuple[str, ...]


def contest(
    identifier: Identifier, photos: EmbeddingSet, units: Sequence[str], strangers: EmbeddingSet
) -> Contest:
    """Identify each photo by the others.

    Parameters
    ----------
    identifier : Identifier
    photos : EmbeddingSet
        Named ones that the network never saw, of trained individuals and of others.
    units : sequence of str
        Photos of one encounter, or that look alike, share it: none speaks for another.
    strangers : EmbeddingSet
        As for `gallery_rows`.
    """
    names, kinds = np.array(photos.individuals, object), np.array(units, object)
    known = np.isin(names, identifier.individuals)
    others = tuple(sorted(set(names[~known])))
    if not others:
        raise ValueError("no photo shows an individual that the network was not trained on")
    asked, speaking, as_name = [], [], []
    for place in np.flatnonzero(~known):
        companions = np.flatnonzero((names == names[place]) & (kinds != kinds[place]))
        if len(companions):
            speaking += companions.tolist()
            as_name += [f"for {len(asked):08d}"] * len(companions)
            asked.append(place)
    full = gallery_rows(identifier, _some(photos, np.flatnonzero(~known)), strangers)
    queries = np.r_[np.flatnonzero(known), np.array(asked, int)]
    values = photos.values[queries]
    with torch.no_grad():
        embeddings = torch.from_numpy(values).to(identifier.device)
        trained = identifier.network.logits(embeddings).float().cpu().numpy()
    further = values @ full.weights + full.shifts
    column_of = {name: column for column, name in enumerate((*identifier.individuals, *others))}
    truth = np.array([column_of[name] for name in names[queries]], int)
    if asked:
        alone = _some(photos, np.array(speaking))
        one_each = EmbeddingSet(alone.photo_ids, tuple(as_name), alone.values)
        rows = gallery_rows(identifier, one_each, strangers)
        at = np.arange(known.sum(), len(queries))
        own = (values[at] * rows.weights.T).sum(axis=1) + rows.shifts
        further[at, truth[at] - trained.shape[1]] = own
    return Contest(trained, further, truth, tuple(column_of))


def lab_contest(lab: Lab, identifier: Identifier, part: str | None = None) -> Contest | None:
    """Photos of a part that the catalogue names; None where they say nothing."""
    model_id = identifier.model_id
    held = lab.embeddings(model_id, role="held out")
    strangers = lab.embeddings(model_id, role="gallery")
    rows = {row["photo_id"]: row for row in lab.rows("photos")}
    places = np.array(
        [
            place
            for place, photo_id in enumerate(held.photo_ids)
            if rows[photo_id]["catalogue_individual"] and part in (None, rows[photo_id]["part"])
        ],
        int,
    )
    chosen = _some(held, places)
    trained = set(identifier.individuals)
    if len(strangers) < FEWEST_STRANGERS or trained.issuperset(chosen.individuals):
        return None
    units = [str(rows[photo_id]["unit"]) for photo_id in chosen.photo_ids]
    return contest(identifier, chosen, units, strangers)


def _some(found: EmbeddingSet, places: np.ndarray) -> EmbeddingSet:
    return EmbeddingSet(
        tuple(found.photo_ids[place] for place in places),
        tuple(found.individuals[place] for place in places),
        found.values[places] if len(places) else found.values[:0],
    )
