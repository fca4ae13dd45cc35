"""The nearest photos of the gallery, against hand arithmetic and brute force."""

import numpy as np
import pytest

from whalecore.reliability import nearest
from whalecore.reliability.nearest import nearest_evidence, nearest_photos


def test_the_nearest_photo_is_found_by_direction_alone():
    gallery = np.array([[0.0, 5.0], [3.0, 4.0], [-1.0, 0.0]])
    places, distances = nearest_photos(np.array([[2.0, 0.0]]), gallery)
    assert places.tolist() == [[1, 0, 2]]
    # Cosines 3/5, 0 and -1.
    np.testing.assert_allclose(distances, [[0.4, 1.0, 2.0]], atol=1e-6)


def test_many_photos_in_blocks_give_what_one_by_one_gives(monkeypatch):
    rng = np.random.default_rng(0)
    photos, gallery = rng.normal(size=(7, 4)), rng.normal(size=(30, 4))
    cosines = (photos / np.linalg.norm(photos, axis=1)[:, None]) @ (
        gallery / np.linalg.norm(gallery, axis=1)[:, None]
    ).T
    monkeypatch.setattr(nearest, "BLOCK", 3)
    places, distances = nearest_photos(photos, gallery)
    np.testing.assert_array_equal(places, np.argsort(-cosines, axis=1)[:, :5])
    np.testing.assert_allclose(distances, 1 - -np.sort(-cosines, axis=1)[:, :5], atol=1e-5)


def test_the_agreement_counts_the_five_nearest_that_show_the_first_candidate():
    angles = np.radians([1, 2, 3, 4, 5, 6])
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = nearest_evidence(np.array([1.0, 0.0]), gallery, ["a", "b", "a", "b", "b", "a"], "a")
    assert found == pytest.approx((1 - np.cos(np.radians(1)), 2 / 5), abs=1e-6)


def test_a_gallery_of_two_photos_gives_shares_of_two():
    assert nearest_evidence(np.array([1.0, 0.0]), np.eye(2), ["a", "b"], "b")[1] == 0.5


def test_an_empty_gallery_says_nothing():
    assert nearest_evidence(np.array([1.0, 0.0]), np.empty((0, 0)), [], "a") is None
