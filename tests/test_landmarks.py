"""Landmarks against a brute-force twin of their affinity."""

import numpy as np
import pytest

from whalecore.clusters import landmarks
from whalecore.clusters.eigen import groups_of
from whalecore.clusters.landmarks import fit_landmarks, landmark_eigenvalues, landmark_weights
from whalecore.errors import SettingsError


def blobs(count=6, each=50, seed=0, spread=0.3):
    random = np.random.default_rng(seed)
    kind = random.permutation(np.repeat(np.arange(count), each))
    centres = random.normal(size=(count, 8)) * 5
    return centres[kind] + spread * random.normal(size=(len(kind), 8)), kind


def test_weights_equal_hand_arithmetic(monkeypatch):
    monkeypatch.setattr(landmarks, "NEAREST", 2)
    weights = landmark_weights(np.array([[0.0], [4.0]]), np.array([[1.0], [3.0], [9.0]]), 2.0)
    first = np.exp(-1 / 8) / (np.exp(-1 / 8) + np.exp(-9 / 8))
    second = np.exp(-1 / 8) / (np.exp(-1 / 8) + np.exp(-9 / 8))
    expected = [[first, 1 - first, 0], [1 - second, second, 0]]
    np.testing.assert_allclose(weights.toarray(), expected)


def test_weights_of_far_landmarks_or_a_tiny_sigma_are_still_numbers():
    weights = landmark_weights(np.array([[0.0]]), np.array([[1e4], [2e4], [3e4]]), 1e-3)
    np.testing.assert_array_equal(weights.toarray(), [[1, 0, 0]])


def test_the_eigenvalues_are_those_of_the_whole_affinity():
    points = np.random.default_rng(0).normal(size=(300, 2))
    places = fit_landmarks(points, 120)
    assert len(places) < len(points)
    weights = landmark_weights(points, places, 2.0).toarray()
    weights = weights[:, weights.any(axis=0)]
    affinity = weights @ np.diag(1 / weights.sum(axis=0)) @ weights.T
    np.testing.assert_allclose(affinity.sum(axis=1), 1)
    expected = np.linalg.eigvalsh(np.eye(len(points)) - affinity)[:60]
    np.testing.assert_allclose(landmark_eigenvalues(points, 2.0), expected, atol=1e-9)


def test_groups_that_stand_apart_show_as_zero_eigenvalues():
    points, _ = blobs()
    found = landmark_eigenvalues(points, 1.0)
    np.testing.assert_allclose(found[:6], 0, atol=1e-9)
    assert found[6] > 0.01
    assert groups_of(found) == 6


def test_landmarks_are_means_of_near_points_and_repeatable():
    points, kind = blobs(4, 100)
    found = fit_landmarks(points, 4, seed=1)
    means = np.stack([points[kind == number].mean(axis=0) for number in range(4)])
    distances = np.linalg.norm(found[:, None] - means, axis=2)
    assert distances.min(axis=1).max() < 0.1
    np.testing.assert_array_equal(found, fit_landmarks(points, 4, seed=1))


def test_few_points_are_their_own_landmarks():
    points, _ = blobs(2, 5)
    np.testing.assert_array_equal(fit_landmarks(points, 10), points)


def test_many_points_are_described_in_blocks(monkeypatch):
    points, _ = blobs(3, 30)
    places = points[::9]
    expected = landmark_weights(points, places, 1.0).toarray()
    monkeypatch.setattr(landmarks, "BLOCK", 7)
    found = landmark_weights(points, places, 1.0).toarray()
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_sigma_that_is_not_above_zero_is_refused():
    with pytest.raises(SettingsError, match="above 0"):
        landmark_eigenvalues(np.zeros((5, 2)), 0.0)
