"""Clusters that start from earlier ones, or of which only a sample was compared."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tests.planted import planted_heatmaps, with_copies
from whalecore.clusters import modes
from whalecore.clusters.clustering import Earlier
from whalecore.clusters.placing import assign_many
from whalecore.clusters.spectral import spectral_clustering


def test_a_continued_clustering_stays_where_it_was_when_heatmaps_are_added():
    rng = np.random.default_rng(3)
    noise = rng.random((240, 8, 16), dtype=np.float32)
    first = spectral_clustering(noise[:200], 6, seed=0)
    before = np.concatenate([first.labels, np.zeros(40, int)])
    anew = spectral_clustering(noise, 6, seed=5)
    continued = spectral_clustering(noise, 6, seed=5, earlier=Earlier(before, first.sigma))
    assert continued.sigma is first.sigma
    kept = adjusted_rand_score(first.labels, continued.labels[:200])
    assert kept > adjusted_rand_score(first.labels, anew.labels[:200]) + 0.2
    # Once more with the same heatmaps, nothing moves: k-means had come to rest.
    start = Earlier(continued.labels, first.sigma)
    again = spectral_clustering(noise, 6, seed=9, earlier=start)
    assert [one.started for one in (first, anew, continued, again)] == [False, False, True, True]
    assert adjusted_rand_score(continued.labels, again.labels) == 1


def test_clusters_that_are_not_all_there_any_more_are_not_the_start():
    noise = np.random.default_rng(3).random((60, 8, 16), dtype=np.float32)
    first = spectral_clustering(noise, 3, seed=0)
    gone = np.where(first.labels == 3, 0, first.labels)
    started = spectral_clustering(noise, 3, seed=1, earlier=Earlier(gone, first.sigma))
    afresh = spectral_clustering(noise, 3, sigma=first.sigma.sigma, seed=1)
    np.testing.assert_array_equal(started.labels, afresh.labels)
    assert not started.started
    another = spectral_clustering(noise, 4, seed=1, earlier=Earlier(first.labels, first.sigma))
    assert not another.started


def test_repeated_heatmaps_share_their_cluster_where_only_some_are_compared(monkeypatch):
    monkeypatch.setattr(modes, "SCALE_SAMPLE", 60)
    noise = np.random.default_rng(0).random((40, 8, 16), dtype=np.float32)
    clustering = spectral_clustering(with_copies(noise, 5), clusters=6, mode="scale")
    labels = clustering.labels.reshape(5, 40)
    assert (labels == labels[0]).all()
    for others in clustering.others.values():
        labels = others.reshape(5, 40)
        assert (labels == labels[0]).all()


def test_heatmaps_beyond_the_sample_are_carried_into_its_clusters(monkeypatch):
    values, kind = planted_heatmaps(4, each=100, noise=0.05)
    monkeypatch.setattr(modes, "SCALE_SAMPLE", 150)
    clustering = spectral_clustering(values, clusters=4, mode="scale")
    assert adjusted_rand_score(kind, clustering.labels) == 1
    assert len(clustering.points) == len(clustering.point_labels) == 150
    assert sorted(clustering.others) == [2, 3, 5, 6]
    kept = np.sort(np.random.default_rng(0).permutation(400)[:150])
    np.testing.assert_array_equal(clustering.point_labels, clustering.labels[kept])
    points = clustering.projection.points(values)
    for place in np.setdiff1d(np.arange(400), kept)[:5]:
        nearest = np.argsort(np.linalg.norm(points[kept] - points[place], axis=1))[:10]
        expected = np.mean(clustering.labels[kept][nearest] == clustering.labels[place])
        assert clustering.memberships[place] == pytest.approx(expected)
    np.testing.assert_array_equal(assign_many(clustering, values).clusters, clustering.labels)


def test_the_sample_itself_is_clustered_as_in_the_exact_mode(monkeypatch):
    values, _ = planted_heatmaps(5, each=60, noise=0.3)
    monkeypatch.setattr(modes, "SCALE_SAMPLE", 200)
    kept = np.sort(np.random.default_rng(0).permutation(300)[:200])
    carried = spectral_clustering(values, clusters=5, sigma=3.0, mode="scale")
    alone = spectral_clustering(values[kept], clusters=5, sigma=3.0, mode="exact")
    assert adjusted_rand_score(carried.labels[kept], alone.labels) > 0.95
