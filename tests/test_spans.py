"""Tiles against cells that really change when an indicator goes through a convolution."""

import itertools

import numpy as np
import pytest

from whalecore.explain.spans import AxisShape, Span, Window, plan_axis, settled, step_through

WINDOWS = [
    Window(kernel, stride, padding)
    for kernel, stride, padding in [
        (1, 1, 0), (3, 1, 1), (3, 2, 1), (7, 2, 3), (2, 2, 0), (3, 1, 0), (5, 3, 2), (5, 1, 2),
    ]
]  # fmt: skip
BEYOND = 64
"""Cells around a map in which tiles that hang over its border are followed."""


def through(values, first_cell, window):
    """A 1-D convolution with ones of an unbounded map, of which some cells are given.

    Returns the outputs whose windows lie within the given cells, and the first one's index.
    """
    first = -(-(first_cell + window.padding) // window.stride)
    skipped = first * window.stride - window.padding - first_cell
    seen = np.lib.stride_tricks.sliding_window_view(values, window.kernel)
    return seen[skipped :: window.stride].sum(axis=1), first


def changed_outputs(window, start, size):
    """Outputs of an unbounded map that see one of the cells from start to start + size."""
    indicator = np.zeros(size + 2 * BEYOND)
    indicator[BEYOND : BEYOND + size] = 1
    outputs, first = through(indicator, start - BEYOND, window)
    return np.flatnonzero(outputs) + first


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_tile_holds_exactly_the_outputs_that_see_a_changed_cell(window):
    for start, size in itertools.product(range(-4, 9), range(1, 10)):
        tiles = Span(start, 4 * window.stride, size, 3)
        span = step_through(tiles, window, length=5).span
        assert (span.step, span.count) == (4, 3)
        for number in range(tiles.count):
            changed = changed_outputs(window, start + number * tiles.step, size)
            first = span.start + number * span.step
            assert (changed[0], changed[-1] + 1) == (first, first + span.size)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_tiles_in_one_place_are_clipped_to_the_map(window):
    for length in range(window.kernel, 14):
        outputs = window.length(length)
        for start, end in itertools.combinations(range(length + 1), 2):
            changed = changed_outputs(window, start, end - start)
            changed = changed[(changed >= 0) & (changed < outputs)]
            span = step_through(Span(start, 0, end - start, 3), window, outputs).span
            if len(changed):
                assert (changed[0], changed[-1] + 1) == (span.start, span.start + span.size)
            else:
                assert span.size <= 0


@pytest.mark.parametrize("step", [0, 12])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_the_padded_tile_gives_precisely_the_outputs_of_its_span(window, step):
    random = np.random.default_rng(0)
    length = 14
    outputs = window.length(length)
    for start, end in itertools.combinations(range(length + 1), 2):
        values = random.integers(1, 9, end - start)
        one = step_through(Span(start, step, end - start, 1), window, outputs)
        if one.span.size < 1:
            continue
        needed = np.pad(values, (max(one.before, 0), max(one.after, 0)))
        needed = needed[max(-one.before, 0) : len(needed) - max(-one.after, 0)]
        actual = np.lib.stride_tricks.sliding_window_view(needed, window.kernel)
        actual = actual[:: window.stride].sum(axis=1)
        whole, first = through(np.pad(values, BEYOND), start - BEYOND, window)
        place = one.span.start - first
        assert actual.tolist() == whole[place : place + one.span.size].tolist()


def test_the_output_of_a_window_has_as_many_cells_as_a_convolution_gives():
    for window, length in itertools.product(WINDOWS, range(7, 20)):
        padded = np.pad(np.zeros(length), window.padding)
        seen = np.lib.stride_tricks.sliding_window_view(padded, window.kernel)
        assert window.length(length) == len(seen[:: window.stride])


def test_the_one_place_of_several_tiles_holds_them_all_within_the_map():
    assert settled(Span(-2, 4, 5, 3), length=9) == Span(0, 0, 9, 3)
    assert settled(Span(1, 4, 3, 2), length=20) == Span(1, 0, 7, 2)
    assert settled(Span(3, 0, 2, 6), length=20) == Span(3, 0, 2, 6)
    assert Span(1, 4, 3, 2).end == 8


THREE, THREE_BY_TWO, ONE = Window(3, 1, 1), Window(3, 2, 1), Window(1, 1, 0)
STEM, POOL = Window(7, 2, 3), Window(3, 2, 1)
WIDE = Window(5, 1, 2)
"""A 3 x 3 convolution with holes of one cell."""

NETWORKS = {
    "two by two": ((THREE, THREE),) * 2 + ((THREE_BY_TWO, THREE), (THREE, THREE)) * 3,
    "three by three": ((ONE, THREE, ONE),) * 2 + ((ONE, THREE_BY_TWO, ONE), (ONE, THREE, ONE)) * 3,
    "dilated": ((THREE, THREE_BY_TWO), (THREE, WIDE), (WIDE, WIDE)),
}


def changed_by_patch(shape, start, size):
    """Which cells of each map a patch changes: after the pooled stem and after each block."""
    cells = np.zeros(shape.length, dtype=bool)
    cells[max(start, 0) : max(start + size, 0)] = True

    def sent(cells, window):
        seen = np.lib.stride_tricks.sliding_window_view(
            np.pad(cells, window.padding), window.kernel
        )
        return seen[:: window.stride].any(axis=1)

    cells = sent(sent(cells, shape.stem), shape.pool)
    maps = [cells]
    for block in shape.blocks:
        branch, stride = cells, 1
        for window in block:
            branch = sent(branch, window)
            stride *= window.stride
        cells = branch | cells[::stride]
        maps.append(cells)
    return maps


def spans_of(plan):
    return [plan.pool.span, *(block.steps[-1].span for block in plan.blocks)]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("length", [1, 9, 32, 33, 47, 100])
def test_a_single_patch_has_the_tiles_it_changes_and_no_cell_more(name, length):
    shape = AxisShape(length, STEM, POOL, NETWORKS[name])
    for size in (1, 5, 35):
        for start in range(-size + 1, length):
            plan = plan_axis(shape, Span(start, 32, size, 1))
            for span, cells in zip(
                spans_of(plan), changed_by_patch(shape, start, size), strict=True
            ):
                changed = np.flatnonzero(cells)
                assert (changed[0], changed[-1] + 1) == (span.start, span.start + span.size)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("step", [32, 64])
@pytest.mark.parametrize("length", [47, 100, 256])
def test_every_one_of_several_patches_changes_cells_of_its_own_tile_only(name, length, step):
    shape = AxisShape(length, STEM, POOL, NETWORKS[name])
    for size, start in itertools.product((1, 5, 35), range(-2, 32, 3)):
        count = len(range(start, length, step))
        plan = plan_axis(shape, Span(start, step, size, count))
        for number in range(count):
            changed = changed_by_patch(shape, start + number * step, size)
            for span, cells in zip(spans_of(plan), changed, strict=True):
                first = span.start + number * span.step
                outside = cells.copy()
                outside[max(first, 0) : max(first + span.size, 0)] = False
                assert not outside.any()
                if span.step == 0:
                    assert 0 <= span.start < span.end <= len(cells)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [1, 3])
def test_the_shortcut_takes_every_cell_that_reaches_the_output_and_adds_it_there(name, count):
    shape = AxisShape(100, STEM, POOL, NETWORKS[name])
    for size, start in itertools.product((1, 5, 35), range(-2, 32)):
        plan = plan_axis(shape, Span(start, 32, size, count))
        for windows, block in zip(shape.blocks, plan.blocks, strict=True):
            stride = int(np.prod([window.stride for window in windows]))
            entry = block.entry.start + np.arange(block.entry.size)
            taken = entry[block.shortcut_first :: stride][: block.shortcut_size]
            added = block.steps[-1].span.start + block.shortcut_offset
            assert taken.tolist() == [cell for cell in entry if cell % stride == 0]
            assert (taken // stride).tolist() == list(range(added, added + block.shortcut_size))
            assert block.shortcut_offset >= 0
            assert block.shortcut_offset + block.shortcut_size <= block.steps[-1].span.size


def test_the_total_stride_is_the_product_of_all_strides():
    assert AxisShape(256, STEM, POOL, NETWORKS["two by two"]).total_stride == 32
    assert AxisShape(256, STEM, POOL, NETWORKS["dilated"]).total_stride == 8
