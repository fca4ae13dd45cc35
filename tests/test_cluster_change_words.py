"""Sentences about what became of clusters: each number in them can be checked by hand."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from whalecore import cluster_change_words as words
from whalecore.plain_words import SPACE


def said(sentence: str) -> str:
    return sentence.replace(SPACE, " ")


def test_clusters_that_share_most_of_their_heatmaps_with_one_would_be_one():
    flows = [[1, 1, 10], [2, 2, 6], [2, 1, 4], [3, 2, 9], [3, 1, 1]]
    assert words.neighbour_words(flows, 2) == "With 2 clusters, 2 and 3 would be one."


def test_a_cluster_that_most_of_two_others_come_from_would_be_divided():
    flows = [[1, 1, 10], [2, 2, 6], [2, 3, 5], [3, 4, 8]]
    assert words.neighbour_words(flows, 4) == "With 4 clusters, 2 would be divided."
    flows = [[1, 1, 10], [1, 5, 9], [2, 2, 6], [2, 3, 5], [3, 4, 8]]
    assert words.neighbour_words(flows, 5) == "With 5 clusters, 1 and 2 would be divided."


def test_nothing_together_and_nothing_apart_is_said():
    assert "no two clusters" in words.neighbour_words([[1, 2, 5], [2, 1, 5]], 2)


def test_a_cluster_says_what_it_was_before():
    assert said(words.match_words(6, 0.92, 7)) == (
        "Was cluster 6 before; of the heatmaps both clusterings hold, 92 % are the same."
    )
    assert words.match_words(6, 0.92, 6).startswith("Had the same number before")
    assert words.match_words(6, 0.49, 6).startswith("Is only in part what cluster 6 was before;")
    assert words.match_words(pd.NA, 0.0, 6).startswith("New")


MATCHES = pd.DataFrame(
    {
        "cluster": [1, 2, 3],
        "earlier_cluster": pd.array([1, 4, None], "Int64"),
        "overlap": [0.814, 0.5, 0.0],
    }
)


def test_what_changed_counts_the_new_and_the_gone():
    assert words.change_words(MATCHES, 4) == [
        "2 of 3 clusters continue one of the clustering before, 1 of them under another number.",
        "New: 3.",
        "Gone, as they were numbered before: 2 and 3.",
    ]


def test_what_continues_only_in_part_is_told_apart():
    partly = MATCHES.assign(overlap=[0.814, 0.49, 0.0])
    assert words.change_words(partly, 4)[:2] == [
        "1 of 3 clusters continue one of the clustering before, 0 of them under another number.",
        "Only in part, with fewer than half of the heatmaps of either in both: 2 (was 4).",
    ]
    assert words.change_table(partly, {})["Before"].tolist() == ["1", "4 in part", "new"]


def test_clusters_that_came_together_or_apart_are_named():
    # Clusters 2 and 3 before became 1, and cluster 1 before became 2 and 3.
    flows = [[1, 2, 9], [1, 3, 8], [1, 1, 1], [2, 1, 6], [3, 1, 7], [3, 3, 1]]
    # So none of them is called gone or new beside.
    assert words.change_words(MATCHES, 4, flows)[1:] == [
        "Most of 2 and 3, as they were numbered before, came together in 1.",
        "Cluster 1, as it was numbered before, came apart into 2 and 3.",
    ]


def test_a_piece_of_a_cluster_is_called_so_in_the_table():
    flows = [[1, 1, 1], [2, 1, 6], [3, 1, 7]]
    assert words.change_table(MATCHES, {}, flows)["Before"].tolist() == ["1", "4", "part of 1"]


def test_nothing_new_and_nothing_gone_needs_no_sentence():
    assert len(words.change_words(MATCHES[:1], 1)) == 1


def test_the_table_of_changes_names_clusters_and_marks_new_ones():
    table = words.change_table(MATCHES, {2: "notch"})
    assert table["Cluster"].tolist() == ["1", "2 · notch", "3"]
    assert table["Before"].tolist() == ["1", "4", "new"]
    np.testing.assert_array_equal(table["Same heatmaps"], [0.81, 0.5, np.nan])


@pytest.mark.parametrize(("now", "end"), [(12, "2 more."), (7, "3 fewer."), (10, "as many.")])
def test_the_growth_of_a_clustering_is_said(now, end):
    sentence = words.growth_words(datetime(2026, 11, 2, 8, 5), 10, now)
    assert sentence == (
        "The clustering before was made on 2026-11-02 at 08:05 UTC of 10 heatmaps; this one holds "
        f"{end}"
    )


def test_the_table_of_two_clusterings_says_where_heatmaps_lie():
    flows = pd.DataFrame(
        [(1, 2, 6, 0.6), (1, 1, 2, 0.2), (1, 3, 1, 0.1), (1, 4, 1, 0.1), (2, 1, 5, 1.0)],
        columns=["cluster", "other", "heatmaps", "share"],
    )
    table = words.spread_table(flows, {1: "left"}, {2: "west"})
    assert table["Cluster"].tolist() == ["1 · left", "2"]
    assert table["Heatmaps in both"].tolist() == [10, 5]
    assert table["Mostly in"].tolist() == ["2 · west", "1"]
    assert table["Share"].tolist() == [0.6, 1.0]
    assert said(table["Others"][0]) == "1 (20 %), 3 (10 %), 4 (10 %)"
    assert table["Others"][1] == ""


def test_two_clusterings_without_common_heatmaps_give_an_empty_table():
    empty = pd.DataFrame(columns=["cluster", "other", "heatmaps", "share"])
    assert words.spread_table(empty, {}, {}).empty
