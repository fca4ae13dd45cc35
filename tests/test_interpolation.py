"""Filled maps against planes, which linear interpolation reproduces exactly."""

import numpy as np
import pytest

from whalecore.explain.interpolation import finest_level, interpolated, smoothly_interpolated
from whalecore.explain.phases import AxisGrid, MapGrid, map_grid


def test_a_row_is_linear_between_known_places_and_constant_beyond_them():
    grid = MapGrid(AxisGrid(1, 4, 0), AxisGrid(8, 4, 2))
    known = grid.known_at(0)
    assert known.tolist() == [[False, False, True, False, False, False, True, False]]
    values = np.array([[[np.nan, np.nan, 1, np.nan, np.nan, np.nan, 3, np.nan]]], np.float32)
    filled = interpolated(values, known, grid)
    assert filled.dtype == np.float32
    assert filled.tolist() == [[[1, 1, 1, 1.5, 2, 2.5, 3, 3]]]


@pytest.mark.parametrize("level", range(3))
def test_a_plane_is_filled_exactly_between_the_outermost_known_places(level):
    grid = map_grid(21, 43, stride=8, total_stride=32)
    rows, cols = np.mgrid[:21, :43]
    # With a product of both axes: linear along each, which is what is asked for.
    truth = np.stack([2.0 * rows - cols + 5, rows * cols - 3.0 * cols])
    known = grid.known_at(level)
    assert not known.all() or level == grid.levels - 1
    filled = interpolated(np.where(known, truth, np.inf), known, grid)
    inside = np.ix_(
        range(2),
        np.clip(range(21), *grid.rows.of_level(level)[[0, -1]]),
        np.clip(range(43), *grid.cols.of_level(level)[[0, -1]]),
    )
    np.testing.assert_allclose(filled, truth[inside], rtol=1e-6)


def test_places_known_beside_the_grid_keep_their_values():
    grid = map_grid(9, 17, stride=8, total_stride=32)
    known = grid.known_at(0)
    known[0, 0] = known[3, 4] = True
    values = np.zeros((1, 9, 17))
    values[0, 0, 0], values[0, 3, 4] = 7, -2
    filled = interpolated(values, known, grid)[0]
    beside = known & ~grid.known_at(0)
    assert filled[0, 0] == 7
    assert filled[3, 4] == -2
    assert (filled[~beside] == 0).all()


def test_a_known_map_is_returned_as_it_is():
    grid = map_grid(9, 17, stride=8, total_stride=32)
    values = np.random.default_rng(0).normal(size=(2, 9, 17)).astype(np.float32)
    np.testing.assert_array_equal(interpolated(values, np.ones((9, 17), bool), grid), values)


def test_the_finest_level_is_the_last_one_known_completely():
    grid = map_grid(9, 17, stride=8, total_stride=32)
    assert grid.levels == 3
    assert finest_level(np.zeros((9, 17), bool), grid) == -1
    for level in range(grid.levels):
        known = grid.known_at(level)
        assert finest_level(known, grid) == level
        row, col = grid.rows.of_level(level)[-1], grid.cols.of_level(level)[-1]
        known[row, col] = False
        assert finest_level(known, grid) < level


def test_splines_fill_cubics_exactly_with_another_distance_along_rows_than_along_columns():
    grid = map_grid(33, 65, stride=4, total_stride=32)
    rows, cols = np.mgrid[:33, :65] / 16
    truth = np.stack([rows**3 - rows + 2 * cols, rows * cols**3 - cols**2])
    levels = (grid.levels - 1, grid.levels - 2)
    values = np.full_like(truth, np.nan)
    known = np.ix_(range(2), grid.rows.of_level(levels[0]), grid.cols.of_level(levels[1]))
    values[known] = truth[known]
    filled = smoothly_interpolated(values, levels, grid)
    first, last = grid.cols.of_level(levels[1])[[0, -1]]
    np.testing.assert_allclose(
        filled[..., first : last + 1], truth[..., first : last + 1], atol=1e-9
    )
