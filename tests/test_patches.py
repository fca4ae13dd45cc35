"""Where patches lie, against places written out."""

import numpy as np

from whalecore.explain.patches import covered_pixels, positions


def test_positions_follow_the_stated_rule():
    assert positions(256, 4).tolist() == [4 * i + 1 for i in range(64)]
    assert positions(9, 4).tolist() == [1, 5, 9]
    assert positions(5, 3).tolist() == [1, 4]
    assert positions(4, 1).tolist() == [0, 1, 2, 3]


def test_an_odd_patch_is_clipped_at_both_borders():
    covered = covered_pixels(length=6, patch=5, stride=1)
    assert [np.flatnonzero(row).tolist() for row in covered] == [
        [0, 1, 2],
        [0, 1, 2, 3],
        [0, 1, 2, 3, 4],
        [1, 2, 3, 4, 5],
        [2, 3, 4, 5],
        [3, 4, 5],
    ]


def test_an_even_patch_is_centred_on_its_block_of_pixels():
    covered = covered_pixels(length=6, patch=4, stride=2)
    assert [np.flatnonzero(row).tolist() for row in covered] == [
        [0, 1, 2],
        [1, 2, 3, 4],
        [3, 4, 5],
    ]


def test_an_even_patch_equal_to_the_stride_tiles_the_photo():
    assert (covered_pixels(length=24, patch=4, stride=4).sum(axis=0) == 1).all()


def test_every_pixel_is_covered_when_the_patch_is_odd_or_larger_than_the_stride():
    for length in range(1, 30):
        for patch in range(1, 9):
            for stride in range(1, patch + 1):
                if patch % 2 == 1 or patch > stride:
                    assert covered_pixels(length, patch, stride).any(axis=0).all()
