"""Measures against hand arithmetic."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from whalecore.errors import SettingsError
from whalecore.reliability.metrics import (
    auroc,
    binomial_upper_bound,
    expected_calibration_error,
    map_at_5,
    reference_ranks,
    top_k_accuracy,
    wilson_interval,
)


def test_the_rank_of_the_reference_is_counted_from_one():
    candidates = np.array([["a", "b", "c"], ["b", "a", "c"], ["c", "b", "d"]])
    assert reference_ranks(candidates, np.array(["a", "a", "a"])).tolist() == [1, 2, 0]


def test_map_at_5_equals_hand_arithmetic():
    assert map_at_5([1, 2, 5, 0]) == pytest.approx((1 + 1 / 2 + 1 / 5 + 0) / 4)
    assert map_at_5([1, 1]) == 1.0
    assert map_at_5([6, 0]) == 0.0


def test_top_k_accuracy_equals_hand_arithmetic():
    ranks = [1, 2, 5, 0]
    assert [top_k_accuracy(ranks, k) for k in (1, 2, 4, 5)] == [0.25, 0.5, 0.5, 0.75]


def test_auroc_counts_pairs_and_half_of_the_ties():
    # Positives 3, 2; negatives 1, 2, 4: pairs won 3>1, 3>2, 2>1 and half of 2=2.
    scores, positive = [3, 2, 1, 2, 4], [True, True, False, False, False]
    assert auroc(scores, positive) == pytest.approx(3.5 / 6)


def test_auroc_of_one_kind_alone_is_not_a_number():
    assert math.isnan(auroc([0.1, 0.2], [True, True]))
    assert math.isnan(auroc([0.1, 0.2], [False, False]))


def test_calibration_error_equals_hand_arithmetic():
    # Bins of a fifth: two photos of score .5 with one right; three of score .9 with one right.
    scores = [0.5, 0.5, 0.9, 0.9, 0.9]
    correct = [True, False, True, False, False]
    expected = 2 / 5 * abs(0.5 - 1 / 2) + 3 / 5 * abs(0.9 - 1 / 3)
    assert expected_calibration_error(scores, correct, bins=5) == pytest.approx(expected)


def test_a_score_on_a_border_belongs_to_the_lower_bin():
    # .5 and .4 share the bin (0, .5] of two: (.9 - 1) / 2; apart it would be .5 and .4.
    assert expected_calibration_error([0.5, 0.4], [True, False], 2) == pytest.approx(0.05)
    assert expected_calibration_error([0.0, 1.0], [False, True]) == 0.0


def test_a_perfect_model_has_the_known_error_at_a_thousand_photos():
    random = np.random.default_rng(0)
    errors = []
    for _ in range(50):
        scores = random.random(1000)
        errors.append(expected_calibration_error(scores, random.random(1000) < scores))
    assert 0.02 < np.mean(errors) < 0.05


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (1, 1, 0.2065, 1.0)],
)
def test_wilson_equals_published_values(successes, trials, low, high):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_the_ends_of_wilson_solve_its_equation():
    low, high = wilson_interval(37, 120)
    for end in (low, high):
        z = (37 / 120 - end) / math.sqrt(end * (1 - end) / 120)
        assert abs(z) == pytest.approx(1.959964, abs=1e-9)


def test_nothing_is_known_without_trials():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert binomial_upper_bound(0, 0, 0.05) == 1.0


@pytest.mark.parametrize(("failures", "trials"), [(0, 30), (3, 100), (29, 30)])
def test_at_the_upper_bound_so_few_failures_have_the_chance_alpha(failures, trials):
    bound = binomial_upper_bound(failures, trials, 0.05)
    assert binom.cdf(failures, trials, bound) == pytest.approx(0.05)


def test_impossible_input_is_refused_in_one_sentence():
    with pytest.raises(SettingsError, match="4 of 3"):
        wilson_interval(4, 3)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        expected_calibration_error([1.2], [True])
    for measure in (map_at_5, lambda none: top_k_accuracy(none, 1)):
        with pytest.raises(SettingsError, match="no photos"):
            measure([])
    with pytest.raises(SettingsError, match="no photos"):
        expected_calibration_error([], [])
