"""Directions of individuals that are the mean of their photos instead of those that were learnt.

A head learns a direction per individual from a handful of photos. After a short training the mean
of their embeddings (the prototype of Snell et al. 2017) names other photos of the animal better,
and individuals that were never trained on then stand beside the trained ones on equal terms.
"""

from __future__ import annotations

import numpy as np
import torch

from whalecore.identifiers.heads import OtherDirections
from whalecore.identifiers.identifier import Identifier


def mean_of_each(embeddings: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Normalised mean of each individual's embeddings.

    Parameters
    ----------
    embeddings : ndarray of shape (photos, embedding size)
        Of length 1.
    labels : ndarray of shape (photos,), int
        Below ``count``; one photo of each individual or more.
    count : int
        Number of individuals.

    Returns
    -------
    ndarray of shape (embedding size, count), float64
    """
    sums = np.zeros((count, embeddings.shape[1]), np.float64)
    np.add.at(sums, labels, embeddings)
    return (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)).T


def directed_by_photos(identifier: Identifier, crops: np.ndarray, labels: np.ndarray) -> Identifier:
    """The same network with the mean of photos as every individual's direction.

    Parameters
    ----------
    identifier : Identifier
    crops : ndarray of shape (photos, height, width, 3), uint8
        Those that it was trained on.
    labels : ndarray of shape (photos,), int
        Row of each one's individual in the identifier's list; every row occurs.

    Returns
    -------
    Identifier
        Directions of mirror images, where there are any, are those of the mirrored photos.
    """
    mirrored = identifier.mirrored_directions
    directions = _directions(identifier, crops, labels)
    return identifier.replaced(
        network=OtherDirections(identifier.network, directions),
        mirrored_directions=(
            None if mirrored is None else _directions(identifier, crops[:, :, ::-1], labels)
        ),
        by_photos=True,
    )


def _directions(identifier: Identifier, crops: np.ndarray, labels: np.ndarray) -> torch.Tensor:
    _, embeddings = identifier.identify_many(crops)
    found = mean_of_each(embeddings, labels, len(identifier.individuals))
    return torch.from_numpy(found.astype(np.float32)).to(identifier.device)
