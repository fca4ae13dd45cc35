"""Pictures of heatmaps: what green, purple and untouched mean."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from whalecore import overlays
from whalecore.errors import SettingsError
from whalecore.types import Box

GREY = np.full((12, 24, 3), 128, np.uint8)
SIZES = [(1, 1), (1, 7), (13, 29), (64, 128), (257, 511)]


def noise_photo(height=20, width=40, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_positive_value_turns_the_photo_greener():
    red, green, blue = overlays.overlay(GREY, np.full((2, 3), 0.4))[5, 5].astype(int)
    assert green > red + 20
    assert green > blue + 20


def test_a_negative_value_turns_the_photo_more_purple():
    red, green, blue = overlays.overlay(GREY, np.full((2, 3), -0.4))[5, 5].astype(int)
    assert min(red, blue) > green + 15


@pytest.mark.parametrize("kind", [overlays.SIGNED, overlays.SEQUENTIAL])
def test_no_influence_leaves_every_pixel_of_the_photo_as_it_is(kind):
    photo = noise_photo()
    drawn = overlays.overlay(photo, np.zeros((5, 10)), strength=1.0, kind=kind)
    np.testing.assert_array_equal(drawn, photo)


def test_strength_zero_hides_the_heatmap():
    photo = noise_photo()
    values = np.random.default_rng(1).normal(size=(5, 10))
    np.testing.assert_array_equal(overlays.overlay(photo, values, strength=0.0), photo)


def test_the_photo_under_a_mixed_map_changes_only_where_there_is_influence():
    values = np.zeros((4, 8))
    values[:, 7] = 1.0
    photo = noise_photo(40, 80)
    drawn = overlays.overlay(photo, values)
    np.testing.assert_array_equal(drawn[:, :60], photo[:, :60])
    assert (drawn[:, 75:] != photo[:, 75:]).any()


def test_the_cover_is_the_share_strength_times_value_over_limit():
    black = np.zeros((3, 3, 3), np.uint8)
    drawn = overlays.overlay(black, np.full((1, 1), 0.1), strength=0.5, limit=0.4)
    expected = np.rint(0.5 * 0.25 * np.array(overlays.TINTS[1]))
    np.testing.assert_array_equal(drawn[1, 1], expected)


def test_the_signed_scale_is_symmetric_around_white():
    values = np.linspace(0, 1, 11)
    plus, minus = overlays.colours(values, 1.0), overlays.colours(-values, 1.0)
    weights = np.array([0.2126, 0.7152, 0.0722])
    lightness_gap = np.abs((plus - minus) @ weights)
    assert lightness_gap.max() < 45
    np.testing.assert_array_equal(overlays.colours(np.zeros(1), 1.0)[0], [247, 247, 247])
    np.testing.assert_array_equal(plus[-1], overlays.PRGN[-1])
    np.testing.assert_array_equal(minus[-1], overlays.PRGN[0])


@pytest.mark.parametrize("lowest", [-0.3, 0.3])
def test_the_limit_is_the_largest_magnitude_of_all_maps(lowest):
    assert overlays.scale_limit(np.array([[lowest, 0.1]]), np.zeros((2, 2))) == pytest.approx(0.3)


def test_a_map_of_rounding_noise_stays_invisible():
    noise = np.random.default_rng(0).normal(size=(4, 8)) * 1e-9
    photo = noise_photo()
    np.testing.assert_array_equal(overlays.overlay(photo, noise), photo)


def test_values_beyond_the_limit_take_the_colour_of_the_end():
    np.testing.assert_array_equal(
        overlays.colours(np.array([-5.0, 5.0]), 1.0), overlays.colours(np.array([-1.0, 1.0]), 1.0)
    )


def test_values_that_are_no_numbers_count_as_no_influence():
    photo = noise_photo()
    values = np.array([[np.nan, np.inf], [-np.inf, 0.0]])
    np.testing.assert_array_equal(overlays.overlay(photo, values, limit=1.0), photo)


def test_grad_cam_grows_steadily_lighter_and_is_neither_green_nor_purple():
    drawn = overlays.colours(np.linspace(0, 1, 50), 1.0, overlays.SEQUENTIAL)
    lightness = drawn @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > 0).all()
    red, green, blue = drawn.T
    assert not (green > np.maximum(red, blue) + 5).any()
    assert not (np.minimum(red, blue) > green + 5).any()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size_of_crop_and_grid_can_be_drawn(height, width):
    for grid in [(1, 1), (3, 5), (64, 128)]:
        values = np.random.default_rng(0).normal(size=grid)
        drawn = overlays.overlay(noise_photo(height, width), values)
        assert drawn.shape == (height, width, 3)
        assert drawn.dtype == np.uint8


def test_enlarging_keeps_a_constant_and_the_size_that_is_already_right():
    np.testing.assert_allclose(overlays.enlarge(np.full((3, 5), 0.25), 31, 57), 0.25, rtol=1e-6)
    values = np.random.default_rng(0).normal(size=(6, 9)).astype(np.float32)
    np.testing.assert_allclose(overlays.enlarge(values, 6, 9), values, rtol=1e-6)


def test_enlarging_two_cells_to_four_is_bilinear_between_their_centres():
    np.testing.assert_allclose(
        overlays.enlarge(np.array([[0.0, 1.0]]), 1, 4)[0], [0, 0.25, 0.75, 1], atol=1e-6
    )


def test_the_mean_heatmap_is_the_mean_place_by_place():
    stack = np.array([[[1.0, 2.0]], [[3.0, -2.0]]])
    np.testing.assert_array_equal(overlays.mean_heatmap(stack), [[2.0, 0.0]])


def test_the_mean_of_no_heatmaps_is_refused_in_one_sentence():
    with pytest.raises(SettingsError, match="at least one heatmap"):
        overlays.mean_heatmap(np.zeros((0, 3, 4)))


def test_a_heatmap_without_a_photo_is_white_where_nothing_matters():
    picture = overlays.heatmap_picture(np.zeros((3, 6)), 30, 60)
    assert picture.shape == (30, 60, 3)
    assert (picture == 247).all()


@pytest.mark.parametrize("strength", [None, 0.8])
def test_the_legend_runs_from_purple_to_green_with_white_or_untouched_in_the_middle(strength):
    strip = overlays.legend(0.34, strength=strength)[8, 30:-30, :3].astype(int)
    left, middle, right = strip[1], strip[len(strip) // 2], strip[-2]
    assert left[1] < min(left[0], left[2])
    assert right[1] > max(right[0], right[2])
    assert middle.min() > 235


def test_the_legend_writes_light_on_dark_pages_and_dark_on_light_ones():
    def writing(picture):
        below = picture[26:]
        return below[below[..., 3] == 255][:, :3].mean()

    assert writing(overlays.legend(1.0, dark=True)) > 200
    assert writing(overlays.legend(1.0, dark=False)) < 70


def test_legends_of_different_limits_show_different_numbers():
    assert (overlays.legend(0.34)[26:] != overlays.legend(0.52)[26:]).any()


def test_a_box_is_drawn_at_its_edges_and_nowhere_else():
    photo = np.zeros((100, 200, 3), np.uint8)
    drawn = overlays.draw_box(photo, Box(20, 30, 120, 80), (255, 176, 0))
    for y, x in [(30, 20), (79, 119), (30, 70), (50, 119)]:
        np.testing.assert_array_equal(drawn[y, x], [255, 176, 0])
    assert (drawn[:30] == 0).all()
    assert (drawn[:, 120:] == 0).all()
    assert (drawn[40:70, 30:110] == 0).all()
    assert (photo == 0).all()


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 500, 500), Box(0.2, 0.2, 0.4, 0.4), Box(300, 300, 400, 400)]
)
def test_a_box_that_leaves_the_photo_or_is_tiny_does_not_stop_the_page(box):
    assert overlays.draw_box(noise_photo(), box).shape == (20, 40, 3)


def test_a_thumbnail_is_webp_and_keeps_the_proportions():
    image = Image.open(io.BytesIO(overlays.thumbnail(noise_photo(100, 400), width=200)))
    assert image.format == "WEBP"
    assert image.size == (200, 50)


def test_a_thumbnail_is_never_enlarged():
    assert Image.open(io.BytesIO(overlays.thumbnail(noise_photo(10, 20)))).size == (20, 10)


def test_a_contact_cell_shows_the_crop_under_its_heatmap():
    values = np.zeros((2, 4))
    values[:, :2] = 1.0
    cell = overlays.contact_cell(np.full((100, 200, 3), 128, np.uint8), values, width=100)
    pixels = np.asarray(Image.open(io.BytesIO(cell)).convert("RGB")).astype(int)
    assert pixels.shape == (50, 100, 3)
    assert pixels[25, 10, 1] > pixels[25, 10, 0] + 20
    assert abs(pixels[25, 95] - 128).max() < 8


@pytest.mark.parametrize(
    "call",
    [
        lambda: overlays.overlay(GREY, np.zeros((2, 2)), strength=1.5),
        lambda: overlays.overlay(GREY, np.zeros((2, 2)), limit=0.0),
        lambda: overlays.overlay(GREY, np.zeros(4)),
        lambda: overlays.overlay(GREY, np.zeros((0, 4))),
        lambda: overlays.overlay(GREY, np.zeros((2, 2)), kind="rainbow"),
        lambda: overlays.overlay(GREY[..., 0], np.zeros((2, 2))),
        lambda: overlays.overlay(GREY.astype(float), np.zeros((2, 2))),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(call):
    with pytest.raises(SettingsError) as problem:
        call()
    assert len(re.findall(r"[.!?](?:\s|$)", str(problem.value))) == 1


def test_the_scale_follows_from_the_method():
    assert overlays.kind_of("osm") == overlays.SIGNED
    assert overlays.kind_of("gradcam") == overlays.SEQUENTIAL


def test_the_difference_of_two_heatmaps_compares_each_to_its_own_strongest_place():
    left, right = np.array([[2.0, 0.0, -1.0]]), np.array([[0.0, -40.0, 20.0]])
    np.testing.assert_allclose(overlays.difference(left, right), [[1.0, 1.0, -1.0]])
    np.testing.assert_array_equal(overlays.difference(left, 7 * left), np.zeros((1, 3)))


def test_the_difference_is_taken_on_the_finer_grid():
    coarse, fine = np.array([[1.0]]), np.zeros((4, 6))
    fine[0, 0] = -2.0
    found = overlays.difference(coarse, fine)
    assert found.shape == (4, 6)
    assert found[0, 0] == 2.0
    assert (found.ravel()[1:] == 1.0).all()


def test_the_words_under_the_legend_can_be_others():
    usual = overlays.legend(1.0)
    other = overlays.legend(1.0, words=("right", "difference", "left"))
    assert usual.shape == other.shape
    assert (usual != other).any()


def test_a_picture_with_opacity_is_kept_as_it_is_without_loss():
    legend = overlays.legend(0.5)
    again = np.asarray(Image.open(io.BytesIO(overlays.picture_bytes(legend, lossless=True))))
    seen = legend[..., 3] > 0
    np.testing.assert_array_equal(again[seen], legend[seen])
