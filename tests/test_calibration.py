"""Calibration figures against hand arithmetic and against what a perfect model does."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.calibration import (
    brier_score,
    perfect_calibration_error,
    reliability_bins,
)
from whalecore.reliability.metrics import expected_calibration_error, wilson_interval


def test_the_brier_score_equals_hand_arithmetic():
    assert brier_score([0.8, 0.4], [True, False]) == pytest.approx((0.2**2 + 0.4**2) / 2)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        brier_score([1.5], [True])


def test_the_bins_of_a_reliability_diagram_equal_hand_arithmetic():
    low, high = reliability_bins([0.1, 0.5, 0.9, 0.8], [False, True, True, False], bins=2)
    assert (low.photos, low.right, low.probability, low.share) == (2, 1, pytest.approx(0.3), 0.5)
    assert (high.low, high.high, high.probability) == (0.5, 1.0, pytest.approx(0.85))
    assert (high.share_low, high.share_high) == wilson_interval(1, 2)


def test_a_bin_without_photos_says_that_nothing_is_known():
    empty = reliability_bins([0.9], [True], bins=4)[1]
    assert (empty.photos, empty.share, empty.probability) == (0, None, 0.375)
    assert (empty.share_low, empty.share_high) == (0.0, 1.0)


def test_the_error_of_a_perfect_model_equals_that_of_single_draws():
    random = np.random.default_rng(0)
    probabilities = random.random(300)
    draws = [
        expected_calibration_error(probabilities, random.random(300) < probabilities)
        for _ in range(400)
    ]
    found = perfect_calibration_error(probabilities)
    assert found.mean == pytest.approx(np.mean(draws), abs=0.003)
    np.testing.assert_allclose(
        [found.low, found.high], np.percentile(draws, (2.5, 97.5)), atol=0.008
    )


def test_many_photos_bring_a_perfect_model_near_to_no_error():
    few, many = (
        perfect_calibration_error(np.linspace(0, 1, count), draws=100).mean
        for count in (100, 10_000)
    )
    assert many == pytest.approx(few / 10, rel=0.25)
