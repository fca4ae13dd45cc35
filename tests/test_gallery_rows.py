"""Individuals that a network was not trained on, against hand arithmetic."""

import numpy as np
import pytest
import torch

from tests.contest import contest
from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain.gradcam import grad_cam
from whalecore.explain.occlusion import finished_maps
from whalecore.identifiers.gallery import (
    GalleryRows,
    gallery_rows,
    mean_directions,
    with_gallery,
)
from whalecore.types import Computing, EmbeddingSet, OcclusionSettings, Photo


def embedded(names, values) -> EmbeddingSet:
    values = np.asarray(values, np.float32)
    values = values / np.linalg.norm(values, axis=1, keepdims=True)
    return EmbeddingSet(tuple(f"p{place}" for place in range(len(names))), tuple(names), values)


def chance(names, size, seed=0) -> EmbeddingSet:
    return embedded(names, np.random.default_rng(seed).normal(size=(len(names), size)))


@pytest.fixture(scope="module")
def trained():
    return residual_identifier(height=32, width=64)


@pytest.fixture(scope="module")
def strangers(trained):
    return chance([f"w{place % 3}" for place in range(30)], trained.network.embedding_size)


@pytest.fixture(scope="module")
def extended(trained, strangers):
    photos = chance(["z", "x", "x"], trained.network.embedding_size, seed=1)
    return with_gallery(trained, gallery_rows(trained, photos, strangers))


def test_a_direction_is_the_normalised_mean_of_the_photos():
    found = mean_directions(embedded(["b", "a", "b"], [[1, 0], [0, 1], [0, 1]]), ["a", "b"])
    np.testing.assert_allclose(found, [[0, 0.5**0.5], [1, 0.5**0.5]], atol=1e-7)


def test_to_photos_of_others_a_further_row_has_mean_and_deviation_of_trained_rows(
    trained, strangers
):
    photos = chance(["x", "y", "y"], trained.network.embedding_size, seed=1)
    rows = gallery_rows(trained, photos, strangers)
    logits = trained.network.logits(torch.from_numpy(strangers.values)).numpy()
    own = np.array(strangers.individuals)[:, None] == np.array(trained.individuals)
    further = strangers.values @ rows.weights + rows.shifts
    assert rows.individuals == ("x", "y")
    np.testing.assert_allclose(further.mean(axis=0), logits[~own].mean(), atol=1e-4)
    np.testing.assert_allclose(further.std(axis=0), logits[~own].std(), rtol=1e-4)


def test_beside_directions_of_photos_further_rows_are_plain_means(trained, strangers):
    photos = chance(["x", "y", "y"], trained.network.embedding_size, seed=1)
    rows = gallery_rows(trained.replaced(by_photos=True), photos, strangers)
    expected = trained.network.scale * mean_directions(photos, ["x", "y"])
    np.testing.assert_allclose(rows.weights, expected, rtol=1e-6)
    np.testing.assert_array_equal(rows.shifts, [0, 0])


def test_trained_logits_stay_and_further_ones_are_linear_in_the_embedding(trained, extended):
    images = random_photos(4, 32, 64)
    found, embeddings = extended.logits(images), trained.embed(images)
    network = extended.network
    assert extended.individuals == ("w0", "w1", "w2", "x", "z")
    torch.testing.assert_close(found[:, :3], trained.logits(images))
    torch.testing.assert_close(found[:, 3:], embeddings @ network.further + network.shifts)
    torch.testing.assert_close(extended.scores(found).sum(dim=1), torch.ones(4))
    assert trained.individuals == ("w0", "w1", "w2")


