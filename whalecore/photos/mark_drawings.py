"""Learns the vocabulary of marks that ships: from drawn flukes alone, so that it needs no photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whalecore.files import write_atomically
from whalecore.photos.keypoints import KeypointFinder
from whalecore.photos.mark_vocabulary import SHIPPED, WORDS, learn_vocabulary
from whalecore.photos.synthetic import CollectionSettings, draw_collection
from whalecore.types import Photo

COLLECTION = CollectionSettings(
    individuals=80, photos=250, new_individuals=0, new_photos=0, spoilt_share=0.04, seed=7002
)
"""A seed that no demonstration uses."""


def learn_from_drawings(
    collection: CollectionSettings = COLLECTION, words: int = WORDS
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a collection, find the marks of its flukes and learn words for them.

    Returns
    -------
    words, directions : ndarray
        See `whalecore.photos.mark_vocabulary.learn_vocabulary`.
    """
    finder = KeypointFinder()
    found = [
        finder.find_on(Photo(one.name, f"{one.name}.png", one.pixels), one.box).descriptors
        for one in draw_collection(collection)
    ]
    return learn_vocabulary(np.concatenate(found), words)


def ship(file: Path = SHIPPED) -> None:
    """Write the vocabulary that comes with this package."""
    from safetensors.numpy import save

    words, directions = learn_from_drawings()
    stored = save({"words": words, "directions": directions})
    write_atomically(file, lambda temporary: temporary.write_bytes(stored))


if __name__ == "__main__":
    ship()
