"""Marks are found where they are, and the same marks are found again on a shifted crop."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import match
from whalecore.photos.keypoints import KeypointFinder, KeypointSettings


@pytest.fixture(scope="module")
def finder():
    return KeypointFinder(KeypointSettings(60, 128, 256))


def spotted(centres, size=4.0, height=128, width=256) -> np.ndarray:
    """White spots on grey; the size is their standard deviation in pixels."""
    rows, columns = np.mgrid[:height, :width]
    picture = np.full((height, width), 90.0)
    for x, y in centres:
        picture += 140 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * size**2))
    return np.repeat(picture.clip(0, 255)[..., None], 3, axis=2).astype(np.uint8)


def test_a_round_spot_is_found_where_it_lies(finder):
    found = finder.find(spotted([(100, 60)]))
    np.testing.assert_allclose(found.frames[0, :2], (100, 60), atol=0.5)


def test_a_larger_spot_has_a_larger_size(finder):
    small, large = (finder.find(spotted([(100, 60)], size)).frames[0, 2] for size in (3.0, 6.0))
    assert large == pytest.approx(2 * small, rel=0.15)


def test_descriptors_have_length_one(finder):
    found = finder.find(texture())
    np.testing.assert_allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-3)


def texture(shift=0, seed=0) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=(128, 300)), 2.5)[:, shift : shift + 256]
    picture = (128 + 300 * noise).clip(0, 255)
    return np.repeat(picture[..., None], 3, axis=2).astype(np.uint8)


def test_the_same_marks_are_found_again_on_a_shifted_crop(finder):
    found = match(finder.find(texture()), finder.find(texture(shift=24)))
    assert len(found.query) >= 20
    moved = found.query - found.other
    np.testing.assert_allclose(np.median(moved, axis=0), (24, 0), atol=0.5)


def test_other_marks_do_not_match(finder):
    assert len(match(finder.find(texture()), finder.find(texture(seed=1))).query) < 6


def test_a_crop_of_one_colour_has_no_marks(finder):
    found = finder.find(np.full((128, 256, 3), 77, np.uint8))
    assert found.frames.shape == (0, 3)
    assert found.descriptors.shape == (0, 128)


@pytest.mark.parametrize(
    "crop", [np.zeros((64, 256, 3), np.uint8), np.zeros((128, 256, 3), np.float32)]
)
def test_a_crop_of_another_size_or_kind_is_refused_in_one_sentence(finder, crop):
    with pytest.raises(SettingsError, match="cut it with the settings' size"):
        finder.find(crop)


def test_settings_out_of_range_are_refused():
    with pytest.raises(SettingsError, match="count is 0"):
        KeypointSettings(count=0)
