"""Marks in words: made, kept in few bytes, and refused where they belong to others."""

import numpy as np
import pytest

from tests.test_mark_vocabulary import descriptors, small
from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.mark_words import in_words, packed_words, unpacked_words


def keypoints(count: int = 30, seed: int = 0) -> Keypoints:
    frames = np.random.default_rng(seed).uniform(1, 200, (count, 3)).astype(np.float32)
    return Keypoints(frames, descriptors(count, seed))


def test_each_mark_has_its_place_its_words_and_its_look_beside_each_of_them():
    vocabulary, some = small(), keypoints()
    found = in_words(some, vocabulary, nearest=2)
    np.testing.assert_array_equal(found.places, some.frames[:, :2])
    np.testing.assert_array_equal(found.words, vocabulary.nearest(some.descriptors, 2))
    for at in range(2):
        looks = vocabulary.looks(some.descriptors, found.words[:, at])
        np.testing.assert_array_equal(found.looks[:, at], looks)


@pytest.mark.parametrize("count", [0, 1, 30])
def test_words_come_back_from_eighteen_bytes_a_mark(count):
    vocabulary = small()
    found = in_words(keypoints(count), vocabulary)
    packed = packed_words(found, vocabulary)
    assert len(packed) == 8 + 18 * count
    again = unpacked_words(packed, found.places, vocabulary)
    for name in ("places", "words", "looks"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))


def test_bytes_of_other_marks_or_of_another_vocabulary_are_refused():
    vocabulary, found = small(), in_words(keypoints(), small())
    packed = packed_words(found, vocabulary)
    strange = packed[:8] + b"\xff\xff" + packed[10:]
    cases = [
        (b"", vocabulary),
        (packed[:-1], vocabulary),
        (packed[:-18], vocabulary),
        (strange, vocabulary),
        (packed, small(19)),
    ]
    for damaged, whose in cases:
        with pytest.raises(SettingsError, match="no words of this vocabulary for 30 marks"):
            unpacked_words(damaged, found.places, whose)
