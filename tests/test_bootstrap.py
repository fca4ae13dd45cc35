"""Intervals by drawing groups, against theory."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.bootstrap import bootstrap, resampled


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(size=400)
    drawn = resampled(np.arange(400))
    found = bootstrap(lambda rows: values[rows].mean(), drawn)
    half = 1.96 * values.std() / 20
    assert found.value == values.mean()
    assert found.low == pytest.approx(values.mean() - half, abs=0.015)
    assert found.high == pytest.approx(values.mean() + half, abs=0.015)
    assert (found.photos, drawn.photos, drawn.groups) == (400, 400, 400)


def test_photos_of_one_animal_count_as_one():
    # Ten photos each of 40 animals that are all alike: the width is that of 40, not of 400.
    values = np.repeat(np.random.default_rng(0).normal(size=40), 10)
    animals = bootstrap(lambda rows: values[rows].mean(), resampled(np.repeat(np.arange(40), 10)))
    photos = bootstrap(lambda rows: values[rows].mean(), resampled(np.arange(400)))
    widths = [one.high - one.low for one in (animals, photos)]
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(10), rel=0.2)


def test_a_paired_difference_is_narrower_than_its_parts():
    random = np.random.default_rng(0)
    first = random.normal(size=300)
    second = first + 0.1 + 0.05 * random.normal(size=300)
    found = bootstrap(
        lambda rows: second[rows].mean() - first[rows].mean(), resampled(np.arange(300))
    )
    assert found.above_zero
    assert found.high > 0
    assert found.high - found.low < 0.02


def test_draws_that_give_no_number_are_left_out():
    found = bootstrap(lambda rows: 1.0 if 0 in rows else float("nan"), resampled(["a", "b"]))
    assert (found.low, found.high) == (1.0, 1.0)
    with pytest.raises(SettingsError, match="no photos"):
        resampled([])


def test_the_interval_is_repeatable():
    values = np.arange(20.0)
    one, other = (
        bootstrap(lambda rows: values[rows].mean(), resampled(np.arange(20))) for _ in range(2)
    )
    assert one == other
