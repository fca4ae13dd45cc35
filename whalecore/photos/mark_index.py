"""Which photos have marks like those of a photo, without comparing it with each of them.

As in the Hamming embedding of image search (Jégou, Douze and Schmid 2008): a mark asks only those
that share its word, and those whose bits differ little answer. Flukes are cut out upright and
whole, so that a mark of the same animal also lies nearly where it lies on the other crop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from whalecore.photos.mark_vocabulary import BITS, LOOKS
from whalecore.photos.mark_words import MarkWords

NEAREST = 2
"""Words by which a mark of the photo that is asked about is looked for."""

WINDOW = 48.0
"""Pixels of the crop by which the same mark may lie elsewhere, across and down."""

MOST_DIFFERENT = 40
"""Of 128 bits those that may differ between looks of one mark; chance lets 64 differ."""

BREADTH = BITS / 4
"""Differing bits at which an answer counts 1 / e."""

WIDEST = 2048.0
"""Pixels across that are told apart, so that marks of different words never mix."""

ASKED_AT_ONCE = 64
"""Marks that ask together: bounds the memory where many marks have one word."""


NOTHING = MarkWords(
    np.empty((0, 2), np.float32), np.empty((0, 1), np.uint16), np.empty((0, 1, LOOKS), np.uint64)
)


@dataclass(frozen=True, eq=False)
class Answers:
    """Marks of photos that look like marks of the photo asked about.

    Attributes
    ----------
    marks : ndarray of shape (answers,), int64
        Of the photo asked about.
    photos : ndarray of shape (answers,), int32
        Positions in the index's ``photo_ids``.
    weights : ndarray of shape (answers,), float32
        1 for the same look, less the more bits differ.
    """

    marks: np.ndarray
    photos: np.ndarray
    weights: np.ndarray


class MarkIndex:
    """Marks of photos by word and place: 26 bytes each in memory.

    Parameters
    ----------
    photos : mapping of str to MarkWords
        By id, one word per mark.

    Attributes
    ----------
    photo_ids : tuple of str
    """

    def __init__(self, photos: Mapping[str, MarkWords]) -> None:
        self.photo_ids = tuple(photos)
        every = [*photos.values(), NOTHING]
        places = np.concatenate([one.places for one in every])
        words = np.concatenate([one.words[:, 0] for one in every])
        looks = np.concatenate([one.looks[:, 0] for one in every])
        owners = np.repeat(np.arange(len(every), dtype=np.int32), [len(one.words) for one in every])
        keys = _keys(words, places[:, 0])
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._down = places[order, 1].astype(np.float16)
        self._looks = looks[order]
        self._owners = owners[order]

    @property
    def size(self) -> int:
        """Bytes in memory, ids left out."""
        return sum(one.nbytes for one in (self._keys, self._down, self._looks, self._owners))

    def ask(self, photo: MarkWords) -> Answers:
        """All marks here that look like one of a photo and lie nearly where it lies."""
        found = [
            self._ask(photo, slice(start, start + ASKED_AT_ONCE))
            for start in range(0, max(len(photo.words), 1), ASKED_AT_ONCE)
        ]
        return Answers(*(np.concatenate(values) for values in zip(*found, strict=True)))

    def _ask(self, photo: MarkWords, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        nearest = photo.words.shape[1]
        places = np.repeat(photo.places[part], nearest, axis=0)
        words, looks = photo.words[part].ravel(), photo.looks[part].reshape(-1, LOOKS)
        first = np.searchsorted(self._keys, _keys(words, places[:, 0] - WINDOW))
        last = np.searchsorted(self._keys, _keys(words, places[:, 0] + WINDOW), side="right")
        counts = last - first
        asking = np.repeat(np.arange(len(words)), counts)
        here = np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts)
        near = np.abs(self._down[here] - places[asking, 1]) <= WINDOW
        asking, here = asking[near], here[near]
        different = np.bitwise_count(self._looks[here] ^ looks[asking]).sum(axis=1)
        alike = different <= MOST_DIFFERENT
        weights = np.exp(-((different[alike] / BREADTH) ** 2)).astype(np.float32)
        return part.start + asking[alike] // nearest, self._owners[here[alike]], weights


def likeness(
    marks: np.ndarray, individuals: np.ndarray, weights: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """How much individuals have in common with a photo, from the answers to its marks.

    Each mark counts once for an individual, by its best answer, and counts the less the more
    individuals answer it (the inverse document frequency of text search, Spärck Jones 1972).

    Parameters
    ----------
    marks, individuals : ndarray of shape (answers,), int
        Rows of the photo's marks and of the individuals.
    weights : ndarray of shape (answers,), float
    shape : (int, int)
        How many marks and individuals there are.

    Returns
    -------
    ndarray of shape (individuals,), float64
        0 for those with nothing in common; no unit.
    """
    best = np.zeros(shape[0] * shape[1])
    np.maximum.at(best, np.asarray(marks, np.int64) * shape[1] + individuals, weights)
    best = best.reshape(shape)
    strongest = best.max(axis=1, initial=0.0)
    answering = best.sum(axis=1) / np.maximum(strongest, 1e-12)
    return np.log(shape[1] / np.maximum(answering, 1)) @ best


def _keys(words: np.ndarray, across: np.ndarray) -> np.ndarray:
    return (words * WIDEST + np.clip(across, 0, WIDEST - 1)).astype(np.float32)
