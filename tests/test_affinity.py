"""Affinity and Laplacian."""

import math

import numpy as np
import pytest

from whalecore.clusters import affinity
from whalecore.clusters.affinity import (
    check_sigma,
    gaussian_affinity,
    normalised_laplacian,
    squared_distances,
)
from whalecore.errors import SettingsError


def test_affinity_equals_hand_arithmetic():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    affinity = gaussian_affinity(points, sigma=2.0)
    assert affinity[0, 1] == pytest.approx(math.exp(-25 / 8))
    assert affinity[0, 2] == pytest.approx(math.exp(-1 / 8))
    assert affinity[1, 2] == pytest.approx(math.exp(-18 / 8))
    np.testing.assert_array_equal(np.diag(affinity), 1)
    np.testing.assert_allclose(affinity, affinity.T, atol=1e-15)


def test_squared_distances_equal_a_brute_force_twin_and_are_never_negative():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(7, 5)), random.normal(size=(4, 5))
    expected = [[((a - b) ** 2).sum() for b in second] for a in first]
    np.testing.assert_allclose(squared_distances(first, second), expected, atol=1e-12)
    assert squared_distances(first + 1e4, first + 1e4).min() >= 0


def test_the_laplacian_equals_hand_arithmetic():
    affinity = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])
    root = math.sqrt(1.5 * 2.0)
    expected = [
        [1 - 1 / 1.5, -0.5 / root, 0],
        [-0.5 / root, 1 - 1 / 2, -0.5 / root],
        [0, -0.5 / root, 1 - 1 / 1.5],
    ]
    np.testing.assert_allclose(normalised_laplacian(affinity), expected)


def test_the_number_of_zero_eigenvalues_is_the_number_of_separate_groups():
    affinity = np.kron(np.eye(3), np.ones((4, 4)))
    eigenvalues = np.linalg.eigvalsh(normalised_laplacian(affinity))
    np.testing.assert_allclose(eigenvalues, [0] * 3 + [1] * 9, atol=1e-12)


def test_a_large_affinity_in_blocks_equals_the_small_one(monkeypatch):
    points = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    expected = gaussian_affinity(points, 1.5)
    assert expected.dtype == np.float64
    monkeypatch.setattr(affinity, "DOUBLE_MOST", 10)
    monkeypatch.setattr(affinity, "BLOCK", 7)
    found = gaussian_affinity(points, 1.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("sigma", [0, -1, 1e-24, float("nan"), float("inf")])
def test_a_sigma_that_is_not_above_zero_is_refused(sigma):
    with pytest.raises(SettingsError, match=r"above 0 .*, 'auto' or 'paper'"):
        gaussian_affinity(np.zeros((3, 2)), sigma)


@pytest.mark.parametrize("sigma", [0, -1.0, 1e-7, 1e200, float("inf"), float("nan")])
def test_a_sigma_whose_square_is_no_number_is_refused(sigma):
    with pytest.raises(SettingsError, match="a number above 0"):
        check_sigma(sigma)
