"""Means and their bootstrap intervals."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.bootstrap import mean_effect


def test_equal_values_have_an_interval_without_width():
    effect = mean_effect(np.full(7, 0.3))
    assert (effect.value, effect.low, effect.high, effect.photos) == pytest.approx(
        (0.3,) * 3 + (7,)
    )
    assert effect.above_zero


def test_the_interval_is_that_of_the_normal_distribution_for_many_photos():
    values = np.random.default_rng(1).normal(2, 3, 4000)
    effect = mean_effect(values)
    reach = 1.96 * values.std() / 4000**0.5
    assert effect.low == pytest.approx(values.mean() - reach, abs=0.02)
    assert effect.high == pytest.approx(values.mean() + reach, abs=0.02)


def test_photos_of_one_individual_count_as_one_when_they_say_the_same():
    single = mean_effect(np.array([0.0, 1.0] * 10))
    fourfold = mean_effect(np.repeat([0.0, 1.0] * 10, 4), np.repeat(np.arange(20), 4))
    assert (fourfold.low, fourfold.high) == (single.low, single.high)
    careless = mean_effect(np.repeat([0.0, 1.0] * 10, 4))
    assert careless.high - careless.low < 0.7 * (single.high - single.low)


def test_a_difference_around_zero_is_not_above_it():
    assert not mean_effect(np.array([-1.0, 1.0, -1.0, 1.0])).above_zero


def test_no_photos_are_refused():
    with pytest.raises(SettingsError, match="no photos"):
        mean_effect(np.array([]))
