"""The choice of sigma from the data."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tests.planted import planted_heatmaps
from whalecore.clusters import sweep
from whalecore.clusters.descriptor import fit_projection
from whalecore.clusters.eigen import dense_embedding
from whalecore.clusters.extension import unit_rows
from whalecore.clusters.grouping import group_rows
from whalecore.clusters.sweep import choose_sigma, typical_distance


@pytest.mark.parametrize("kinds", [3, 6])
def test_the_chosen_sigma_shows_the_planted_number_of_groups(kinds):
    values, _ = planted_heatmaps(kinds)
    choice = choose_sigma(fit_projection(values, 4).points(values))
    chosen = next(trial for trial in choice.sweep if trial.sigma == choice.sigma)
    assert chosen.groups == kinds
    assert chosen.isolated <= 0.1
    assert choice.rule == "largest eigengap"
    allowed = [trial.eigengap for trial in choice.sweep if trial.isolated <= 0.1]
    assert chosen.eigengap == max(allowed)


def test_the_sweep_is_rising_and_repeatable():
    values, _ = planted_heatmaps(4)
    points = fit_projection(values, 4).points(values)
    choice = choose_sigma(points)
    sigmas = [trial.sigma for trial in choice.sweep]
    assert sigmas == sorted(sigmas)
    assert len(sigmas) == 8
    degrees = [trial.mean_degree for trial in choice.sweep]
    assert degrees == sorted(degrees)
    assert choose_sigma(points) == choice


def test_with_a_number_of_clusters_the_most_stable_sigma_is_taken():
    values, kind = planted_heatmaps(6, noise=0.25)
    points = fit_projection(values, 4).points(values)
    choice = choose_sigma(points, 6)
    assert choice.rule.startswith("most stable of those")
    chosen = next(trial for trial in choice.sweep if trial.sigma == choice.sigma)
    allowed = [trial.stability for trial in choice.sweep if trial.isolated <= 0.1]
    assert chosen.stability == max(allowed)
    rows = dense_embedding(points, choice.sigma, 6).vectors
    assert adjusted_rand_score(kind, group_rows(unit_rows(rows), 6, 0)) > 0.9


def test_a_stable_sigma_that_leaves_many_heatmaps_alone_is_put_aside():
    random = np.random.default_rng(0)
    dense = random.normal(size=(150, 3)) * 0.01
    points = np.concatenate([dense, dense + 1, random.uniform(50, 500, size=(60, 3))])
    choice = choose_sigma(points, 4)
    assert min(trial.isolated for trial in choice.sweep) > 0.1
    assert choice.rule == "fewest heatmaps without neighbours"


def test_the_typical_distance_equals_hand_arithmetic():
    points = np.arange(10.0)[:, None]
    # The 7th nearest of 0..9 on a line: 7, 6, 5, 4, 4 and the same from the other end.
    assert typical_distance(points) == 5
    assert typical_distance(np.zeros((10, 3))) == 1


def test_sigma_grows_with_the_scale_of_the_data():
    points = np.random.default_rng(0).normal(size=(100, 5))
    ratio = choose_sigma(points * 10).sigma / choose_sigma(points).sigma
    assert ratio == pytest.approx(10, rel=1e-6)


def test_many_heatmaps_are_represented_by_a_sample(monkeypatch):
    random = np.random.default_rng(0)
    centres = random.normal(size=(4, 3)) * 20
    points = centres[random.integers(0, 4, 1300)] + random.normal(size=(1300, 3))
    monkeypatch.setattr(sweep, "SAMPLE", 200)
    choice = choose_sigma(points)
    chosen = next(trial for trial in choice.sweep if trial.sigma == choice.sigma)
    assert chosen.groups == 4
    assert chosen.mean_degree < 200


@pytest.mark.parametrize("copies", [2, 20])
def test_heatmaps_that_are_the_same_count_once_for_the_typical_distance(copies):
    points = np.repeat(np.arange(10.0)[:, None], copies, axis=0)
    assert typical_distance(points) == 5
    assert choose_sigma(points).sweep[0].sigma == pytest.approx(0.4 * 5)


def test_distances_that_are_nothing_but_rounding_do_not_count():
    # 40 of 60 lie within 1e-8 of their length of each other; the others are 3 apart on a line.
    close = 1 + np.arange(40.0) * 1e-8 / 40
    points = np.concatenate([close, 4 + 3 * np.arange(20.0)])[:, None]
    line = np.abs(points[40:] - np.concatenate([points[40:], np.ones((40, 1))])[:, 0])
    expected = np.median(np.sort(line, axis=1)[:, 7])
    assert typical_distance(points) == pytest.approx(expected, rel=1e-6)


def test_two_heatmaps_or_equal_ones_still_get_a_sigma():
    assert choose_sigma(np.array([[0.0], [2.0]])).sigma > 0
    assert choose_sigma(np.zeros((10, 3))).sigma == 1.0
