"""Sentences about clusters: each number in them can be checked by hand."""

import numpy as np
import pandas as pd
import pytest

from whalecore import cluster_words as words
from whalecore.plain_words import SPACE


def said(sentence: str) -> str:
    return sentence.replace(SPACE, " ")


def test_a_name_stands_behind_the_number():
    assert words.label_of(7, "notch") == "7 · notch"
    assert words.label_of(7) == words.label_of(7, "") == "7"


def test_a_cluster_under_the_limit_is_called_unstable_and_one_at_it_is_not():
    assert said(words.stability_words(0.49)).startswith("Unstable: only 49 % of its pairs")
    assert "fewer than 50 %" in said(words.stability_words(0.49))
    assert "nstable" not in words.stability_words(0.5)
    assert "could not be measured" in words.stability_words(float("nan"))
    assert (
        words.stability_words(0.5, 0.25)
        .replace(SPACE, " ")
        .endswith("clustered anew. Clusters of noise reach 25 %.")
    )


def test_the_largest_parts_of_the_fluke_are_named():
    shares = {"notch": 0.2, "left tip": 0.5, "right tip": 0.0, "inner surface": 0.3}
    assert said(words.part_words(shares)) == (
        "Rests mostly on the left tip (50 %), the inner surface (30 %) and the notch (20 %)."
    )
    assert words.part_words({"notch": 0.0}) == "Rests on no part of the fluke."


@pytest.mark.parametrize(
    ("stability", "label"),
    [(0.49, "3 · tip (unstable)"), (0.5, "3 · tip"), (None, "3 · tip"), (np.nan, "3 · tip")],
)
def test_a_cluster_is_called_unstable_under_one_half(stability, label):
    assert words.label_of(3, "tip", stability) == label


def test_stability_and_name_are_joined_to_the_correctness():
    correctness = pd.DataFrame({"cluster": [1, 2]})
    facts = pd.DataFrame({"cluster": [2], "stability": [0.4], "purity": [1.0]})
    names = pd.DataFrame({"cluster": [1], "name": ["notch"], "note": [""]})
    joined = words.described(correctness, facts, names)
    assert joined["name"].tolist() == ["notch", ""]
    np.testing.assert_array_equal(joined["stability"], [np.nan, 0.4])
    assert words.names_of(names) == {1: "notch"}


def test_clusters_without_facts_and_names_keep_their_correctness():
    nothing = pd.DataFrame({"cluster": [], "stability": [], "name": []})
    joined = words.described(pd.DataFrame({"cluster": [1, 2]}), nothing, nothing)
    assert joined["cluster"].tolist() == [1, 2]
    assert joined["stability"].isna().all()
    assert joined["name"].tolist() == ["", ""]


HEATMAPS = pd.DataFrame(
    {
        "cluster": [2, 1, 1, 2],
        "rank": [1, 1, 2, 5],
        "score": [0.0, 1.0, 0.2, 0.19],
        "is_reference": [False, True, True, False],
    }
)


def test_what_was_chosen_on_the_map_is_told():
    assert said(words.chosen_words(HEATMAPS, {1: 0.8, 2: 0.4})) == (
        "4 heatmaps, mostly of cluster 2 (unstable) (2) and 1 (2); 50 % show the right individual, "
        "mean score 0.35."
    )
    assert "cluster 2 (2) and 1 (2);" in words.chosen_words(HEATMAPS, {})
    assert "3,000 of 100,000 heatmaps, seen from the broadest side" in words.map_words(
        3000, 100_000, False
    )
    assert "all 20 heatmaps, alike ones together" in words.map_words(20, 20, True)


def test_scores_far_from_the_mean_are_counted_on_either_side():
    told = words.outlier_words(pd.Series([-2.5, -2.0, 0.0, 3.0, 2.1]))
    assert told.startswith("1 of 5 scores lie more than 2 standard deviations below")
    assert told.endswith("2 as far above it.")
    assert "none lies far" in words.outlier_words(pd.Series([np.nan, np.nan]))


def test_the_agreement_of_two_heatmaps_is_their_correlation():
    one = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert words.agreement_words(one, 5 - one).endswith("r = -1.00.")
    assert "same value everywhere" in words.agreement_words(one, np.ones((2, 2)))
