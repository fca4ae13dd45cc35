"""Individuals that a network was not trained on, known by the photos of their gallery.

Such an individual's direction is the mean of the embeddings of its photos. Where the directions of
trained individuals are such means as well, all stand on equal terms. Where they were learnt,
embeddings of photos lie closer together than photos and trained directions do, so a cosine means
less: the logits of the others are brought to the mean and the deviation that logits of trained
individuals have for photos of somebody else (the normalisation by impostors of speaker
recognition, Auckenthaler et al. 2000).
A logit stays linear in the embedding, so that heatmaps of these individuals are those of any other.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.identifiers.directions import mean_of_each
from whalecore.identifiers.heads import GalleryNetwork
from whalecore.identifiers.identifier import Identifier
from whalecore.types import EmbeddingSet

MOST_STRANGERS = 1000
"""Photos of others from which mean and deviation of their logits are taken."""


@dataclass(frozen=True, eq=False)
class GalleryRows:
    """Further rows of a head: logit = embedding . weights + shift.

    Attributes
    ----------
    individuals : tuple of str
        In the alphabet's order.
    weights : ndarray of shape (embedding size, individuals), float32
    shifts : ndarray of shape (individuals,), float32
    """

    individuals: tuple[str, ...]
    weights: np.ndarray
    shifts: np.ndarray

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that change with any name or number."""
        digest = hashlib.sha256("\n".join(self.individuals).encode())
        digest.update(np.ascontiguousarray(self.weights, np.float32).tobytes())
        digest.update(np.ascontiguousarray(self.shifts, np.float32).tobytes())
        return digest.hexdigest()[:8]


def gallery_rows(
    identifier: Identifier, photos: EmbeddingSet, strangers: EmbeddingSet
) -> GalleryRows:
    """Rows for individuals that the identifier was not trained on.

    Parameters
    ----------
    identifier : Identifier
    photos : EmbeddingSet
        Of those individuals, one photo each or more, all named.
    strangers : EmbeddingSet
        Photos of trained individuals: what other animals look like to a row.

    Raises
    ------
    SettingsError
        When an individual is trained already or has no name, or there are too few strangers.
    """
    names = tuple(sorted(set(photos.individuals), key=str))
    trained = identifier.individuals
    if None in names or set(names) & set(trained):
        raise SettingsError(
            "Every photo of the further individuals must show one that the identifier was not "
            "trained on: leave out the others."
        )
    directions = mean_directions(photos, names)
    scale = identifier.network.scale
    if identifier.by_photos:
        weights, shifts = scale * directions, np.zeros(len(names))
        return GalleryRows(names, weights.astype(np.float32), shifts.astype(np.float32))
    mean, deviation = _trained_logits(identifier, strangers)
    others = scale * (_some(strangers).values @ directions)
    gains = deviation / np.maximum(others.std(axis=0), 1e-6)
    shifts = mean - gains * others.mean(axis=0)
    weights = scale * directions * gains
    return GalleryRows(names, weights.astype(np.float32), shifts.astype(np.float32))


def mean_directions(photos: EmbeddingSet, names: Sequence[str]) -> np.ndarray:
    """Normalised mean of each individual's embeddings, shape (embedding size, individuals)."""
    row_of = {name: row for row, name in enumerate(names)}
    labels = np.array([row_of[name] for name in photos.individuals], int)
    return mean_of_each(photos.values, labels, len(names))


def with_gallery(identifier: Identifier, rows: GalleryRows) -> Identifier:
    """The same identifier with a longer list; scores are one probability over all of it.

    ``model_id`` and ``fingerprint`` stay those of the trained identifier, and logits of trained
    individuals stay what they are. ``listed`` tells the longer list, and with it every heatmap of
    a probability, from others; see `whalecore.types.Prediction.heatmap_model`.
    """
    extended = copy.copy(identifier)
    extended.network = GalleryNetwork(identifier.network, rows.weights, rows.shifts)
    extended.network.requires_grad_(False)
    extended.individuals = identifier.individuals + rows.individuals
    # Forms of the network hold its head.
    extended.prepared_forms = {}
    extended.listed = rows.digest
    return extended


def _trained_logits(identifier: Identifier, strangers: EmbeddingSet) -> tuple[float, float]:
    """Mean and deviation of logits of trained individuals for photos of somebody else."""
    some = _some(strangers)
    if len(some) < 2 or len(set(some.individuals)) < 2:
        raise SettingsError(
            f"{len(some)} photos of trained individuals are too few to compare with: score the "
            "lab's photos first."
        )
    with torch.no_grad():
        embeddings = torch.from_numpy(some.values).to(identifier.device)
        logits = identifier.network.logits(embeddings).double().cpu().numpy()
    names = np.array(identifier.individuals, object)
    own = np.array(some.individuals, object)[:, None] == names[None]
    return float(logits[~own].mean()), float(logits[~own].std())


def _some(strangers: EmbeddingSet) -> EmbeddingSet:
    """At most `MOST_STRANGERS` of them, evenly over all."""
    step = -(-len(strangers) // MOST_STRANGERS)
    if step <= 1:
        return strangers
    return EmbeddingSet(
        strangers.photo_ids[::step], strangers.individuals[::step], strangers.values[::step]
    )
