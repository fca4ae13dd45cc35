"""Risk over coverage against hand arithmetic and against the AUROC."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.curves import (
    area_under_generalized_risk,
    area_under_risk_coverage,
    risk_coverage,
)
from whalecore.reliability.metrics import auroc


def test_the_curve_equals_hand_arithmetic():
    # By falling certainty: right, wrong, right, wrong.
    curve = risk_coverage([0.2, 0.9, 0.7, 0.5], [False, True, False, True])
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0, 1 / 2, 1 / 3, 2 / 4])
    area = area_under_risk_coverage([0.2, 0.9, 0.7, 0.5], [False, True, False, True])
    assert area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_equally_certain_photos_share_their_errors():
    curve = risk_coverage([0.5, 0.5, 0.9], [True, False, True])
    np.testing.assert_allclose(curve.risk, [0, 0.25, 1 / 3])
    swapped = risk_coverage([0.5, 0.5, 0.9], [False, True, True])
    np.testing.assert_array_equal(curve.risk, swapped.risk)


def test_a_perfect_order_leaves_only_the_unavoidable_area():
    certainty, correct = np.linspace(1, 0, 10), np.arange(10) < 7
    assert area_under_generalized_risk(certainty, correct) == pytest.approx(0.3**2 / 2)


@pytest.mark.parametrize("ties", [False, True])
def test_the_generalized_area_follows_from_auroc_and_error_as_published(ties):
    random = np.random.default_rng(1)
    certainty = random.random(200)
    if ties:
        certainty = certainty.round(1)
    correct = random.random(200) < 0.3 + 0.6 * certainty
    error = (~correct).mean()
    expected = (1 - auroc(certainty, correct)) * error * (1 - error) + error**2 / 2
    assert area_under_generalized_risk(certainty, correct) == pytest.approx(expected)


def test_no_photos_are_refused_in_one_sentence():
    with pytest.raises(SettingsError, match="at least one photo"):
        risk_coverage([], [])
    with pytest.raises(SettingsError, match="2 certainties and 1 answers"):
        risk_coverage([0.1, 0.2], [True])
