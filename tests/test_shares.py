"""Shares of clusters that do not count the photos they judge."""

import numpy as np
import pytest
from scipy.special import expit
from simulated import collection

from whalecore.reliability.bootstrap import bootstrap, resampled
from whalecore.reliability.calibration import brier_score
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.fitting import cross_fit, fit
from whalecore.reliability.rules import CORRECT_FEATURES, SCORE_FEATURES
from whalecore.reliability.shares import (
    cluster_counts,
    deal_folds,
    nested_shares,
    with_shares,
)


def photo(cluster, score=0.6, **other):
    return Evidence(score, 1.0, 0.5, 3.0, cluster=cluster, **other)


def test_shares_equal_hand_arithmetic():
    evidence = [photo(1), photo(1), photo(2), photo(None), photo(1, unlike=True)]
    counted = cluster_counts(evidence, [True, False, True, False, False])
    assert counted.counts == {1: (1, 2), 2: (1, 1)}
    assert counted.overall == pytest.approx(2 / 3)
    first, new, none, unlike = with_shares(
        [photo(1), photo(7), photo(None), photo(1, unlike=True)], counted
    )
    assert (first.share_correct, first.cluster_heatmaps) == (0.5, 2)
    assert (new.share_correct, new.cluster_heatmaps) == (pytest.approx(2 / 3), 0)
    assert none.share_correct is unlike.share_correct is None


def test_a_photo_that_was_counted_can_be_left_out():
    counted = cluster_counts([photo(1), photo(1), photo(2)], [True, False, True])
    assert counted.without(photo(1), False).counts == {1: (1, 1), 2: (1, 1)}
    assert counted.without(photo(2), True).counts == {1: (1, 2), 2: (0, 0)}
    assert (
        counted.without(photo(1, unlike=True), True) == counted.without(photo(9), True) == counted
    )


def test_a_share_rests_on_the_other_folds_alone():
    evidence = [photo(1) for _ in range(4)]
    found = nested_shares(evidence, [True, True, False, True], np.array([0, 0, 1, 2]))
    assert [one.share_correct for one in found] == [0.5, 0.5, 1.0, pytest.approx(2 / 3)]
    assert [one.cluster_heatmaps for one in found] == [2, 2, 3, 3]


def test_a_share_given_without_a_cluster_is_kept():
    given = photo(None, share_correct=0.3, cluster_heatmaps=7)
    assert nested_shares([given, given], [True, False], np.array([0, 1])) == [given, given]


def test_groups_are_never_divided_and_every_fold_gets_its_share():
    random = np.random.default_rng(0)
    groups = random.integers(0, 60, 300).astype(str)
    kinds = np.where(groups.astype(int) < 20, 0, 2)
    fold = deal_folds(kinds, groups, 5, seed=0)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    new = [len(set(groups[(fold == number) & (kinds == 0)])) for number in range(5)]
    assert new == [4] * 5


def useful(random, count, effect):
    """Photos whose answer depends on the score and on their cluster, as an effect in log-odds."""
    clusters = random.integers(0, 30, count)
    effects = effect * np.random.default_rng(5).normal(size=30)
    odds = random.normal(1.0, 1.2, count)
    correct = random.random(count) < expit(odds + effects[clusters])
    evidence = [
        photo(int(cluster), score=float(score))
        for cluster, score in zip(clusters, expit(odds), strict=True)
    ]
    return evidence, correct


def gain_of_clusters(evidence, correct, seed=0):
    known = np.ones(len(correct), bool)
    both = [
        fit(evidence, correct, known, features=features, seed=seed).crossed.p_correct
        for features in (SCORE_FEATURES, (*SCORE_FEATURES, "share_correct"))
    ]
    return bootstrap(
        lambda rows: (
            brier_score(both[0][rows], correct[rows]) - brier_score(both[1][rows], correct[rows])
        ),
        resampled(np.arange(len(correct)), draws=200),
    )


@pytest.mark.slow
def test_a_useless_cluster_does_not_look_useful():
    random = np.random.default_rng(0)
    found = [gain_of_clusters(*useful(random, 500, effect=0.0)) for _ in range(40)]
    assert sum(one.above_zero for one in found) <= 2
    assert np.mean([one.value for one in found]) < 0.0005


def test_one_useless_clustering_does_not_look_useful():
    found = gain_of_clusters(*useful(np.random.default_rng(3), 500, effect=0.0))
    assert not found.above_zero


def test_a_telling_cluster_looks_useful():
    found = gain_of_clusters(*useful(np.random.default_rng(1), 1500, effect=1.0))
    assert found.above_zero
    assert found.value > 0.005


def test_no_photo_is_judged_by_its_own_answer():
    # Whatever the answers of one group are, its own probabilities stay the same.
    evidence, correct, known = collection(200)
    evidence = [
        photo(number % 7, score=one.score, nearest_distance=0.5)
        for number, one in enumerate(evidence)
    ]
    groups = [str(number // 4) for number in range(200)]
    first = fit(evidence, correct, known, groups)
    held = first.crossed.fold == first.crossed.fold[0]
    # Swapped within kinds, so that the folds are dealt alike.
    right = np.flatnonzero(held & correct)[:1]
    wrong = np.flatnonzero(held & known & ~correct)[:1]
    swapped = correct.copy()
    swapped[right], swapped[wrong] = False, True
    fold = first.crossed.fold
    again = cross_fit(evidence, swapped, known, fold, CORRECT_FEATURES)
    np.testing.assert_array_equal(again.p_correct[held], first.crossed.p_correct[held])
    assert not np.array_equal(again.p_correct[~held], first.crossed.p_correct[~held])
