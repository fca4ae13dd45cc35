"""Rows that are the same, found by their values."""

import numpy as np

from whalecore.clusters.alike import Alike, alike


def test_each_row_gets_the_place_of_the_first_one_like_it():
    rows = np.array([[1, 2], [3, 4], [1, 2], [1, 3], [3, 4]], np.float32)
    assert alike(rows).tolist() == [0, 1, 0, 3, 1]


def test_places_are_counted_over_all_blocks():
    same = Alike()
    assert same.numbers(np.array([[1.0], [2.0]])).tolist() == [0, 1]
    assert same.numbers(np.array([[2.0], [5.0], [5.0]])).tolist() == [1, 3, 3]


def test_zero_with_a_sign_is_zero():
    assert alike(np.array([[0.0, 1.0], [-0.0, 1.0]])).tolist() == [0, 0]


def test_the_smallest_difference_makes_another_row():
    near = np.nextafter(np.float32(1), np.float32(2))
    assert alike(np.array([[1], [near]], np.float32)).tolist() == [0, 1]
