"""Words for marks: the nearest one, and the sides on which a mark lies."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.photos.mark_drawings import learn_from_drawings
from whalecore.photos.mark_vocabulary import (
    BITS,
    WORDS,
    MarkVocabulary,
    learn_vocabulary,
    shipped_vocabulary,
)
from whalecore.photos.packed_keypoints import LENGTH
from whalecore.photos.synthetic import CollectionSettings


def descriptors(count: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).random((count, BITS)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def small(words: int = 20) -> MarkVocabulary:
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(BITS, BITS)))[0]
    # Of different lengths: the nearest is not the one with the largest product.
    lengths = np.linspace(0.5, 1.5, words, dtype=np.float32)[:, None]
    return MarkVocabulary(descriptors(words, 3) * lengths, turned.astype(np.float32))


def test_the_nearest_words_are_those_at_the_smallest_distance():
    vocabulary, some = small(), descriptors(50)
    distances = np.linalg.norm(some[:, None] - vocabulary.words[None], axis=2)
    expected = np.argsort(distances, axis=1)
    np.testing.assert_array_equal(vocabulary.nearest(some, 3), expected[:, :3])
    np.testing.assert_array_equal(vocabulary.nearest(some), expected[:, :1])


def test_a_bit_says_on_which_side_of_its_word_a_mark_lies():
    vocabulary, some = small(), descriptors(4)
    words = np.array([0, 5, 5, 19])
    bits = np.unpackbits(vocabulary.looks(some, words).view(np.uint8), axis=1).astype(bool)
    for row, word in enumerate(words):
        for column in range(BITS):
            along = float((some[row] - vocabulary.words[word]) @ vocabulary.directions[:, column])
            assert bits[row, column] == (along > 0) or abs(along) < 1e-6


def test_no_marks_have_no_words():
    nothing = np.empty((0, BITS), np.float32)
    assert small().nearest(nothing, 2).shape == (0, 2)
    assert small().looks(nothing, np.empty(0, int)).shape == (0, 2)


def test_another_vocabulary_has_another_digest():
    one = small()
    other = MarkVocabulary(one.words, -one.directions)
    assert one.digest == small().digest
    assert len({one.digest, other.digest, small(19).digest}) == 3


def test_the_shipped_vocabulary_is_whole():
    found = shipped_vocabulary()
    assert found.words.shape == (WORDS, BITS)
    assert found.words.dtype == found.directions.dtype == np.float32
    np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(BITS), atol=1e-5)
    # Means of descriptors of length 1 are shorter, but no two words are one.
    assert (np.linalg.norm(found.words, axis=1) < 1.01).all()
    assert len(np.unique(found.words, axis=0)) == WORDS


def test_the_same_marks_make_the_same_vocabulary():
    some = descriptors(300)
    first, second = (learn_vocabulary(some, words=8, seed=2) for _ in range(2))
    for mine, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    words = first[0] / LENGTH
    assert np.abs(np.linalg.norm(words, axis=1) - 1).max() < 0.2


def test_too_few_marks_make_no_vocabulary():
    with pytest.raises(SettingsError, match="7 marks are too few for 8 words"):
        learn_vocabulary(descriptors(7), words=8)


def test_a_vocabulary_is_learnt_from_drawings_alone():
    few = CollectionSettings(individuals=2, photos=4, new_individuals=0, new_photos=0, seed=1)
    words, directions = learn_from_drawings(few, words=16)
    assert (words.shape, words.dtype) == ((16, BITS), np.uint8)
    assert directions.shape == (BITS, BITS)
