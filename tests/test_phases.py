"""The order of positions, against grids written out."""

import itertools

import numpy as np
import pytest

from whalecore.explain.phases import AxisGrid, MapGrid, map_grid

MAPS = [  # rows, cols, stride, total stride
    (64, 128, 4, 32),
    (8, 16, 4, 32),
    (33, 47, 1, 32),
    (256, 512, 1, 32),
    (11, 22, 3, 32),
    (43, 86, 6, 32),
    (5, 6, 8, 32),
    (1, 1, 4, 32),
    (1, 300, 2, 16),
    (40, 7, 5, 8),
    (20, 20, 32, 32),
    (20, 37, 4, 1),
    (3, 3, 4, 1),
]


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("shape", MAPS)
def test_every_position_belongs_to_exactly_one_phase_of_one_level(shape, split):
    grid = map_grid(*shape, split=split)
    seen = np.zeros(grid.shape, dtype=int)
    for phases in grid.phases_by_level():
        for row, col in phases:
            seen[np.ix_(grid.rows.members(row), grid.cols.members(col))] += 1
    assert grid.shape == shape[:2]
    assert (seen == 1).all()


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("shape", MAPS)
def test_each_level_holds_the_phases_of_all_levels_up_to_it(shape, split):
    grid = map_grid(*shape, split=split)
    known = np.zeros(grid.shape, dtype=bool)
    assert len(grid.phases_by_level()) == grid.levels
    for level, phases in enumerate(grid.phases_by_level()):
        for row, col in phases:
            known[np.ix_(grid.rows.members(row), grid.cols.members(col))] = True
        np.testing.assert_array_equal(known, grid.known_at(level))
    assert known.all()


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("shape", MAPS)
def test_levels_are_nested_and_the_distance_halves(shape, split):
    grid = map_grid(*shape, split=split)
    for axis in (grid.rows, grid.cols):
        distances = [axis.distance(level) for level in range(grid.levels)]
        assert distances[0] == axis.phases
        assert distances[-1] == 1
        assert all(coarse == 2 * fine for coarse, fine in itertools.pairwise(distances))
        for level, distance in enumerate(distances):
            places = axis.of_level(level)
            assert (np.diff(places) == distance).all()
            assert 0 <= places[0] < distance
            assert axis.count - distance <= places[-1] < axis.count
            if level:
                assert set(axis.of_level(level - 1)) <= set(places)


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("shape", MAPS)
def test_positions_of_a_phase_differ_by_multiples_of_the_networks_stride(shape, split):
    rows, cols, stride, total_stride = shape
    grid = map_grid(rows, cols, stride, total_stride, split)
    assert grid.rows.phases == grid.cols.phases
    assert grid.rows.phases * stride % total_stride == 0


def test_a_small_map_is_computed_from_its_middle():
    axis = AxisGrid(count=6, phases=4, offset=2)
    assert [axis.of_level(level).tolist() for level in range(3)] == [
        [2],
        [0, 2, 4],
        [0, 1, 2, 3, 4, 5],
    ]
    assert [axis.level_of_phase(phase) for phase in range(4)] == [1, 2, 0, 2]
    assert axis.members(1).tolist() == [1, 5]
    grid = MapGrid(axis, AxisGrid(count=1, phases=4, offset=0))
    assert grid.phases_by_level() == [[(2, 0)], [(0, 0)], [(1, 0), (3, 0)]]


@pytest.mark.parametrize(
    ("rows", "cols", "stride", "total_stride", "phases", "together"),
    [
        (64, 128, 4, 32, 16, 32),  # 8 phases would hold 128 positions, 16 still hold 32
        (8, 16, 4, 32, 8, 2),  # fewer phases than the network's stride asks for are not possible
        (256, 512, 1, 32, 64, 32),
        (20, 20, 32, 32, 2, 100),
        (100, 200, 3, 32, 32, 28),
        (8, 16, 4, 1, 2, 32),
        (3, 3, 4, 1, 1, 9),
    ],
)
def test_phases_are_split_as_long_as_enough_positions_stay_together(
    rows, cols, stride, total_stride, phases, together
):
    grid = map_grid(rows, cols, stride, total_stride)
    assert grid.rows.phases == phases
    assert len(grid.rows.members(0)) * len(grid.cols.members(0)) == together


@pytest.mark.parametrize(
    ("rows", "cols", "stride", "total_stride", "phases", "together"),
    [
        (64, 128, 4, 32, 8, 128),
        (256, 512, 1, 32, 32, 128),
        (8, 16, 4, 32, 8, 2),
        (100, 200, 3, 32, 32, 28),
        (8, 16, 4, 1, 1, 128),
    ],
)
def test_phases_that_are_not_split_are_as_large_as_the_networks_stride_allows(
    rows, cols, stride, total_stride, phases, together
):
    grid = map_grid(rows, cols, stride, total_stride, split=False)
    assert grid.rows.phases == phases
    assert len(grid.rows.members(0)) * len(grid.cols.members(0)) == together


@pytest.mark.parametrize("shape", MAPS)
def test_phases_that_are_not_split_lack_only_the_coarsest_grids(shape):
    fine, whole = map_grid(*shape), map_grid(*shape, split=False)
    fewer = fine.levels - whole.levels
    assert fewer >= 0
    for level in range(whole.levels):
        np.testing.assert_array_equal(whole.known_at(level), fine.known_at(level + fewer))
