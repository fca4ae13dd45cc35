"""The marks of a photo in the words of a vocabulary: 18 bytes instead of a descriptor's 128."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.mark_vocabulary import LOOKS, MarkVocabulary

STORED = np.dtype([("word", "<u2"), ("looks", "u1", LOOKS * 8)])
DIGEST_BYTES = 8


@dataclass(frozen=True, eq=False)
class MarkWords:
    """Where the marks of a crop lie, and what each looks like.

    Attributes
    ----------
    places : ndarray of shape (marks, 2), float32
        x and y in pixels of the crop.
    words : ndarray of shape (marks, nearest), uint16
        The words most like each mark, best first.
    looks : ndarray of shape (marks, nearest, 2), uint64
        The side of each of these words on which the mark lies, bit by bit.
    """

    places: np.ndarray
    words: np.ndarray
    looks: np.ndarray


def in_words(keypoints: Keypoints, vocabulary: MarkVocabulary, nearest: int = 1) -> MarkWords:
    """The marks of a crop in words.

    Parameters
    ----------
    nearest : int
        Words of each mark: one for photos that are looked through; two for the photo that is
        looked for, since a mark between two words may be called by the other elsewhere.
    """
    words = vocabulary.nearest(keypoints.descriptors, nearest).astype(np.uint16)
    repeated = np.repeat(keypoints.descriptors, nearest, axis=0)
    looks = vocabulary.looks(repeated, words.ravel()).reshape(len(words), nearest, LOOKS)
    return MarkWords(keypoints.frames[:, :2].copy(), words, looks)


def packed_words(words: MarkWords, vocabulary: MarkVocabulary) -> bytes:
    """Words and looks of marks with one word each, as they are kept; the places are not."""
    stored = np.empty(len(words.words), STORED)
    stored["word"] = words.words[:, 0]
    stored["looks"] = words.looks[:, 0].view(np.uint8).reshape(-1, LOOKS * 8)
    return vocabulary.digest + stored.tobytes()


def unpacked_words(packed: bytes, places: np.ndarray, vocabulary: MarkVocabulary) -> MarkWords:
    """What `packed_words` was given.

    Parameters
    ----------
    packed : bytes
    places : ndarray of shape (marks, 2), float32

    Raises
    ------
    SettingsError
        When they belong to another vocabulary or to other marks.
    """
    marks = packed[DIGEST_BYTES:]
    fits = packed[:DIGEST_BYTES] == vocabulary.digest
    fits = fits and len(marks) == len(places) * STORED.itemsize
    stored = np.frombuffer(marks, STORED) if fits else np.empty(0, STORED)
    if not fits or (stored["word"] >= len(vocabulary.words)).any():
        raise SettingsError(
            f"{len(packed)} bytes are no words of this vocabulary for {len(places)} marks: make "
            "them again."
        )
    looks = np.ascontiguousarray(stored["looks"]).view(np.uint64).reshape(-1, 1, LOOKS)
    return MarkWords(places, stored["word"].astype(np.uint16)[:, None], looks)
