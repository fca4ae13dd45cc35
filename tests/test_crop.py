import numpy as np
import pytest

from whalecore.errors import PhotoError
from whalecore.photos.crop import clip, cut, intersection_over_union, widen
from whalecore.types import Box, Photo


def photo_of(pixels: np.ndarray) -> Photo:
    return Photo(photo_id="0" * 16, name="IMG_1.jpg", pixels=pixels)


def ramp(width: int = 100, height: int = 50) -> Photo:
    """Red grows by 2 a column, green by 4 a row."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(width) * 2
    pixels[..., 1] = (np.arange(height) * 4)[:, None]
    return photo_of(pixels)


def test_a_box_of_the_models_size_is_copied_pixel_by_pixel():
    photo = ramp()
    crop = cut(photo, Box(10, 5, 42, 21), height=16, width=32, margin=0)
    assert crop.dtype == np.uint8
    assert np.array_equal(crop, photo.pixels[5:21, 10:42])


def test_the_margin_is_a_share_of_the_box_on_each_side():
    photo = ramp()
    crop = cut(photo, Box(20, 10, 60, 30), height=24, width=48, margin=0.1)
    assert np.array_equal(crop, photo.pixels[8:32, 16:64])
    assert widen(Box(20, 10, 60, 30), 0.1) == Box(16, 8, 64, 32)


def test_a_margin_that_leaves_the_photo_is_clipped():
    photo = ramp()
    crop = cut(photo, photo.whole, height=50, width=100)
    assert np.array_equal(crop, photo.pixels)


def test_fine_stripes_are_averaged_when_made_smaller():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = cut(photo_of(stripes), Box(0, 0, 64, 64), height=8, width=8, margin=0)
    assert np.abs(crop.astype(int)[:, 1:-1] - 127.5).max() <= 3


def test_a_box_is_clipped_to_the_photo():
    assert clip(Box(-5, -7, 300, 20), ramp()) == Box(0, 0, 100, 20)


@pytest.mark.parametrize(
    "box", [Box(100, 0, 120, 10), Box(-9, 0, 0, 10), Box(0, 50, 9, 60), Box(0, -9, 9, 0)]
)
def test_a_box_beside_the_photo_is_refused_in_one_sentence(box):
    with pytest.raises(PhotoError, match=r"lies outside the photo 'IMG_1.jpg' of 100 x 50 pixels"):
        clip(box, ramp())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (Box(0, 0, 10, 10), Box(0, 0, 10, 10), 1.0),
        (Box(0, 0, 10, 10), Box(5, 0, 15, 10), 50 / 150),
        (Box(0, 0, 10, 10), Box(2, 3, 4, 8), 10 / 100),
        (Box(0, 0, 10, 10), Box(10, 0, 20, 10), 0.0),
        (Box(0, 0, 10, 10), Box(0, 20, 10, 30), 0.0),
    ],
)
def test_overlap_is_shared_area_over_covered_area(a, b, expected):
    assert intersection_over_union(a, b) == pytest.approx(expected)
    assert intersection_over_union(b, a) == pytest.approx(expected)
