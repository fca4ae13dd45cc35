"""Rings lie around their marks, and nothing else is covered."""

import io

import numpy as np
from PIL import Image

from whalecore.mark_layer import COLOURS, RADIUS, mark_layer


def drawn(points, shape=(256, 512), width=1024) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(mark_layer(points, shape, width))).convert("RGBA"))


def test_the_picture_has_the_crops_proportions():
    assert drawn([], (128, 256), 512).shape == (256, 512, 4)


def test_without_marks_nothing_is_covered():
    assert not drawn(np.empty((0, 2)))[..., 3].any()


def test_a_ring_lies_around_its_mark_and_leaves_the_mark_itself_free():
    layer = drawn([(100, 50)])
    assert layer[100, 200, 3] == 0
    for row, column in ((100, 200 - RADIUS + 1), (100 - RADIUS + 1, 200)):
        colour = "#" + "".join(f"{one:02x}" for one in layer[row, column, :3])
        assert (colour, layer[row, column, 3]) == (COLOURS[0], 255)


def test_the_second_mark_has_another_colour():
    layer = drawn([(100, 50), (300, 150)])
    assert tuple(layer[300, 600 - RADIUS + 1, :3]) == tuple(bytes.fromhex(COLOURS[1][1:]))


def test_the_number_of_a_mark_at_the_right_edge_stays_inside():
    layer = drawn([(505, 128)])
    assert layer[:, 1024 - 14 - 3 * RADIUS - 10 : 1010 - RADIUS - 2, 3].any()


def test_many_marks_are_not_numbered():
    points = [(12 * column, 128) for column in range(1, 41)]
    outside = drawn(points)[256 - 2 * RADIUS : 257 + 2 * RADIUS, 1024 - 50 :, 3]
    assert not outside.any()
    assert drawn(points[-30:])[256 - RADIUS : 257 + RADIUS, 1024 - 50 :, 3].any()
