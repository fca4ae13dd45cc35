"""Directions of individuals that are the mean of their photos instead of those that were learnt.

A head learns a direction per individual from a handful of photos. After a short training the mean
of their embeddings (the prototype of Snell et al. 2017) names other photos of the animal better,
and individuals that were never trained on then stand beside the trained ones on equal terms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from whalecore.identifiers.heads import OtherDirections
from whalecore.identifiers.identifier import Identifier

AT_ONCE = 256
"""Photos between two reports."""


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


def directed_by_photos(
    identifier: Identifier,
    crops: np.ndarray,
    labels: np.ndarray,
    looked: Callable[[int], object] = lambda photos: None,
) -> Identifier:
    """The same network with the mean of photos as every individual's direction.

    Parameters
    ----------
    identifier : Identifier
    crops : ndarray of shape (photos, height, width, 3), uint8
        Those that it was trained on.
    labels : ndarray of shape (photos,), int
        Row of each one's individual in the identifier's list; every row occurs.
    looked : callable
        Told how many photos more were looked at.

    Returns
    -------
    Identifier
        Directions of mirror images, where there are any, are those of the mirrored photos.
    """
    mirrored = identifier.mirrored_directions
    directions = _directions(identifier, crops, labels, looked)
    return identifier.replaced(
        network=OtherDirections(identifier.network, directions),
        mirrored_directions=(
            None if mirrored is None else _directions(identifier, crops[:, :, ::-1], labels)
        ),
        by_photos=True,
    )


def _directions(
    identifier: Identifier,
    crops: np.ndarray,
    labels: np.ndarray,
    looked: Callable[[int], object] = lambda photos: None,
) -> torch.Tensor:
    embeddings = []
    for start in range(0, len(crops), AT_ONCE):
        some = crops[start : start + AT_ONCE]
        embeddings.append(identifier.identify_many(some)[1])
        looked(len(some))
    found = mean_of_each(np.concatenate(embeddings), labels, len(identifier.individuals))
    return torch.from_numpy(found.astype(np.float32)).to(identifier.device)
