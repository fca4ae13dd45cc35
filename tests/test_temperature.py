"""Temperature against values that are known."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.temperature import PRIOR, fit_temperature, negative_log_likelihood


def honest_logits(count=4000, individuals=8, seed=0):
    """Logits whose softmax is the true chance of each individual, and answers drawn from it."""
    random = np.random.default_rng(seed)
    logits = random.normal(scale=2, size=(count, individuals))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("factor", [0.2, 1.0, 5.0])
def test_logits_that_are_too_steep_by_a_factor_get_that_temperature(factor):
    logits, labels = honest_logits()
    assert fit_temperature(logits * factor, labels) == pytest.approx(factor, rel=0.06)


def test_two_individuals_have_a_temperature_that_can_be_solved_by_hand():
    # Three of four are right at a logit gap of 2: sigmoid(2 / T) = 3/4, so T = 2 / log 3.
    logits, labels = np.array([[2.0, 0.0]] * 40_000), np.array([0, 0, 0, 1] * 10_000)
    assert fit_temperature(logits, labels) == pytest.approx(2 / np.log(3), 1e-4)


@pytest.mark.parametrize("photos", [1, 2, 5, 25])
def test_few_photos_that_all_are_right_do_not_make_scores_certain(photos):
    temperature = fit_temperature(np.array([[2.0, 0.0]] * photos), np.zeros(photos, int))
    # Where likelihood and prior pull alike: n (2 / T) sigmoid(-2 / T) = -log(T) / PRIOR^2.
    pull = photos * 2 / temperature / (1 + np.exp(2 / temperature))
    assert pull == pytest.approx(-np.log(temperature) / PRIOR**2, rel=1e-3)
    assert 0.2 < temperature < 1


def test_no_prior_is_felt_at_a_temperature_of_1():
    logits, labels = honest_logits(100_000)
    assert fit_temperature(logits, labels) == pytest.approx(1, abs=0.01)


def test_the_fitted_temperature_is_the_best_of_a_grid():
    logits, labels = honest_logits(300)
    best = negative_log_likelihood(logits, labels, fit_temperature(logits, labels))
    grid = [negative_log_likelihood(logits, labels, t) for t in np.geomspace(0.02, 50, 200)]
    # The prior costs the likelihood next to nothing on so many photos.
    assert best <= min(grid) + 1e-5


def test_the_likelihood_equals_hand_arithmetic():
    logits = np.array([[0.0, np.log(3)], [np.log(4), 0.0]])
    expected = -(np.log(3 / 4) + np.log(1 / 5)) / 2
    assert negative_log_likelihood(logits, np.array([1, 1]), 1.0) == pytest.approx(expected)


def test_faultless_photos_stay_within_the_bounds_without_overflow():
    temperature = fit_temperature(np.eye(5) * 1000, np.arange(5))
    assert 0.01 <= temperature <= 100
    assert np.isfinite(negative_log_likelihood(np.eye(5) * 1000, np.arange(5), temperature))


@pytest.mark.parametrize(
    ("logits", "labels", "part"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "at least one photo"),
        (np.zeros((2, 3)), np.zeros(3, int), "one label per photo"),
        (np.zeros((2, 3)), np.array([0, 3]), "does not know"),
        (np.zeros((2, 3)), np.array([-1, 0]), "does not know"),
    ],
)
def test_photos_that_cannot_be_used_are_refused_in_one_sentence(logits, labels, part):
    with pytest.raises(SettingsError, match=part):
        fit_temperature(logits, labels)
