"""How similar the most similar photos of the gallery are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NEIGHBOURS = 5
"""Gallery photos that are asked whom they show."""

BLOCK = 1024
"""Photos compared with the whole gallery at once."""


def nearest_photos(
    embeddings: np.ndarray, gallery: np.ndarray, neighbours: int = NEIGHBOURS
) -> tuple[np.ndarray, np.ndarray]:
    """Find the gallery photos that are most similar to each photo.

    Parameters
    ----------
    embeddings : ndarray of shape (photos, features)
    gallery : ndarray of shape (gallery photos, features)
        Both of any length: compared is the direction.
    neighbours : int

    Returns
    -------
    places : ndarray of shape (photos, neighbours), int64
        Rows of the gallery, the most similar first; fewer columns in a smaller gallery.
    distances : ndarray of shape (photos, neighbours), float32
        Cosine distances: 1 minus the cosine, 0 to 2.
    """
    count = min(neighbours, len(gallery))
    places = np.empty((len(embeddings), count), np.int64)
    distances = np.empty((len(embeddings), count), np.float32)
    gallery = _of_length_one(gallery)
    for start in range(0, len(embeddings), BLOCK):
        apart = 1 - _of_length_one(embeddings[start : start + BLOCK]) @ gallery.T
        order = np.argsort(apart, axis=1, kind="stable")[:, :count]
        places[start : start + BLOCK] = order
        distances[start : start + BLOCK] = np.take_along_axis(apart, order, axis=1)
    return places, np.clip(distances, 0, 2)


def nearest_evidence(
    embedding: np.ndarray, gallery: np.ndarray, individuals: Sequence[str], individual: str
) -> tuple[float, float] | None:
    """Compare one photo with the gallery.

    Parameters
    ----------
    embedding : ndarray of shape (features,)
    gallery : ndarray of shape (gallery photos, features)
        Without the photo itself.
    individuals : sequence of str
        Whom each gallery photo shows.
    individual : str
        The photo's first candidate.

    Returns
    -------
    tuple of float, or None
        Cosine distance to the nearest gallery photo, and the share of the five nearest that show
        the first candidate; None where the gallery is empty.
    """
    if len(gallery) == 0:
        return None
    places, distances = nearest_photos(np.asarray(embedding)[None], gallery)
    shown = [individuals[place] == individual for place in places[0]]
    return float(distances[0, 0]), sum(shown) / len(shown)


def _of_length_one(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
