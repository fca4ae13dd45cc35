"""Spectral clustering of heatmaps whose kinds are known."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tests.planted import planted_heatmaps
from whalecore.clusters.affinity import gaussian_affinity, normalised_laplacian
from whalecore.clusters.descriptor import fit_projection
from whalecore.clusters.spectral import (
    group_rows,
    number_clusters,
    smallest_eigenvectors,
    spectral_clustering,
    stride_of,
)
from whalecore.errors import SettingsError
from whalecore.types import HeatmapSet


def heatmap_set(values, correct, scores=None, settings="patch=5,stride=4,fill=0,target=logit"):
    count = len(values)
    return HeatmapSet(
        model_ids=("m",) * count,
        method="osm",
        settings=settings,
        values=values,
        photo_ids=tuple(f"{number:016x}" for number in range(count)),
        individuals=("w0",) * count,
        ranks=np.ones(count, dtype=int),
        scores=np.full(count, 0.5, np.float32) if scores is None else scores,
        correct=correct,
    )


def test_planted_kinds_are_found_again():
    values, kind = planted_heatmaps(6)
    clustering = spectral_clustering(values, clusters=6)
    assert adjusted_rand_score(kind, clustering.labels) > 0.95
    assert clustering.labels.dtype == np.int32
    assert set(clustering.labels) == set(range(1, 7))
    assert clustering.stability > 0.95


def test_noise_has_a_low_stability():
    values = np.random.default_rng(0).normal(size=(200, 8, 8)).astype(np.float32)
    assert spectral_clustering(values, clusters=10).stability < 0.7


def test_the_eigenvalues_are_the_sixty_smallest_of_the_whole_spectrum():
    values, _ = planted_heatmaps(3)
    clustering = spectral_clustering(values, clusters=3)
    points = fit_projection(values, stride=4).points(values)
    affinity = gaussian_affinity(points, clustering.sigma.sigma)
    expected = np.linalg.eigvalsh(normalised_laplacian(affinity))[:60]
    np.testing.assert_allclose(clustering.eigenvalues, expected, atol=1e-9)
    assert np.diff(clustering.eigenvalues).argmax() == 2


def test_rows_of_the_embedding_have_norm_one_and_span_the_right_space():
    points = np.random.default_rng(0).normal(size=(30, 4))
    affinity = gaussian_affinity(points, 1.5)
    eigenvalues, rows = smallest_eigenvectors(affinity, 5)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)
    values, vectors = np.linalg.eigh(normalised_laplacian(affinity))
    np.testing.assert_allclose(eigenvalues, values, atol=1e-12)
    expected = vectors[:, :5] / np.linalg.norm(vectors[:, :5], axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs(rows), np.abs(expected), atol=1e-8)


def test_the_sign_of_an_eigenvector_makes_no_difference():
    values, _ = planted_heatmaps(5)
    clustering = spectral_clustering(values, clusters=5)
    affinity = gaussian_affinity(clustering.points, clustering.sigma.sigma)
    _, rows = smallest_eigenvectors(affinity, 5)
    turned = rows * np.array([1, -1, -1, 1, -1])
    np.testing.assert_array_equal(group_rows(rows, 5, 0), group_rows(turned, 5, 0))


def test_the_same_seed_gives_the_same_clustering():
    values, _ = planted_heatmaps(5, noise=0.5)
    first, second = (spectral_clustering(values, clusters=8, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.eigenvalues, second.eigenvalues)
    assert first.sigma == second.sigma


def test_clusters_are_numbered_by_falling_share_of_correct_heatmaps():
    values, kind = planted_heatmaps(4)
    share = np.array([0.2, 0.9, 0.0, 0.6])
    correct = np.zeros(len(kind), dtype=bool)
    for number in range(4):
        members = np.flatnonzero(kind == number)
        correct[members[: int(share[number] * len(members))]] = True
    clustering = spectral_clustering(heatmap_set(values, correct), clusters=4)
    assert adjusted_rand_score(kind, clustering.labels) > 0.95
    expected_order = [1, 3, 0, 2]
    for cluster, number in enumerate(expected_order, start=1):
        assert np.bincount(kind[clustering.labels == cluster], minlength=4).argmax() == number
    shares = [correct[clustering.labels == cluster].mean() for cluster in range(1, 5)]
    assert shares == sorted(shares, reverse=True)


def test_another_meaning_of_correct_can_be_given_for_the_numbers():
    values, kind = planted_heatmaps(3, each=20)
    maps = heatmap_set(values, np.ones(60, dtype=bool))
    clustering = spectral_clustering(maps, clusters=3, correct=kind == 2)
    assert set(kind[clustering.labels == 1]) == {2}


def test_membership_is_the_share_of_the_ten_nearest_others_in_the_same_cluster():
    values, _ = planted_heatmaps(4, noise=0.5)
    clustering = spectral_clustering(values, clusters=8)
    assert clustering.memberships.dtype == np.float32
    for place in (0, 50, 159):
        distances = np.linalg.norm(clustering.points - clustering.points[place], axis=1)
        distances[place] = np.inf
        nearest = np.argsort(distances)[:10]
        expected = np.mean(clustering.labels[nearest] == clustering.labels[place])
        assert clustering.memberships[place] == pytest.approx(expected)
    assert clustering.memberships.min() < clustering.memberships.max()


def test_ties_in_numbering_are_broken_by_score_then_size_then_place():
    labels = np.array([7, 7, 3, 3, 5, 5, 5, 9, 9, 9])
    correct = np.array([1, 0, 1, 0, 0, 0, 0, 0, 0, 0], dtype=bool)
    scores = np.array([0.2, 0.2, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    numbered = number_clusters(labels, correct, scores)
    assert numbered.tolist() == [2, 2, 1, 1, 3, 3, 3, 4, 4, 4]
    larger_but_lower = number_clusters(
        np.array([1, 1, 1, 2]), np.zeros(4, dtype=bool), np.array([0.1, 0.1, 0.1, 0.9])
    )
    assert larger_but_lower.tolist() == [2, 2, 2, 1]
    assert number_clusters(labels, None, None).tolist() == [3, 3, 4, 4, 1, 1, 1, 2, 2, 2]


def test_constant_maps_form_a_cluster_instead_of_nan():
    values, _ = planted_heatmaps(3, each=20)
    values = np.concatenate([values, np.zeros((20, 16, 32), np.float32)])
    clustering = spectral_clustering(values, clusters=4)
    assert np.isfinite(clustering.points).all()
    assert np.isfinite(clustering.eigenvalues).all()
    assert len(set(clustering.labels[60:])) == 1
    assert clustering.labels[60] not in clustering.labels[:60]


def test_nothing_but_equal_maps_is_one_cluster():
    clustering = spectral_clustering(np.zeros((10, 4, 4)), clusters=3)
    assert clustering.clusters == 1
    assert clustering.labels.tolist() == [1] * 10


def test_the_papers_sigma_is_a_fifth_per_feature():
    values, _ = planted_heatmaps(3)
    clustering = spectral_clustering(values, clusters=3, sigma="paper")
    assert clustering.sigma.sigma == pytest.approx(0.2 * (16 * 32) ** 0.5)
    assert clustering.sigma.sweep == ()


def test_a_given_sigma_is_used_as_it_is():
    values, _ = planted_heatmaps(3)
    clustering = spectral_clustering(values, clusters=3, sigma=1.5)
    assert clustering.sigma.sigma == 1.5
    assert clustering.settings == "clusters=3,sigma=1.5,seed=0,stride=4"


def test_the_stride_comes_from_the_settings_of_the_heatmaps():
    assert stride_of("patch=5,stride=1,fill=0,target=logit") == 1
    assert stride_of("layer=layer4") == 4
    values, _ = planted_heatmaps(3, each=10)
    settings = "patch=5,stride=1,fill=0,target=logit"
    maps = heatmap_set(values, np.ones(30, dtype=bool), settings=settings)
    clustering = spectral_clustering(maps, clusters=3)
    assert clustering.projection.mean.shape == (4 * 8,)


def test_as_many_clusters_as_heatmaps_are_possible():
    values, _ = planted_heatmaps(2, each=3)
    assert spectral_clustering(values, clusters=6).clusters == 6


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"clusters": 30}, "20 heatmaps cannot form 30 clusters"),
        ({"clusters": 1}, "at least 2"),
        ({"clusters": 3, "sigma": "best"}, "'best'"),
        ({"clusters": 3, "sigma": -0.2}, "-0.2"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_in_one_sentence(arguments, part):
    values, _ = planted_heatmaps(2, each=10)
    with pytest.raises(SettingsError, match=part):
        spectral_clustering(values, **arguments)
