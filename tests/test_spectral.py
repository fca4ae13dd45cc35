"""Spectral clustering of heatmaps whose kinds are known."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, completeness_score, homogeneity_score

from tests.planted import heatmap_set, planted_heatmaps, with_copies
from whalecore.clusters import modes
from whalecore.clusters.affinity import gaussian_affinity, normalised_laplacian
from whalecore.clusters.descriptor import fit_projection
from whalecore.clusters.eigen import smallest_eigenvectors
from whalecore.clusters.extension import unit_rows
from whalecore.clusters.grouping import group_rows, number_clusters
from whalecore.clusters.placing import assign_many
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import SettingsError


def test_planted_kinds_are_found_again():
    values, kind = planted_heatmaps(6)
    clustering = spectral_clustering(values, clusters=6)
    assert adjusted_rand_score(kind, clustering.labels) > 0.95
    assert clustering.labels.dtype == np.int32
    assert set(clustering.labels) == set(range(1, 7))
    assert clustering.stability > 0.95
    assert clustering.mode == "exact"


def test_noise_has_a_low_stability():
    values = np.random.default_rng(0).normal(size=(200, 8, 8)).astype(np.float32)
    assert spectral_clustering(values, clusters=10).stability < 0.6


def test_the_eigenvalues_are_the_sixty_smallest_of_the_whole_spectrum():
    values, _ = planted_heatmaps(3)
    clustering = spectral_clustering(values, clusters=3)
    points = fit_projection(values, 4).points(values)
    affinity = gaussian_affinity(points, clustering.sigma.sigma)
    expected = np.linalg.eigvalsh(normalised_laplacian(affinity))[:60]
    np.testing.assert_allclose(clustering.eigenvalues, expected, atol=1e-9)
    assert np.diff(clustering.eigenvalues).argmax() == 2


def test_the_sign_of_an_eigenvector_makes_no_difference():
    values, _ = planted_heatmaps(5)
    clustering = spectral_clustering(values, clusters=5)
    affinity = gaussian_affinity(clustering.points, clustering.sigma.sigma)
    _, rows = smallest_eigenvectors(affinity, 5)
    rows = unit_rows(rows)
    turned = rows * np.array([1, -1, -1, 1, -1])
    np.testing.assert_array_equal(group_rows(rows, 5, 0), group_rows(turned, 5, 0))


def test_k_means_starts_from_the_centres_it_is_given():
    rows = np.array([[0.0], [1.0], [10.0], [11.0]])
    found = group_rows(rows, 2, seed=0, centres=np.array([[10.0], [0.0]]))
    assert found.tolist() == [1, 1, 0, 0]


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


@pytest.mark.parametrize(("blank", "others"), [(50, 30), (150, 50), (500, 200)])
def test_mostly_blank_heatmaps_are_one_cluster_and_the_kinds_of_the_others_are_found(blank, others):
    values, kind = planted_heatmaps(5, each=others // 5, noise=0.02)
    values = np.concatenate([values, np.zeros((blank, 16, 32), np.float32)])
    clustering = spectral_clustering(values, clusters=6)
    assert adjusted_rand_score(np.append(kind, [5] * blank), clustering.labels) > 0.95
    assert len(set(clustering.labels[others:])) == 1
    assert clustering.sigma.sweep
    assert clustering.sigma.sigma > 0.1


def test_auto_looks_for_the_number_of_clusters_beside_blank_heatmaps():
    values, _ = planted_heatmaps(2, each=10, noise=0.02)
    values = np.concatenate([values, np.zeros((60, 16, 32), np.float32)])
    clustering = spectral_clustering(values, clusters="auto")
    assert clustering.clusters == 3
    assert len(set(clustering.labels[20:])) == 1


@pytest.mark.parametrize("copies", [10, 20, 60])
def test_repeated_heatmaps_share_their_clusters_under_any_setting(copies):
    values, _ = planted_heatmaps(12, each=1)
    for wanted, found in ((8, 8), (12, 12), (30, 12)):
        clustering = spectral_clustering(with_copies(values, copies), clusters=wanted)
        labels = clustering.labels.reshape(copies, 12)
        assert (labels == labels[0]).all()
        assert clustering.clusters == found
        assert sorted(clustering.others) == sorted(
            one for one in (wanted - 2, wanted - 1, wanted + 1, wanted + 2)
            if wanted == found and one <= 12
        )  # fmt: skip


def test_no_more_clusters_are_made_than_heatmaps_differ():
    values, _ = planted_heatmaps(3, each=1)
    clustering = spectral_clustering(with_copies(values, 20), clusters=8, sigma="paper")
    labels = clustering.labels.reshape(20, 3)
    assert clustering.clusters == 3
    assert (labels == labels[0]).all()
    assert clustering.cluster_stability.tolist() == [1, 1, 1]


def test_the_papers_sigma_is_a_fifth_per_feature():
    values, _ = planted_heatmaps(3)
    clustering = spectral_clustering(values, clusters=3, sigma="paper")
    assert clustering.sigma.sigma == pytest.approx(0.2 * (16 * 32) ** 0.5)
    assert clustering.sigma.sweep == ()


def test_a_given_sigma_is_used_as_it_is():
    values, _ = planted_heatmaps(3)
    clustering = spectral_clustering(values, clusters=3, sigma=1.5)
    assert clustering.sigma.sigma == 1.5
    assert clustering.settings == (
        "clusters=3,sigma=1.5,seed=0,stride=4,mode=exact,signed=0,aligned=0"
    )


def test_as_many_clusters_as_heatmaps_are_possible():
    values, _ = planted_heatmaps(2, each=3)
    assert spectral_clustering(values, clusters=6).clusters == 6


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"clusters": 30}, "20 heatmaps cannot form 30 clusters"),
        ({"clusters": 1}, "at least 2"),
        ({"clusters": "many"}, "'many'"),
        ({"clusters": 3, "mode": "fast"}, "'fast'"),
        ({"clusters": 3, "sigma": "best"}, "'best'"),
        ({"clusters": 3, "sigma": -0.2}, "-0.2"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_in_one_sentence(arguments, part):
    values, _ = planted_heatmaps(2, each=10)
    with pytest.raises(SettingsError, match=part):
        spectral_clustering(values, **arguments)


@pytest.mark.parametrize("mode", ["exact", "scale"])
def test_kinds_that_share_nothing_are_recovered_exactly_in_both_modes(mode):
    random = np.random.default_rng(0)
    kind = random.permutation(np.repeat(np.arange(5), 40))
    band = np.arange(30)[None, :] // 6 == kind[:, None]
    values = (band * random.uniform(0.8, 1, (200, 30)))[:, None, :]
    clustering = spectral_clustering(values, clusters=5, mode=mode)
    assert adjusted_rand_score(kind, clustering.labels) == 1
    assert clustering.mode == mode
    assert clustering.cluster_stability.min() > 0.95
    assert clustering.stability > 0.98


@pytest.mark.slow
def test_the_scale_mode_finds_planted_kinds_at_least_as_well_as_the_exact_mode():
    values, kind = planted_heatmaps(30, each=100, noise=0.25)
    agreement = {
        mode: adjusted_rand_score(kind, spectral_clustering(values, mode=mode).labels)
        for mode in ("exact", "scale")
    }
    assert agreement["exact"] > 0.7
    assert agreement["scale"] > agreement["exact"]


def test_the_same_seed_gives_the_same_clustering_in_scale_mode():
    values, _ = planted_heatmaps(5, noise=0.5)
    first, second = (spectral_clustering(values, 8, seed=3, mode="scale") for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.cluster_stability, second.cluster_stability)


@pytest.mark.parametrize("mode", ["exact", "scale"])
def test_auto_finds_many_overlapping_kinds_by_landmarks(mode):
    values, _ = planted_heatmaps(12, each=110, noise=0.15)
    found = spectral_clustering(values, clusters="auto", sigma=2.0, mode=mode)
    assert found.clusters == 12
    # Those that decided are the ones that are kept.
    assert found.by_landmarks
    assert np.diff(found.eigenvalues)[1:].argmax() + 2 == 12
    assert not spectral_clustering(values[:120], clusters="auto", mode=mode).by_landmarks
    assert not spectral_clustering(values, clusters=12, sigma=2.0, mode=mode).by_landmarks


def test_neighbouring_numbers_of_clusters_merge_or_split_planted_kinds():
    values, kind = planted_heatmaps(6, noise=0.05)
    others = spectral_clustering(values, clusters=6).others
    assert sorted(others) == [4, 5, 7, 8]
    for count, labels in others.items():
        assert labels.dtype == np.int32
        assert set(labels) == set(range(1, count + 1))
    assert completeness_score(kind, others[5]) > 0.95
    assert homogeneity_score(kind, others[8]) > 0.95
    assert sorted(spectral_clustering(values, clusters=2).others) == [3, 4]


def test_heatmaps_of_two_parts_are_told_apart_by_either():
    values, kind = planted_heatmaps(4, each=30, noise=0.05)
    first = heatmap_set(np.where((kind < 2)[:, None, None], values[:1], values[-1:]), kind == 0)
    second = heatmap_set(values, kind == 0, settings="patch=16,stride=4,fill=0,target=logit")
    clustering = spectral_clustering([first, second], clusters=4)
    assert adjusted_rand_score(kind, clustering.labels) == 1
    assert clustering.projection.shapes == ((16, 32), (16, 32))
    expected = first.values[clustering.labels == 1].mean(axis=0)
    np.testing.assert_allclose(clustering.means[0], expected, atol=1e-3)
    placed = assign_many(clustering, [first.values, second.values])
    np.testing.assert_array_equal(placed.clusters, clustering.labels)


@pytest.mark.parametrize("mode", ["exact", "scale"])
def test_clustered_heatmaps_are_placed_into_their_own_clusters(mode):
    values, _ = planted_heatmaps(6)
    clustering = spectral_clustering(values.astype(np.float16), clusters=6, mode=mode)
    placed = assign_many(clustering, values.astype(np.float16))
    assert np.mean(placed.clusters == clustering.labels) > 0.98
    assert placed.unlike.mean() < 0.02


@pytest.mark.parametrize(("mode", "clusters"), [("exact", 62), ("scale", 60)])
def test_more_clusters_than_eigenvalues_are_shown_are_found_too(monkeypatch, mode, clusters):
    monkeypatch.setattr(modes, "SCALE_SAMPLE", 300)
    values, _ = planted_heatmaps(6, each=80, noise=0.5)
    clustering = spectral_clustering(values, clusters=clusters, sigma=3.0, mode=mode)
    assert clustering.clusters == clusters
    assert len(clustering.eigenvalues) == 60
    assert assign_many(clustering, values[:5]).clusters.max() <= clusters


def test_the_mean_map_of_aligned_clusters_is_of_aligned_maps():
    values, _ = planted_heatmaps(1, each=40, noise=0.01)
    values[::2] = values[::2, :, ::-1]
    found = spectral_clustering(values, clusters=2, aligned=True)
    left = found.means[:, :, :16].clip(min=0).sum(axis=(1, 2))
    right = found.means[:, :, 16:].clip(min=0).sum(axis=(1, 2))
    assert (left > right).all()


def test_progress_is_reported_step_by_step():
    values, _ = planted_heatmaps(3, each=20)
    seen = []
    spectral_clustering(values, clusters=3, report=seen.append)
    assert [(one.done, one.total) for one in seen] == [(number, 6) for number in range(6)]
    assert seen[0].message == "60 heatmaps, exact mode"
