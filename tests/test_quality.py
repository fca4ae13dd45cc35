from dataclasses import astuple

import numpy as np
import pytest
from PIL import Image, ImageFilter

from whalecore.errors import PhotoError
from whalecore.photos.quality import HALF_SHARP, fluke_size, measure
from whalecore.types import Box, Crop, Photo


def photo_of(grey: np.ndarray) -> Photo:
    pixels = np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    return Photo(photo_id="0" * 16, name="IMG_1.jpg", pixels=pixels)


def whole(photo: Photo) -> Crop:
    return Crop(photo.whole, "whole")


def texture(height: int = 64, width: int = 128) -> np.ndarray:
    return np.random.default_rng(0).integers(40, 210, (height, width))


def test_stripes_have_the_sharpness_that_the_formula_gives():
    # Columns alternate between 50 and 70: neighbours left and right differ by 20 from the pixel,
    # those above and below by nothing, so the Laplacian is +40 or -40 and its variance 1600.
    grey = np.full((32, 64), 50)
    grey[:, ::2] = 70
    photo = photo_of(grey)
    quality = measure(photo, whole(photo), 32, 64)
    assert quality.sharpness == pytest.approx(1600 / (1600 + HALF_SHARP), rel=1e-3)


def test_a_blurred_photo_is_less_sharp_and_the_more_so_the_more_it_is_blurred():
    sharp = Image.fromarray(texture().astype(np.uint8))
    values = []
    for radius in (0, 1, 2, 4):
        photo = photo_of(np.asarray(sharp.filter(ImageFilter.GaussianBlur(radius))))
        values.append(measure(photo, whole(photo), 64, 128).sharpness)
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.9
    assert values[-1] < 0.1


def test_an_even_photo_has_neither_sharpness_nor_contrast():
    photo = photo_of(np.full((20, 40), 128))
    quality = measure(photo, whole(photo), 20, 40)
    assert (quality.sharpness, quality.contrast, quality.exposure) == (0.0, 0.0, 1.0)


def test_exposure_is_the_share_of_pixels_that_are_neither_black_nor_burnt_out():
    grey = np.full((40, 80), 128)
    grey[:, :20] = 0
    grey[:, 20:30] = 255
    photo = photo_of(grey)
    assert measure(photo, whole(photo), 40, 80).exposure == pytest.approx(1 - 30 / 80)


def test_contrast_is_the_range_without_the_darkest_and_brightest_twentieth():
    grey = np.full((40, 100), 100)
    grey[:, 50:] = 151
    grey[:, :4], grey[:, -4:] = 0, 255
    photo = photo_of(grey)
    assert measure(photo, whole(photo), 40, 100).contrast == pytest.approx(51 / 255, abs=1e-4)


def test_fluke_share_and_resolution_count_the_part_of_the_box_on_the_photo():
    photo = photo_of(texture(100, 200))
    quality = measure(photo, Crop(Box(150, 0, 250, 40), "given"), 50, 100)
    assert quality.fluke_share == pytest.approx(50 * 40 / 20_000)
    assert quality.resolution == pytest.approx(50 * 40 / 5_000)
    assert measure(photo, whole(photo), 50, 100).resolution == 1.0


@pytest.mark.parametrize(
    ("box", "source", "size"),
    [
        (Box(10, 5, 60.4, 25), "detector", (50, 20)),
        (Box(-10, 90, 20, 130), "given", (20, 10)),
        (Box(0, 0, 200, 100), "whole", (None, None)),
        (Box(300, 0, 400, 10), "given", (None, None)),
    ],
)
def test_the_flukes_size_is_that_of_its_box_on_the_photo_in_pixels(box, source, size):
    found = fluke_size(Crop(box, source), height=100, width=200)
    assert (found["fluke_width"], found["fluke_height"]) == size


@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (500, 3)])
def test_photos_of_any_shape_give_values_between_0_and_1(shape):
    photo = photo_of(texture(*shape))
    for height, width in ((2, 2), (64, 128)):
        assert all(
            0 <= value <= 1 for value in astuple(measure(photo, whole(photo), height, width))
        )


def test_a_box_beside_the_photo_is_refused():
    with pytest.raises(PhotoError, match="lies outside"):
        measure(photo_of(texture()), Crop(Box(500, 0, 600, 10), "corrected"), 8, 16)


def test_a_photo_of_the_lab_without_a_crop_has_no_size_of_its_fluke():
    from whalecore.workflow.measuring import pixels_of

    edges = {"crop_x0": 10.0, "crop_y0": 20.0, "crop_x1": 60.0, "crop_y1": 50.0}
    row = {"height": 100, "width": 200, "crop_confidence": None, "crop_source": "given", **edges}
    assert pixels_of(row) == {"fluke_width": 50, "fluke_height": 30}
    assert pixels_of({**row, **dict.fromkeys(edges), "crop_source": None}) == {}
