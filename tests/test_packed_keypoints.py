"""Keypoints are kept in few bytes, and come back as what they were."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.packed_keypoints import kept, packed, unpacked


def drawn(count=50, seed=0):
    """Frames on a crop of 512 x 256, and descriptors as RootSIFT makes them."""
    rng = np.random.default_rng(seed)
    frames = rng.uniform((0, 0, 1), (512, 256, 40), (count, 3)).astype(np.float32)
    squares = rng.dirichlet(np.full(128, 0.3), count)
    return Keypoints(frames, np.sqrt(squares).astype(np.float32))


def test_a_mark_takes_134_bytes():
    frames, descriptors = packed(drawn(50))
    assert (len(frames), len(descriptors)) == (50 * 6, 50 * 128)


def test_places_come_back_to_a_quarter_of_a_pixel_and_looks_nearly_the_same():
    before = drawn()
    after = kept(before)
    assert np.abs(after.frames - before.frames).max() <= 0.25
    np.testing.assert_allclose(np.linalg.norm(after.descriptors, axis=1), 1, atol=1e-6)
    likeness = before.descriptors @ before.descriptors.T
    assert np.abs(after.descriptors @ after.descriptors.T - likeness).max() < 0.01


def test_what_was_kept_once_stays_as_it_is():
    once = kept(drawn())
    again = kept(once)
    np.testing.assert_array_equal(again.frames, once.frames)
    np.testing.assert_allclose(again.descriptors, once.descriptors, atol=2e-3)


def test_a_fluke_without_marks_comes_back_without_marks():
    none = Keypoints(np.empty((0, 3), np.float32), np.empty((0, 128), np.float32))
    assert len(kept(none).frames) == 0


@pytest.mark.parametrize(
    ("frames", "descriptors", "words"),
    [
        (b"\0" * 7, b"\0" * 128, "7 bytes are no frames"),
        (b"\0" * 6, b"\0" * 127, "127 bytes are no descriptors of 1"),
        (b"\0" * 12, b"\0" * 128, "128 bytes are no descriptors of 2"),
        (np.array([np.nan, 0, 1], "<f2").tobytes(), b"\1" * 128, "no numbers"),
    ],
)
def test_damaged_bytes_are_refused(frames, descriptors, words):
    with pytest.raises(SettingsError, match=words):
        unpacked(frames, descriptors)
