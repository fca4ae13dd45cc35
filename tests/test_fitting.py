"""Fitting P(correct): evidence moves the score, and little evidence leaves it as it is."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import fit_rules

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.fitting import fit, probabilities
from whalecore.reliability.rules import Rules, feature_rows
from whalecore.reliability.weights import FEWEST, RIDGE, fit_new


def photos(scores, distances=None):
    given = [None] * len(scores) if distances is None else distances
    return [
        Evidence(float(score), 0.0, 0.0, 0.0, nearest_distance=distance)
        for score, distance in zip(scores, given, strict=True)
    ]


def test_with_too_few_wrong_photos_the_score_is_the_probability():
    scores = np.linspace(0.05, 0.95, 40)
    correct = np.ones(40, bool)
    correct[: FEWEST - 1] = False
    rules = fit_rules(photos(scores), correct, np.ones(40, bool))
    p_correct, _ = probabilities(photos(scores), rules)
    np.testing.assert_allclose(p_correct, scores, atol=1e-9)


def test_scores_that_keep_their_word_are_hardly_moved():
    random = np.random.default_rng(0)
    scores = random.uniform(0.02, 0.98, 4000)
    correct = random.random(4000) < scores
    rules = fit_rules(photos(scores), correct, np.ones(4000, bool))
    p_correct, _ = probabilities(photos(scores), rules)
    assert np.abs(p_correct - scores).max() < 0.05


def test_evidence_that_tells_moves_the_score_by_the_penalised_maximum_likelihood():
    random = np.random.default_rng(1)
    near = random.random(300) < 0.5
    distance = np.where(near, 0.0, 1.0)
    correct = random.random(300) < np.where(near, 0.8, 0.2)
    rules = fit_rules(photos(np.full(300, 0.5), distance), correct, np.ones(300, bool))
    # The score says nothing: the loss has two unknowns, found here by brute force.
    standard = (distance - distance.mean()) / distance.std()
    best, found = np.inf, None
    for intercept in np.linspace(-0.5, 0.5, 201):
        for weight in np.linspace(-2, 0, 401):
            odds = intercept + weight * standard
            loss = (np.logaddexp(0, odds) - correct * odds).sum() + RIDGE * weight**2 / 2
            if loss < best:
                best, found = loss, (intercept, weight)
    expected = 1 / (1 + np.exp(-(found[0] + found[1] * standard)))
    p_correct, _ = probabilities(photos(np.full(300, 0.5), distance), rules)
    np.testing.assert_allclose(p_correct, expected, atol=0.005)


def encounters(count, seed=5):
    """Photos of which most come with others, and those that come alone are wrong more often."""
    random = np.random.default_rng(seed)
    together = random.random(count) < 0.8
    scores = random.uniform(0.05, 0.95, count)
    correct = random.random(count) < np.where(together, scores, scores / 4)
    support = np.clip(0.5 * correct + random.uniform(0, 0.5, count), 0, 1)
    evidence = [
        replace(one, encounter_photos=2, encounter_support=float(value)) if company else one
        for one, company, value in zip(photos(scores), together, support, strict=True)
    ]
    return evidence, correct, together, support


def test_a_photo_that_comes_alone_is_judged_as_all_photos_would_be_alone():
    evidence, correct, together, _ = encounters(600)
    everybody = np.ones(600, bool)
    without = [replace(one, encounter_photos=0, encounter_support=None) for one in evidence]
    p_correct, _ = probabilities(without, fit_rules(evidence, correct, everybody))
    expected, _ = probabilities(without, fit_rules(without, correct, everybody))
    np.testing.assert_allclose(p_correct, expected, atol=1e-9)
    # The photos that the lab holds alone are others: they do not decide.
    assert p_correct[together].mean() == pytest.approx(correct.mean(), abs=0.02)


def test_photos_with_others_are_judged_by_a_fit_that_looks_at_these():
    evidence, correct, together, support = encounters(600)
    rules = fit_rules(evidence, correct, np.ones(600, bool))
    assert "encounter_support" in rules.correct.features
    assert "encounter_support" not in rules.alone.features
    p_correct, _ = probabilities(evidence, rules)
    rows = feature_rows(evidence, rules.correct.features, rules.overall_share)
    np.testing.assert_allclose(p_correct[together], rules.correct.probability(rows)[together])
    scores = np.array([one.score for one in evidence])
    helped = together & (support > 0.5)
    assert (p_correct[helped] > scores[helped]).mean() > 0.9
    assert Rules.from_dict(rules.to_dict()).alone == rules.alone


def test_where_no_photo_has_others_one_fit_serves_all():
    evidence, correct, *_ = encounters(600)
    without = [replace(one, encounter_photos=0, encounter_support=None) for one in evidence]
    assert fit_rules(without, correct, np.ones(600, bool)).alone is None


def test_photos_that_all_belong_together_are_not_judged_by_rules_fitted_on_themselves():
    random = np.random.default_rng(4)
    scores = random.uniform(0.1, 0.9, 200)
    distances = random.random(200)
    correct = random.random(200) < 0.5
    everybody = np.ones(200, bool)
    fitted = fit(photos(scores, distances), correct, everybody, groups=["a"] * 200)
    np.testing.assert_allclose(fitted.crossed.p_correct, scores, atol=1e-9)


def test_photos_of_new_animals_count_as_wrong():
    random = np.random.default_rng(2)
    known = random.random(600) < 0.5
    scores = np.full(600, 0.9)
    correct = known & (random.random(600) < 0.9)
    rules = fit_rules(photos(scores), correct, known)
    p_correct, p_new = probabilities(photos(scores), rules)
    assert p_correct[0] == pytest.approx(correct.mean(), abs=0.02)
    assert (p_correct + p_new <= 1 + 1e-12).all()


def test_no_weight_has_the_wrong_sign_whatever_the_photos_say():
    random = np.random.default_rng(3)
    far = random.random(400) < 0.5
    correct = random.random(400) < np.where(far, 0.8, 0.4)
    evidence = photos(np.full(400, 0.5), np.where(far, 1.0, 0.0))
    rules = fit_rules(evidence, correct, np.ones(400, bool))
    weights = dict(zip(rules.correct.features, rules.correct.weights, strict=True))
    assert weights["nearest_distance"] == 0
    p_correct, _ = probabilities(evidence, rules)
    np.testing.assert_allclose(p_correct, correct.mean(), atol=0.01)


def test_evidence_of_new_whales_weighs_alike_by_the_penalised_maximum_likelihood():
    random = np.random.default_rng(5)
    new = random.random(300) < 0.3
    rows = np.column_stack(
        [random.normal(0.3 + 0.1 * new, 0.1), random.normal(2.0 - 1.0 * new, 2.0)]
    )
    fitted = fit_new(("nearest_distance", "score"), rows, new)
    distance, score = np.array(fitted.weights)
    assert distance == pytest.approx(-score)
    # Two unknowns, the frequency and the common weight, found here by brute force.
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    together = standard[:, 0] - standard[:, 1]
    best, found = np.inf, None
    for intercept in np.linspace(-2, 0, 201):
        for weight in np.linspace(0, 2, 401):
            odds = intercept + weight * together
            penalty = RIDGE * (weight * together.std()) ** 2 / 2
            loss = (np.logaddexp(0, odds) - new * odds).sum() + penalty
            if loss < best:
                best, found = loss, (intercept, weight)
    expected = 1 / (1 + np.exp(-(found[0] + found[1] * together)))
    np.testing.assert_allclose(fitted.probability(rows), expected, atol=0.006)


def test_distance_alone_tells_where_no_photo_has_another_measure_and_never_the_wrong_way():
    new = np.arange(40) < 12
    distance = np.where(new, 0.2, 0.6) + np.linspace(0, 0.1, 40)
    rows = np.column_stack([np.full(40, np.nan), distance])
    told = fit_new(("score", "nearest_distance"), rows, new)
    assert told.features == ("nearest_distance",)
    # Here new whales are nearer, which is chance: distance then counts for nothing.
    assert told.weights == (0.0,)
    np.testing.assert_allclose(told.probability(distance[:, None]), 12 / 40, atol=1e-4)


def test_with_too_few_new_whales_their_share_is_the_probability():
    new = np.arange(50) < FEWEST - 1
    told = fit_new(("nearest_distance",), np.where(new, 0.9, 0.1)[:, None], new)
    expected = FEWEST / 52
    np.testing.assert_allclose(told.probability(np.array([[0.1], [0.9]])), expected)


def test_evidence_that_tells_no_new_whales_does_not_water_the_score_down():
    rng = np.random.default_rng(0)
    new = rng.random(400) < 0.2
    score = np.where(new, -1.0, 1.0) + rng.normal(size=400)
    useful = np.where(new, 0.5, 0.3) + 0.1 * rng.normal(size=400)
    noise = rng.normal(size=400)
    names = ("nearest_distance", "score")
    assert fit_new(names, np.column_stack([noise, score]), new).features == ("score",)
    assert fit_new(names, np.column_stack([useful, score]), new).features == names