def test_heatmaps_of_another_list_have_another_key_and_the_model_keeps_its_own(
    trained, strangers, extended
):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    photo = Photo("0123456789abcdef", "one.jpg", pixels)
    plain, longer = trained.identify(photo), extended.identify(photo)
    assert (extended.model_id, extended.fingerprint) == (trained.model_id, trained.fingerprint)
    assert plain.heatmap_model == longer.model_id == trained.model_id
    assert longer.heatmap_model == f"{trained.model_id}.{extended.listed}"
    one = chance(["x"], trained.network.embedding_size, seed=1)
    digests = {
        gallery_rows(trained, photos, strangers).digest
        for photos in (
            one,
            EmbeddingSet(one.photo_ids, ("y",), one.values),
            chance(["x"], trained.network.embedding_size, seed=2),
        )
    }
    assert len(digests) == 3
    assert gallery_rows(trained, one, strangers).digest in digests


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_the_exact_engine_serves_further_individuals(extended, target):
    photo = random_photos(1, 32, 64)[0]
    settings = OcclusionSettings(patch=16, stride=8, target=target)
    exact, brute = (
        finished_maps(extended, photo, ("x", "w1", "z"), settings, Computing(engine))
        for engine in ("exact", "reference")
    )
    assert (exact.engine, brute.engine) == ("exact", "reference")
    assert np.ptp(brute.values, axis=(1, 2)).min() > 0
    np.testing.assert_allclose(exact.values, brute.values, atol=1e-4 * np.ptp(brute.values))


def test_grad_cam_of_a_further_individual_follows_its_row(trained, extended):
    photo = random_photos(1, 32, 64)[0]
    found, output = trained.activations(photo[None], ["layer4"], "embedding")
    row = extended.network.further[:, 1]
    (gradient,) = torch.autograd.grad((output[0] * row).sum(), [found["layer4"]])
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    expected = (weights * found["layer4"]).sum(dim=1).clamp(min=0)[0].detach().numpy()
    np.testing.assert_allclose(grad_cam(extended, photo, "z"), expected, rtol=1e-4, atol=1e-7)


def test_trained_or_nameless_individuals_are_no_further_ones(trained, strangers):
    size = trained.network.embedding_size
    for names in (["w1"], [None], ["x", None]):
        with pytest.raises(SettingsError, match="was not trained on"):
            gallery_rows(trained, chance(names, size), strangers)
    with pytest.raises(SettingsError, match="too few to compare with"):
        gallery_rows(trained, chance(["x"], size), chance(["w1"], size))


def test_in_a_contest_no_photo_and_none_of_its_encounter_speaks_for_itself(trained, strangers):
    size = trained.network.embedding_size
    names = ["x", "x", "x", "w1", "lone", "y", "y"]
    units = ["day 1", "day 1", "day 2", "day 3", "day 4", "day 5", "day 5"]
    photos = chance(names, size, seed=3)
    found = contest(trained, photos, units, strangers)
    assert found.individuals == ("w0", "w1", "w2", "lone", "x", "y")
    # Trained ones first; neither the lone photo nor those of one day alone can be asked about.
    assert [found.individuals[column] for column in found.truth] == ["w1", "x", "x", "x"]

    def row(*places):
        some = EmbeddingSet(("a",) * len(places), ("x",) * len(places), photos.values[[*places]])
        rows = gallery_rows(trained, some, strangers)
        return rows.weights[:, 0], rows.shifts[0]

    for query, place, others in ((1, 0, [2]), (2, 1, [2]), (3, 2, [0, 1])):
        weights, shift = row(*others)
        assert found.further[query, 1] == pytest.approx(
            photos.values[place] @ weights + shift, abs=1e-5
        )
    weights, shift = row(0, 1, 2)
    assert found.further[0, 1] == pytest.approx(photos.values[3] @ weights + shift, abs=1e-5)


def test_rows_are_compared_by_every_number_of_theirs():
    rows = GalleryRows(("x",), np.ones((2, 1), np.float32), np.zeros(1, np.float32))
    other = GalleryRows(("x",), np.ones((2, 1), np.float32), np.ones(1, np.float32))
    assert rows.digest != other.digest
    assert len(rows.digest) == 8
