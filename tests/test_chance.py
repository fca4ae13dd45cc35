"""What clusters of noise reach, beside which the stability of real ones is read."""

import numpy as np
import pytest

from tests.planted import planted_heatmaps
from whalecore.clusters import chance
from whalecore.clusters.chance import noise_stability
from whalecore.clusters.spectral import spectral_clustering


def halves(points, sigma, seed):
    return points[:, 0] > 0


def at_random(points, sigma, seed):
    return np.random.default_rng(seed).integers(0, 4, len(points))


def cloud(count=400, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 3)) * (3, 2, 1)


def test_halves_of_nothing_come_out_again_and_clusters_at_random_do_not():
    assert noise_stability(cloud(), 1.0, halves) == 1
    # Two heatmaps of one of four random clusters meet again in a quarter of the runs.
    assert noise_stability(cloud(), 1.0, at_random) == pytest.approx(0.25, abs=0.02)


def test_noise_has_the_size_and_spread_of_the_heatmaps_and_sigma_grows_with_it(monkeypatch):
    seen = []

    def look(points, sigma, seed):
        seen.append((points, sigma))
        return halves(points, sigma, seed)

    points = np.concatenate([cloud() - 20, cloud(seed=1) + 20])
    noise_stability(points, 2.0, look)
    noise = seen[0][0]
    assert noise.shape == points.shape
    np.testing.assert_allclose(noise.std(axis=0), points.std(axis=0), rtol=0.1)
    # Two clouds far apart are drawn as one wide cloud, whose points are less near to each other.
    assert np.abs(noise[:, 0]).min() < 1 < np.abs(points[:, 0]).min()
    assert seen[0][1] > 3
    seen.clear()
    monkeypatch.setattr(chance, "MOST", 100)
    noise_stability(points, 2.0, look)
    assert [len(points) for points, _ in seen[:3]] == [100, 80, 80]


def test_the_same_seed_gives_the_same_result():
    first, second, other = (noise_stability(cloud(100), 1.0, at_random, seed) for seed in (0, 0, 1))
    assert first == second != other


def test_points_that_are_all_alone_have_no_stability():
    assert np.isnan(noise_stability(cloud(5), 1.0, lambda points, *_: np.arange(len(points))))


def test_kinds_that_stand_apart_hold_better_than_noise_and_halves_of_noise_do_not():
    values, _ = planted_heatmaps(6)
    kinds = spectral_clustering(values, clusters=6)
    assert kinds.stability > 0.95
    assert kinds.noise_stability < 0.8
    noise = np.random.default_rng(0).normal(size=(400, 16, 32)).astype(np.float32)
    halved = spectral_clustering(noise, clusters=2)
    assert halved.stability > 0.9
    assert halved.noise_stability == pytest.approx(halved.stability, abs=0.05)


def test_one_cluster_of_nearly_everything_holds_in_noise_as_well():
    noise = np.random.default_rng(0).normal(size=(400, 16, 32)).astype(np.float32)
    # So small a sigma joins hardly any two heatmaps.
    found = spectral_clustering(noise, clusters=6, sigma=1.0)
    assert np.bincount(found.labels).max() > 380
    assert found.stability > 0.9
    assert found.noise_stability > 0.7
