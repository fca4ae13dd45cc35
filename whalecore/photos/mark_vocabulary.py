"""A vocabulary of marks: each is named by the typical mark it resembles, and by how it differs.

The Hamming embedding of image search (Jégou, Douze and Schmid 2008): the nearest word says roughly
what a mark looks like, one bit per direction says on which side of the word it lies. Marks with
one word and few different bits look alike, which takes a table of bits instead of descriptors.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.packed_keypoints import DIMENSIONS, LENGTH

SHIPPED = Path(__file__).with_name("mark_vocabulary.safetensors")
"""Learnt from drawings of flukes, so that it holds no photograph and suits any collection."""

WORDS = 512
BITS = DIMENSIONS
LOOKS = BITS // 64
"""64-bit numbers that hold the bits of one mark."""

AT_ONCE = 16_384
"""Marks whose words are looked for together."""


@dataclass(frozen=True, eq=False)
class MarkVocabulary:
    """Typical marks, and the directions in which a mark can differ from them.

    Attributes
    ----------
    words : ndarray of shape (words, 128), float32
        Descriptors.
    directions : ndarray of shape (128, 128), float32
        One per column, at right angles to each other.
    """

    words: np.ndarray
    directions: np.ndarray

    @cached_property
    def digest(self) -> bytes:
        """Eight bytes that change with any number."""
        digest = hashlib.sha256(np.ascontiguousarray(self.words, np.float32).tobytes())
        digest.update(np.ascontiguousarray(self.directions, np.float32).tobytes())
        return digest.digest()[:8]

    def nearest(self, descriptors: np.ndarray, count: int = 1) -> np.ndarray:
        """The words most like each descriptor, best first.

        Parameters
        ----------
        descriptors : ndarray of shape (marks, 128), float32
        count : int

        Returns
        -------
        ndarray of shape (marks, count), int64
        """
        found = np.empty((len(descriptors), count), np.int64)
        half = (self.words**2).sum(axis=1) / 2
        for start in range(0, len(descriptors), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            # Of two words the nearer one has the larger product, less half its squared length.
            likeness = descriptors[part] @ self.words.T - half
            if count == 1:
                found[part, 0] = likeness.argmax(axis=1)
            else:
                found[part] = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        return found

    def looks(self, descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
        """On which side of a word each descriptor lies, bit by bit.

        Parameters
        ----------
        descriptors : ndarray of shape (marks, 128), float32
        words : ndarray of shape (marks,), int

        Returns
        -------
        ndarray of shape (marks, 2), uint64
        """
        sides = (descriptors - self.words[words]) @ self.directions > 0
        return np.packbits(sides, axis=1).view(np.uint64)


def shipped_vocabulary() -> MarkVocabulary:
    """The vocabulary that comes with this package."""
    from safetensors.numpy import load_file

    stored = load_file(SHIPPED)
    return MarkVocabulary(stored["words"].astype(np.float32) / LENGTH, stored["directions"])


def learn_vocabulary(
    descriptors: np.ndarray, words: int = WORDS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Centres of clusters of descriptors, and random directions, as they are shipped.

    Parameters
    ----------
    descriptors : ndarray of shape (marks, 128), float32
    words : int
    seed : int

    Returns
    -------
    words : ndarray of shape (words, 128), uint8
        Multiplied by `whalecore.photos.packed_keypoints.LENGTH`.
    directions : ndarray of shape (128, 128), float32

    Raises
    ------
    SettingsError
        When there are fewer marks than words.
    """
    from sklearn.cluster import MiniBatchKMeans

    if len(descriptors) < words:
        raise SettingsError(
            f"{len(descriptors)} marks are too few for {words} words: draw more flukes."
        )
    clusters = MiniBatchKMeans(words, random_state=seed, batch_size=8192, n_init=1, max_iter=15)
    centres = clusters.fit(descriptors).cluster_centers_
    drawn = np.random.default_rng(seed).normal(size=(DIMENSIONS, DIMENSIONS))
    directions = np.linalg.qr(drawn)[0].astype(np.float32)
    return np.rint(centres * LENGTH).clip(0, 255).astype(np.uint8), directions
