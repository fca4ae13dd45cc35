"""Learning rate and margin over a training."""

import pytest

from whalecore.identifiers.schedule import margin_share, rate_share


def test_the_rate_rises_to_all_of_it_and_falls_to_nothing():
    assert rate_share(0.0, 0.1) == pytest.approx(0.01 / 1.01)
    assert rate_share(0.1, 0.1) == 1.0
    assert rate_share(0.55, 0.1) == pytest.approx(0.5)
    assert rate_share(1.0, 0.1) == pytest.approx(0.0)


def test_the_margin_rises_from_nothing_and_stays():
    assert margin_share(0.0, 0.2) == 0.0
    assert margin_share(0.05, 0.2) == 0.25
    assert margin_share(0.2, 0.2) == margin_share(0.9, 0.2) == 1.0


def test_without_warm_up_the_margin_is_there_at_once():
    assert margin_share(0.0, 0.0) == 1.0
