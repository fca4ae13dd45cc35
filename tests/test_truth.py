"""Heatmaps against masks whose overlap is known."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.explain.patches import positions
from whalecore.explain.truth import cell_centres, enlarge, mass_inside, points_inside


def square(height, width, rows, cols):
    mask = np.zeros((height, width), dtype=bool)
    mask[rows, cols] = True
    return mask


def test_a_map_of_the_input_size_is_enlarged_to_itself():
    values = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    np.testing.assert_allclose(enlarge(values, 5, 7), values, atol=1e-7)


def test_enlarging_is_linear_between_centres_and_flat_beyond_them():
    enlarged = enlarge(np.array([[0.0, 4.0]]), 2, 8)
    np.testing.assert_allclose(enlarged[0], [0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4])
    np.testing.assert_array_equal(enlarged[0], enlarged[1])


@pytest.mark.parametrize(("length", "stride"), [(9, 4), (13, 5), (16, 4), (7, 1)])
def test_an_occlusion_map_keeps_its_values_at_its_own_positions(length, stride):
    places = positions(length, stride)
    places = places[places < length]
    if stride % 2 == 1:  # an even block has its middle between two pixels
        values = np.random.default_rng(0).normal(size=(len(positions(length, stride)), 1))
        enlarged = enlarge(values, length, stride, stride)
        np.testing.assert_allclose(enlarged[places, 0], values[: len(places), 0], atol=1e-6)
    centres = cell_centres(len(positions(length, stride)), length, stride)
    np.testing.assert_array_equal(np.floor(centres)[: len(places)], places)


def test_a_uniform_map_scores_the_share_of_the_mask():
    mask = square(8, 10, slice(2, 6), slice(0, 5))
    assert mass_inside(np.ones((4, 5)), mask) == pytest.approx(20 / 80)


def test_mass_counts_positive_values_only():
    values = np.array([[3.0, 1.0], [-50.0, 0.0]])
    mask = square(2, 2, slice(0, 1), slice(0, 1))
    assert mass_inside(values, mask) == pytest.approx(0.75)


def test_a_map_inside_the_mask_scores_one_and_an_empty_map_zero():
    mask = square(4, 4, slice(0, 2), slice(0, 2))
    assert mass_inside(mask.astype(float), mask) == 1.0
    assert mass_inside(1.0 - mask, mask) == 0.0
    assert mass_inside(np.zeros((4, 4)), mask) == 0.0
    assert mass_inside(-np.ones((4, 4)), mask) == 0.0


def test_pointing_asks_where_the_largest_cell_has_its_centre():
    values = np.zeros((2, 4))
    values[1, 2] = 1.0
    assert points_inside(values, square(8, 16, slice(4, 8), slice(8, 12)))
    assert not points_inside(values, square(8, 16, slice(0, 4), slice(8, 12)))
    assert points_inside(values, square(8, 16, 5, 9))
    assert not points_inside(values, square(8, 16, 6, 9))


def test_a_flat_map_does_not_point_anywhere():
    mask = square(4, 4, 0, 0)
    assert not points_inside(np.ones((4, 4)), mask)
    assert points_inside(np.ones((4, 4)), np.ones((4, 4), dtype=bool))


def test_a_last_position_beyond_the_border_points_at_the_border():
    values = np.zeros((1, 3))
    values[0, 2] = 1.0
    assert points_inside(values, square(1, 9, 0, 8), stride=4)


def test_a_mask_of_numbers_is_refused():
    with pytest.raises(SettingsError, match="float64"):
        mass_inside(np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(SettingsError, match="truth values"):
        points_inside(np.ones((2, 2)), np.ones((1, 2, 2), dtype=bool))
