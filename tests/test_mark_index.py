"""Looking for marks through an index finds what looking at every pair finds."""

import numpy as np
import pytest

from tests.test_mark_vocabulary import small
from tests.test_mark_words import keypoints
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.mark_index import (
    MOST_DIFFERENT,
    NEAREST,
    NOTHING,
    WINDOW,
    MarkIndex,
    likeness,
)
from whalecore.photos.mark_words import in_words

VOCABULARY = small(6)


def changed(found: Keypoints, seed: int, amount: float = 0.4, moved: float = 30.0) -> Keypoints:
    """The same marks, a little different and elsewhere."""
    rng = np.random.default_rng(seed)
    frames, looks = found.frames.copy(), found.descriptors.copy()
    frames[:, :2] += rng.normal(0, moved, (len(frames), 2))
    # Inside the crop, and so that no pair lies where rounding decides.
    frames[:, :2] = np.maximum(np.round(frames[:, :2] * 2) / 2, 0)
    looks += rng.normal(0, amount / np.sqrt(looks.shape[1]), looks.shape).astype(np.float32)
    return Keypoints(frames, looks / np.linalg.norm(looks, axis=1, keepdims=True))


def test_the_answers_are_those_of_comparing_every_pair_of_marks():
    query = changed(keypoints(60, 1), 0, 0.0, 0.0)
    photos = {"a": changed(query, 2), "b": keypoints(40, 3), "c": changed(query, 4, 0.1, 60.0)}
    words = {name: in_words(one, VOCABULARY) for name, one in photos.items()}
    asked = in_words(query, VOCABULARY, NEAREST)
    expected = []
    for place, one in enumerate(words.values()):
        for mark in range(60):
            for at in range(NEAREST):
                for other in range(len(one.words)):
                    far = np.abs(one.places[other] - asked.places[mark])
                    differs = asked.looks[mark, at] ^ one.looks[other, 0]
                    bits = int(np.bitwise_count(differs).sum())
                    same = one.words[other, 0] == asked.words[mark, at] and far.max() <= WINDOW
                    if same and bits <= MOST_DIFFERENT:
                        expected.append((mark, place, round(np.exp(-((bits / 32) ** 2)), 5)))
    answers = MarkIndex(words).ask(asked)
    triples = zip(answers.marks, answers.photos, answers.weights, strict=True)
    assert sorted((m, p, round(float(w), 5)) for m, p, w in triples) == sorted(expected)
    assert len(expected) > 40


def test_a_mark_at_the_edge_of_the_window_answers_and_one_beyond_does_not():
    one = keypoints(1)
    here, right, left, far = (
        Keypoints(np.array([[x, 50, 3]], np.float32), one.descriptors)
        for x in (500, 548, 452, 548.5)
    )
    photos = {"right": right, "left": left, "far": far}
    index = MarkIndex({name: in_words(marks, VOCABULARY) for name, marks in photos.items()})
    found = index.ask(in_words(here, VOCABULARY, NEAREST))
    assert {index.photo_ids[place] for place in found.photos} == {"right", "left"}


def test_a_mark_takes_twenty_six_bytes():
    words = {name: in_words(keypoints(30, seed), VOCABULARY) for seed, name in enumerate("ab")}
    assert MarkIndex(words).size == 60 * 26


def test_an_index_of_nothing_answers_nothing():
    asked = in_words(keypoints(), VOCABULARY, NEAREST)
    assert len(MarkIndex({}).ask(asked).marks) == 0
    assert (
        len(
            MarkIndex({"a": NOTHING, "b": in_words(keypoints(), VOCABULARY)})
            .ask(in_words(keypoints(0), VOCABULARY, NEAREST))
            .marks
        )
        == 0
    )


def test_a_mark_counts_once_for_each_individual_and_less_the_more_have_it():
    marks, individuals = np.array([0, 0, 0, 1, 2, 2, 2]), np.array([0, 0, 1, 2, 0, 1, 2])
    weights = np.array([0.5, 1.0, 0.5, 0.8, 1.0, 1.0, 1.0])
    found = likeness(marks, individuals, weights, (4, 3))
    # Mark 0 is had by 1.5 of 3 individuals, mark 1 by one, mark 2 by all, mark 3 by none.
    expected = [np.log(2) * 1.0, np.log(2) * 0.5, np.log(3) * 0.8]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(0, 3), (2, 3)])
def test_without_answers_nobody_has_anything_in_common(shape):
    nothing = np.empty(0, int)
    np.testing.assert_array_equal(likeness(nothing, nothing, np.empty(0), shape), np.zeros(3))
