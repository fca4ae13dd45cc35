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
