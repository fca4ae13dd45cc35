"""Two witnesses become one probability, weighed by what they were worth."""

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.reliability.fusion import Fusion, fit_fusion, fused_scores
from whalecore.reliability.temperature import fit_temperature


def drawn(weights, photos=4000, individuals=6, seed=0):
    """Photos whose right individual is drawn from exactly the fused probability."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (photos, individuals))
    marks = rng.poisson(2, (photos, individuals)).astype(float)
    scores = fused_scores(logits, marks, Fusion(*weights))
    right = (scores.cumsum(axis=1) < rng.random((photos, 1))).sum(axis=1)
    return logits, marks, right


def test_the_probability_is_the_softmax_of_the_weighed_sum():
    scores = fused_scores([[1.0, 0.0, 0.0]], [[0.0, 4.0, 0.0]], Fusion(2.0, 0.5))
    powers = np.exp([2.0, 2.0, 0.0])
    np.testing.assert_allclose(scores[0], powers / powers.sum(), rtol=1e-12)


def test_weights_that_made_the_photos_are_found_again():
    found = fit_fusion(*drawn((0.7, 0.4)))
    assert found.logit_weight == pytest.approx(0.7, abs=0.06)
    assert found.mark_weight == pytest.approx(0.4, abs=0.06)


def test_marks_that_say_nothing_weigh_next_to_nothing():
    assert fit_fusion(*drawn((0.7, 0.0))).mark_weight < 0.05


def test_marks_against_the_truth_weigh_nothing_rather_than_less():
    logits, marks, right = drawn((0.7, 0.4))
    assert fit_fusion(logits, -marks, right).mark_weight == 0.0


def test_no_other_weights_make_the_photos_likelier():
    logits, marks, right = drawn((0.5, 0.2), photos=300)
    found = fit_fusion(logits, marks, right)

    def likelihood(fusion):
        scores = fused_scores(logits, marks, fusion)
        return np.log(scores[np.arange(len(right)), right]).mean()

    best = likelihood(found)
    for a in np.linspace(0, 2, 21):
        for b in np.linspace(0, 2, 21):
            assert likelihood(Fusion(a, b)) <= best + 1e-6


def test_huge_logits_do_not_overflow():
    scores = fused_scores([[1e4, 0.0]], [[0.0, 5.0]], Fusion(1.0, 1.0))
    np.testing.assert_array_equal(scores, [[1.0, 0.0]])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(SettingsError, match="do not fit"):
        fused_scores(np.zeros((2, 3)), np.zeros((2, 4)), Fusion(1.0, 1.0))
    with pytest.raises(SettingsError, match="one per photo"):
        fit_fusion(np.zeros((2, 3)), np.zeros((2, 3)), [0])


def test_without_any_marks_there_is_the_temperature_alone():
    logits, marks, right = drawn((0.7, 0.4), photos=200)
    found = fit_fusion(logits, np.zeros_like(marks), right)
    assert found.mark_weight == 0
    assert 1 / found.logit_weight == pytest.approx(fit_temperature(logits, right))


def test_few_photos_that_marks_always_tell_do_not_silence_the_network():
    logits, marks, right = drawn((0.7, 0.0), photos=20)
    marks = np.zeros_like(marks)
    marks[np.arange(20), right] = 5.0
    found = fit_fusion(logits, marks, right)
    assert found.logit_weight > 0.3 / fit_temperature(logits, right)
    assert 0.5 < found.mark_weight < 4
