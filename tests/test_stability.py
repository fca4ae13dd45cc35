"""How surely clusters come out again."""

from itertools import combinations

import numpy as np
import pytest

from whalecore.clusters.stability import cluster_stability, weighted_stability
from whalecore.errors import SettingsError


def clouds(*centres, each=40, seed=0):
    """Points around the centres, in the order of the centres."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.normal(centre, 0.3, (each, 2)) for centre in centres])


def k_means(clusters, starts=1):
    from sklearn.cluster import KMeans

    def again(points, seed):
        return KMeans(clusters, n_init=starts, init="random", random_state=seed).fit_predict(points)

    return again


def test_the_share_is_that_of_all_pairs_counted_one_by_one():
    random = np.random.default_rng(0)
    labels = random.integers(1, 5, 40)
    points = np.arange(40.0)[:, None]
    runs = []

    def again(drawn, seed):
        runs.append((drawn[:, 0].astype(int), np.random.default_rng(seed).integers(7, 10, 32)))
        return runs[-1][1]

    found = cluster_stability(points, labels, again, repeats=3)
    assert [len(drawn) for drawn, _ in runs] == [32, 32, 32]
    for cluster in range(1, 5):
        together = [
            first == second
            for drawn, new in runs
            for (one, first), (two, second) in combinations(zip(drawn, new, strict=True), 2)
            if labels[one] == labels[two] == cluster
        ]
        assert found[cluster - 1] == pytest.approx(np.mean(together))


def test_two_clouds_taken_for_one_are_unstable_and_clouds_apart_are_stable():
    # Three clusters for four clouds on a square's corners: any two neighbours may be joined.
    points = clouds((0, 0), (0, 3), (3, 0), (3, 3))
    labels = np.repeat([1, 1, 2, 3], 40)
    merged, second, third = cluster_stability(points, labels, k_means(3), repeats=20)
    assert merged < 0.8
    assert second > 0.9
    assert third > 0.9


def test_parts_cut_out_of_one_round_cloud_are_less_stable_than_a_cloud_apart():
    points = clouds((0, 0), (30, 30), each=80)
    points[:80] *= 8
    labels = np.where(np.arange(160) >= 80, 3, 1 + (points[:, 0] > 0))
    first, second, whole = cluster_stability(points, labels, k_means(3, starts=10), repeats=20)
    assert whole == 1
    assert max(first, second) < 0.8


def test_the_same_clusters_each_time_are_completely_stable():
    points = clouds((0, 0), (9, 0), (0, 9))
    labels = np.repeat([1, 2, 3], 40)

    def again(drawn, _):
        return (drawn[:, 0] > 5) + 2 * (drawn[:, 1] > 5)

    np.testing.assert_array_equal(cluster_stability(points, labels, again), [1, 1, 1])


def test_heatmaps_of_one_unit_are_drawn_together():
    units = np.repeat(np.arange(20), 5)
    seen = []

    def again(drawn, _):
        seen.append(np.bincount(units[drawn[:, 0].astype(int)], minlength=20))
        return np.zeros(len(drawn))

    cluster_stability(np.arange(100.0)[:, None], np.ones(100, int), again, units=units)
    for counts in seen:
        assert sorted(counts) == [0] * 4 + [5] * 16
    assert len({tuple(counts) for counts in seen}) > 1


def test_no_more_heatmaps_are_drawn_than_asked_for():
    sizes = []

    def again(drawn, _):
        sizes.append(len(drawn))
        return np.zeros(len(drawn))

    cluster_stability(np.zeros((300, 1)), np.ones(300, int), again, repeats=4, most=50)
    assert sizes == [50] * 4


def test_a_single_heatmap_has_no_stability():
    def again(drawn, _):
        return np.zeros(len(drawn))

    found = cluster_stability(np.zeros((5, 1)), np.array([1, 1, 1, 1, 2]), again, share=1.0)
    np.testing.assert_array_equal(found, [1, np.nan])
    assert found.dtype == np.float32


def test_the_same_seed_gives_the_same_result():
    points = clouds((0, 0), (0, 1), (1, 0), (1, 1))
    labels = np.repeat([1, 1, 2, 3], 40)
    first, again, other = (
        cluster_stability(points, labels, k_means(3), repeats=3, seed=seed) for seed in (0, 0, 7)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.ones(3, int)}, "one for each heatmap"),
        ({"units": np.ones(3, int)}, "one for each heatmap"),
        ({"repeats": 0}, "at least 1"),
        ({"share": 0.0}, "above 0 and at most 1"),
        ({"share": 1.2}, "above 0 and at most 1"),
        ({"cluster_again": lambda points, seed: np.zeros(3)}, "one label for each point"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, words):
    given = {"labels": np.ones(10, int), "cluster_again": lambda points, seed: np.zeros(8)}
    with pytest.raises(SettingsError, match=words):
        cluster_stability(np.zeros((10, 2)), **{**given, **change})


def test_the_weighted_stability_equals_hand_arithmetic():
    labels = np.array([1, 1, 1, 2, 3])
    assert weighted_stability(np.array([0.5, 1, np.nan]), labels) == pytest.approx(2.5 / 4)
    assert np.isnan(weighted_stability(np.full(3, np.nan), labels))
