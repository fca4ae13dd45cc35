"""Heatmap quality: every figure against hand arithmetic, the pooling against brute force."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.heatmap_quality import agreement, balance, compactness, inside, pooled


def stack(*grids) -> np.ndarray:
    return np.array(grids, np.float32)


def test_even_evidence_has_a_compactness_of_a_tenth_and_a_single_place_of_one():
    even, single = np.ones((4, 5)), np.zeros((4, 5))
    single[2, 3] = 0.3
    # A tenth of 20 places are 2 places.
    np.testing.assert_allclose(compactness(stack(even, single)), [2 / 20, 1.0], rtol=1e-6)


def test_compactness_counts_the_two_largest_of_twenty_places_and_no_negative_ones():
    grid = np.array([8.0, 4, 2, 1, 1, *[-9] * 15]).reshape(4, 5)
    np.testing.assert_allclose(compactness(stack(grid)), [12 / 16], rtol=1e-6)


def test_evidence_at_both_tips_is_as_compact_as_evidence_at_one():
    one, both = np.zeros((4, 5)), np.zeros((4, 5))
    one[0, 0:2] = both[0, 0] = both[0, 4] = 1
    np.testing.assert_array_equal(compactness(stack(one, both)), [1, 1])


def test_evidence_inside_a_mask_is_its_share_of_the_positive_values():
    grid = np.array([[3.0, 1.0], [-5.0, 0.0]])
    mask = np.array([[True, False], [True, True]])
    np.testing.assert_allclose(inside(stack(grid), mask[None]), [3 / 4])


def test_a_finer_mask_counts_a_cell_by_the_share_that_it_covers():
    mask = np.zeros((1, 2, 8), bool)
    mask[0, 0, :2] = True
    # Two of the four pixels in the left half's upper row, of eight in the left half.
    np.testing.assert_allclose(inside(stack([[1.0, 1.0]]), mask), [0.25 / 2])


def test_balance_is_one_zero_or_minus_one_by_the_sign_of_the_values():
    grids = stack([[2.0, 1.0]], [[2.0, -2.0]], [[-1.0, 0.0]], [[3.0, -1.0]])
    np.testing.assert_allclose(balance(grids), [1, 0, -1, 0.5])


def test_a_map_agrees_with_a_multiple_of_itself_and_disagrees_with_its_opposite():
    grid = np.random.default_rng(0).normal(size=(1, 6, 8))
    np.testing.assert_allclose(agreement(grid, 3 * grid + 5), [1], atol=1e-6)
    np.testing.assert_allclose(agreement(grid, -grid), [-1], atol=1e-6)


def test_maps_of_different_grids_are_compared_on_the_coarser_one():
    rng = np.random.default_rng(1)
    coarse = rng.normal(size=(3, 2, 4))
    fine = rng.normal(size=(3, 6, 8))
    expected = [
        np.corrcoef(one.reshape(2, 3, 4, 2).mean(axis=(1, 3)).ravel(), two.ravel())[0, 1]
        for one, two in zip(fine, coarse, strict=True)
    ]
    np.testing.assert_allclose(agreement(fine, coarse), expected, rtol=1e-5)
    np.testing.assert_allclose(agreement(coarse, fine), expected, rtol=1e-5)


@pytest.mark.parametrize(("rows", "cols"), [(3, 5), (4, 4), (7, 11), (1, 1)])
def test_pooling_equals_brute_force_on_a_grid_so_fine_that_both_grids_divide_it(rows, cols):
    values = np.random.default_rng(2).normal(size=(2, 4, 6))
    finest = values.repeat(rows, axis=1).repeat(cols, axis=2)
    expected = finest.reshape(2, rows, 4, cols, 6).mean(axis=(2, 4))
    np.testing.assert_allclose(pooled(values, rows, cols), expected, atol=1e-12)


def test_what_is_not_defined_is_not_a_number():
    nothing, negative = np.zeros((1, 2, 2)), -np.ones((1, 2, 2))
    mask = np.ones((1, 2, 2), bool)
    undefined = (
        compactness(nothing), compactness(negative), inside(negative, mask), balance(nothing),
        agreement(nothing, np.eye(2)[None]), agreement(np.full((1, 2, 2), 0.1), np.eye(2)[None]),
    )  # fmt: skip
    assert all(np.isnan(one).all() for one in undefined)


def test_a_constant_map_that_rounding_disturbs_has_no_agreement():
    constant = np.full((1, 3, 7), 0.1, np.float32)
    assert np.isnan(agreement(constant, np.random.default_rng(3).normal(size=(1, 16, 32))))


def test_a_single_heatmap_that_is_not_stacked_is_refused_in_one_sentence():
    with pytest.raises(SettingsError, match=r"give values\[None\]"):
        compactness(np.ones((4, 5)))
