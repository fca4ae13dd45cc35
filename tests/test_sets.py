"""Sets of answers: quantiles by hand, coverage on simulated collections."""

import json

import numpy as np
import pytest
from simulated import rules_of_ones

from whalecore.errors import SettingsError
from whalecore.reliability import sets
from whalecore.reliability.sets import (
    ConformalSet,
    answer_probabilities,
    answers_in,
    candidates_in,
    fit_set,
    right_chances,
    set_of,
)
from whalecore.reliability.verdict import answers_of
from whalecore.types import Candidate, Verdict


def test_the_probabilities_of_all_answers_sum_to_one():
    found = answer_probabilities([[0.7, 0.3], [0.5, 0.5]], [0.0, 0.4])
    np.testing.assert_allclose(found, [[0.7, 0.3, 0.0], [0.3, 0.3, 0.4]])
    with pytest.raises(SettingsError, match="one P"):
        answer_probabilities([[0.7, 0.3]], [0.1, 0.2])


def test_the_quantile_equals_hand_arithmetic():
    # Nine photos: ceil(10 * .8) = the 8th smallest of 1 - p = .1, .2 ... .9.
    right = np.linspace(0.9, 0.1, 9)
    found = fit_set(np.stack([right, 1 - right], axis=1), np.zeros(9, int), confidence=0.8)
    assert found.quantile == pytest.approx(0.8)
    assert (found.photos, found.note) == (9, "")
    inside = candidates_in(np.array([[0.5, 0.3, 0.2], [0.9, 0.1, 0.0]]), found)
    assert inside.tolist() == [[True, True, True], [True, False, False]]


def test_too_few_photos_give_sets_of_everything_and_say_so():
    found = fit_set(np.full((8, 2), 0.5), np.zeros(8, int), confidence=0.9)
    assert found.quantile == 1.0
    assert "8 validation photos are too few" in found.note
    assert candidates_in(np.array([[1.0, 0.0]]), found).all()
    nine = fit_set(np.full((9, 2), 0.5), np.zeros(9, int), confidence=0.9)
    assert nine.note == ""


def test_no_set_is_empty():
    strict = ConformalSet(0.05, 0.9, 100, "")
    assert candidates_in(np.array([[0.4, 0.35, 0.25]]), strict).tolist() == [[True, False, False]]


def draw(random, count):
    """Honest probabilities of nine individuals and new whales, and answers drawn from them."""
    logits = random.normal(size=(count, 10)) * 2.5
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return chances, (chances.cumsum(axis=1) < random.random((count, 1))).sum(axis=1)


@pytest.mark.parametrize("honest", [True, False])
def test_sets_hold_the_right_answer_as_often_as_promised_on_average(honest):
    random = np.random.default_rng(0)
    coverage = []
    for _ in range(60):
        chances, truth = draw(random, 700)
        if not honest:
            chances = chances**3 / (chances**3).sum(axis=1, keepdims=True)
        chosen = fit_set(chances[:200], truth[:200])
        inside = candidates_in(chances[200:], chosen)
        coverage.append(inside[np.arange(500), truth[200:]].mean())
    # The mean of 60 collections is known to .003; ceil(201 * .9) / 201 is .9005.
    assert 0.89 < np.mean(coverage) < 0.925


def test_impossible_input_is_refused_in_one_sentence():
    with pytest.raises(SettingsError, match="confidence 1 is not possible"):
        fit_set(np.full((3, 2), 0.5), np.zeros(3, int), confidence=1)
    with pytest.raises(SettingsError, match="columns 0 to 1"):
        fit_set(np.full((3, 2), 0.5), np.array([0, 1, 2]))


def test_sets_survive_json():
    chosen = ConformalSet(0.7, 0.9, 100, "")
    assert ConformalSet.from_dict(json.loads(json.dumps(chosen.to_dict()))) == chosen


def test_the_answers_of_a_photo_are_ordered_and_count_the_new_whale():
    candidates = [
        Candidate(rank, f"w{rank}", score, 0.0)
        for rank, score in enumerate((0.5, 0.3, 0.2), start=1)
    ]
    rules = rules_of_ones(sets=ConformalSet(0.8, 0.9, 100, ""))
    found = answers_of(candidates, Verdict("check", 0.4, 0.3, ()), rules)
    # .5 * .7 = .35 and .3 * .7 = .21 and P(new) = .3 reach .2, .2 * .7 = .14 does not.
    assert found.individuals == ("w1", "w2")
    assert found.new_whale
    assert (found.size, found.confidence) == (3, 0.9)
    assert answers_of(candidates, Verdict("check", None, None, ()), rules) is None
    assert answers_of(candidates, Verdict("check", 0.4, 0.3, ()), rules_of_ones()) is None


def test_answers_looked_at_block_by_block_are_those_of_all_at_once(monkeypatch):
    monkeypatch.setattr(sets, "BLOCK", 7)
    random = np.random.default_rng(5)
    chances, truth = draw(random, 40)
    scores = (chances[:, :9] / chances[:, :9].sum(axis=1, keepdims=True)).astype(np.float32)
    p_new, truth = chances[:, 9], np.where(truth == 9, -1, truth)
    answers = answer_probabilities(scores, p_new)
    right = right_chances(scores, p_new, truth)
    np.testing.assert_array_equal(right, answers[np.arange(40), truth])
    chosen = set_of(right, 0.8)
    assert chosen == fit_set(answers, np.where(truth < 0, 9, truth), 0.8)
    inside = answers_in(scores, p_new, chosen)
    np.testing.assert_array_equal(inside, candidates_in(answers, chosen))
    assert inside[np.arange(40), truth].mean() >= 0.8
