"""Marks match where they look alike and lie alike, and nowhere else."""

import numpy as np
import pytest

from whalecore.photos.keypoint_matches import (
    Keypoints,
    MatchSettings,
    agree,
    match,
    unambiguous,
)


def marks(count=40, seed=0) -> Keypoints:
    rng = np.random.default_rng(seed)
    frames = rng.uniform((0, 0, 3), (512, 256, 9), (count, 3))
    descriptors = rng.normal(size=(count, 128))
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    return Keypoints(frames.astype(np.float32), descriptors.astype(np.float32))


def moved(keypoints: Keypoints, scale=1.2, turn=0.1, shift=(10, -5)) -> Keypoints:
    """The same marks seen larger, turned and elsewhere."""
    frames = keypoints.frames.astype(np.float64).copy()
    place = (frames[:, 0] + 1j * frames[:, 1]) * scale * np.exp(1j * turn)
    frames[:, 0], frames[:, 1] = place.real + shift[0], place.imag + shift[1]
    frames[:, 2] *= scale
    return Keypoints(frames.astype(np.float32), keypoints.descriptors)


def test_a_pair_is_kept_where_the_nearest_is_clearly_nearer_than_the_second():
    likeness = np.array([[0.98, 0.5, 0.1], [0.9, 0.88, 0.2]], np.float32)
    rows, columns, weights = unambiguous(likeness, 0.8)
    assert (rows.tolist(), columns.tolist()) == ([0], [0])
    assert weights[0] == pytest.approx(1 - np.sqrt(0.02 / 0.5), abs=1e-6)


def test_the_same_marks_seen_larger_turned_and_elsewhere_all_match():
    here = marks()
    there = moved(here)
    found = match(here, there)
    np.testing.assert_array_equal(found.query, here.frames[:, :2])
    np.testing.assert_array_equal(found.other, there.frames[:, :2])


def test_the_strength_is_the_sum_of_one_minus_the_ratios_of_the_pairs():
    here, there = marks(6), moved(marks(6))
    weights = unambiguous(here.descriptors @ there.descriptors.T, 0.85)[2]
    assert match(here, there).strength == pytest.approx(weights.sum(), abs=1e-6)


def test_marks_that_look_alike_but_lie_elsewhere_are_left_out():
    here = marks()
    there = moved(here)
    frames = there.frames.copy()
    frames[:10, 0] += 200
    found = match(here, Keypoints(frames, there.descriptors))
    np.testing.assert_array_equal(found.query, here.frames[10:, :2])


def test_marks_of_two_animals_do_not_match():
    assert len(match(marks(seed=1), marks(seed=2)).query) == 0


@pytest.mark.parametrize("scale", [2.5, 0.3])
def test_a_fluke_of_a_very_different_size_is_not_looked_for(scale):
    assert len(match(marks(), moved(marks(), scale=scale)).query) == 0


def test_a_mirrored_fluke_is_another_one():
    here = marks()
    frames = here.frames.copy()
    frames[:, 0] = 511 - frames[:, 0]
    assert len(match(here, Keypoints(frames, here.descriptors)).query) == 0


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_marks_prove_nothing(count):
    assert match(marks(count), moved(marks(count))).strength == 0


def test_marks_on_one_line_prove_nothing():
    frames = np.column_stack([np.arange(5) * 20.0, np.full(5, 7.0), np.full(5, 4.0)])
    frames = frames.astype(np.float32)
    assert not agree(frames, frames, np.ones(5, np.float32), MatchSettings()).any()
