"""Affinity, Laplacian and the choice of sigma."""

import math

import numpy as np
import pytest

from tests.planted import planted_heatmaps
from whalecore.clusters import affinity
from whalecore.clusters.affinity import (
    choose_sigma,
    gaussian_affinity,
    normalised_laplacian,
    squared_distances,
)
from whalecore.clusters.descriptor import fit_projection
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


@pytest.mark.parametrize("kinds", [3, 6])
def test_the_chosen_sigma_shows_the_planted_number_of_groups(kinds):
    values, _ = planted_heatmaps(kinds)
    choice = choose_sigma(fit_projection(values, 4).points(values))
    chosen = next(trial for trial in choice.sweep if trial.sigma == choice.sigma)
    assert chosen.groups == kinds
    assert chosen.isolated <= 0.05
    assert choice.rule == "largest eigengap"
    allowed = [trial.eigengap for trial in choice.sweep if trial.isolated <= 0.05]
    assert chosen.eigengap == max(allowed)


def test_the_sweep_is_rising_and_repeatable():
    values, _ = planted_heatmaps(4)
    points = fit_projection(values, 4).points(values)
    choice = choose_sigma(points)
    sigmas = [trial.sigma for trial in choice.sweep]
    assert sigmas == sorted(sigmas)
    assert len(sigmas) == 18
    degrees = [trial.mean_degree for trial in choice.sweep]
    assert degrees == sorted(degrees)
    assert choose_sigma(points) == choice


def test_sigma_grows_with_the_scale_of_the_data():
    points = np.random.default_rng(0).normal(size=(100, 5))
    ratio = choose_sigma(points * 10).sigma / choose_sigma(points).sigma
    assert ratio == pytest.approx(10, rel=1e-6)


def test_many_heatmaps_are_represented_by_a_sample(monkeypatch):
    random = np.random.default_rng(0)
    centres = random.normal(size=(4, 3)) * 20
    points = centres[random.integers(0, 4, 1300)] + random.normal(size=(1300, 3))
    monkeypatch.setattr(affinity, "SAMPLE", 200)
    choice = choose_sigma(points)
    chosen = next(trial for trial in choice.sweep if trial.sigma == choice.sigma)
    assert chosen.groups == 4
    assert chosen.mean_degree < 200


def test_two_heatmaps_or_equal_ones_still_get_a_sigma():
    assert choose_sigma(np.array([[0.0], [2.0]])).sigma > 0
    assert choose_sigma(np.zeros((10, 3))).sigma == 1.0


@pytest.mark.parametrize("sigma", [0, -1, float("nan"), float("inf")])
def test_a_sigma_that_is_not_above_zero_is_refused(sigma):
    with pytest.raises(SettingsError, match=r"above 0, 'auto' or 'paper'"):
        gaussian_affinity(np.zeros((3, 2)), sigma)
