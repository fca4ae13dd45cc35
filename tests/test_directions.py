"""Directions made of photos: hand arithmetic, and the choice between them and the learnt ones."""

import numpy as np
import pytest
import torch

from tests.residual import residual_identifier
from whalecore.identifiers.checkpoint import load_identifier, save_identifier
from whalecore.identifiers.directions import directed_by_photos, mean_of_each
from whalecore.workflow.directions import FEWEST, better_directed

HEIGHT, WIDTH = 32, 64


@pytest.fixture(scope="module")
def trained():
    return residual_identifier(height=HEIGHT, width=WIDTH)


def photos(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, HEIGHT, WIDTH, 3), np.uint8)


def test_the_mean_of_each_individual_has_length_one():
    found = mean_of_each(np.array([[1.0, 0], [0, 1.0], [0, 1.0]]), np.array([1, 0, 1]), 2)
    np.testing.assert_allclose(found, [[0, 0.5**0.5], [1, 0.5**0.5]], atol=1e-12)


def test_the_logit_is_the_scaled_cosine_to_the_mean_of_an_individuals_photos(trained):
    count = len(trained.individuals)
    crops, labels = photos(2 * count), np.arange(2 * count) % count
    directed = directed_by_photos(trained, crops, labels)
    _, taught = trained.identify_many(crops)
    asked = photos(3, seed=1)
    logits, looks = directed.identify_many(asked)
    for row in range(count):
        mean = taught[row] + taught[row + count]
        expected = trained.network.scale * looks @ (mean / np.linalg.norm(mean))
        np.testing.assert_allclose(logits[:, row], expected, rtol=1e-4, atol=1e-4)
    assert directed.fingerprint != trained.fingerprint
    assert directed.mirrored_directions is None
    assert directed.by_photos
    assert not trained.by_photos


def test_mirror_images_get_the_mean_of_mirrored_photos(trained):
    count = len(trained.individuals)
    own = trained.replaced(mirrored_directions=torch.ones_like(trained.network.directions))
    crops, labels = photos(count), np.arange(count)
    _, looks = trained.identify_many(np.ascontiguousarray(crops[:, :, ::-1]))
    found = directed_by_photos(own, crops, labels).mirrored_directions.numpy()
    np.testing.assert_allclose(found, looks.T, atol=1e-5)


def test_directions_of_photos_are_saved_like_learnt_ones(trained, tmp_path):
    count = len(trained.individuals)
    directed = directed_by_photos(trained, photos(count), np.arange(count))
    kept = save_identifier(directed, tmp_path / "model", "float32")
    read = load_identifier(tmp_path / "model", "cpu")
    assert read.by_photos
    assert read.fingerprint == kept.fingerprint == directed.fingerprint
    mine, theirs = (one.identify_many(photos(2, seed=3))[0] for one in (directed, read))
    np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_the_directions_are_those_that_make_validation_photos_likelier(trained):
    count = len(trained.individuals)
    crops, labels = photos(count), np.arange(count)
    held = np.concatenate([crops] * (FEWEST // count + 1))
    held_labels = np.concatenate([labels] * (FEWEST // count + 1))
    # Photos that are their individual's direction: nothing can be likelier.
    found = better_directed(trained, crops, labels, held, held_labels)
    assert (found.metrics["validation_top1"], found.metrics["validation_map5"]) == (1.0, 1.0)
    assert found.fingerprint == directed_by_photos(trained, crops, labels).fingerprint
    assert better_directed(found, crops, np.roll(labels, 1), held, held_labels) is found
    few = FEWEST - 1
    assert better_directed(trained, crops, labels, held[:few], held_labels[:few]) is trained
