"""Sentences about clusters: each number in them can be checked by hand."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from whalecore import cluster_words as words
from whalecore.types import HeatmapPart, Representation

SPACE = words.SPACE


def said(sentence: str) -> str:
    return sentence.replace(SPACE, " ")


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0 %"), (0.456, "46 %"), (1, "100 %"), (None, "not known")]
)
def test_a_share_is_said_in_whole_percent(share, shown):
    assert said(words.percent(share)) == shown


def test_a_share_that_is_not_a_number_is_not_known():
    assert words.percent(float("nan")) == "not known"


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "under 1 %"),
        (0.0099, "under 1 %"),
        (0.01, "1 %"),
        (0.5, "50 %"),
        (0.99, "99 %"),
        (0.991, "over 99 %"),
        (1.0, "over 99 %"),
        (None, "not known"),
        (float("nan"), "not known"),
    ],
)
def test_a_probability_is_never_called_certain(probability, shown):
    assert said(words.chance(probability)) == shown


def test_words_in_a_row_end_with_and():
    assert [words.listed(range(1, count)) for count in (2, 3, 4)] == ["1", "1 and 2", "1, 2 and 3"]


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
        .replace(words.SPACE, " ")
        .endswith("clustered anew. Clusters of noise reach 25 %.")
    )


def test_stability_stands_beside_that_of_noise_and_clusters_that_hold_no_better_are_told():
    better = words.noise_words(0.62, 0.47).replace(words.SPACE, " ")
    assert better == (
        "In all, 62 % of the pairs stay together; in as many clusters of noise, which holds no "
        "kinds at all, 47 %."
    )
    for noise in (0.62, 0.9):
        assert "do not take them for kinds of heatmaps" in words.noise_words(0.62, noise)
    assert "Cluster the heatmaps again" in words.noise_words(0.62, None)
    assert "too few heatmaps" in words.noise_words(float("nan"), 0.5)


def test_one_cluster_of_nearly_everything_beside_single_heatmaps_is_warned_of():
    assert words.lopsided_words([1, 95, 1, 3]).startswith(
        "One cluster holds 95 of 100 heatmaps, and most others fewer than 10"
    )
    assert words.lopsided_words([1, 89, 1, 9]) == ""
    # A tenth of many heatmaps may well be a kind.
    assert words.lopsided_words([900, 100]) == ""
    assert words.lopsided_words([100]) == words.lopsided_words([]) == ""


@pytest.mark.parametrize(
    ("mode", "heatmaps", "part"),
    [
        ("exact", 500, "every other one, as in the paper"),
        ("scale", 10_000, "every other one, by their first 128 principal components alone"),
        ("scale", 10_001, "A random sample of 10,000 heatmaps was compared with each other"),
        (None, 500, "again"),
        ("new", 500, "'new'"),
    ],
)
def test_the_mode_is_said_in_plain_words(mode, heatmaps, part):
    assert part in words.mode_words(mode, heatmaps)


def test_fewer_clusters_than_asked_for_are_said_with_their_reason():
    assert words.number_words(30, 20, 200) == (
        "20 clusters were made instead of 30: 30 clusters of 10 heatmaps each on average need 300 "
        "heatmaps, and there are 200."
    )
    assert "no more of the heatmaps differ" in words.number_words(8, 3, 80)
    assert words.number_words(30, 30, 300) == words.number_words(None, 20, 200) == ""


def test_a_number_that_was_looked_for_is_said_with_the_eigenvalues_that_decided():
    alone = words.number_words("auto", 6, 240)
    assert alone == (
        "The number was looked for: the largest step after 2 to 24 eigenvalues decided."
    )
    assert "landmarks" in words.number_words("auto", 6, 1300, by_landmarks=True)


def test_the_largest_steps_are_counted_without_the_first_one():
    values = [0.0, 0.5, 0.6, 0.9, 0.95, 1.15]
    assert words.gap_words(values, 4) == (
        "The largest steps lie after 3, 5 and 2 eigenvalues; 4 clusters were chosen, where the "
        "step is number 4 of 4 in size."
    )
    assert words.gap_words(values, 30).endswith("30 clusters were chosen.")
    assert words.gap_words([0.0, 0.5], 2) == "2 clusters were chosen."


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
    assert words.change_words(MATCHES, 4, flows)[3:] == [
        "Most of 2 and 3, as they were numbered before, came together in 1.",
        "Cluster 1, as it was numbered before, came apart into 2 and 3.",
    ]


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


def test_the_largest_parts_of_the_fluke_are_named():
    shares = {"notch": 0.2, "left tip": 0.5, "right tip": 0.0, "inner surface": 0.3}
    assert said(words.part_words(shares)) == (
        "Rests mostly on the left tip (50 %), the inner surface (30 %) and the notch (20 %)."
    )
    assert words.part_words({"notch": 0.0}) == "Rests on no part of the fluke."


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


def test_what_was_compared_is_said():
    osm = HeatmapPart("osm", "patch=16,stride=8,fill=0,target=probability")
    cam = HeatmapPart("gradcam", "layer=layer4")
    assert words.representation_words(Representation((osm,))) == (
        "Compared were occlusion sensitivity maps (patch 16, stride 8), each scaled from 0 at its "
        "lowest value to 1 at its highest, so that places that speak against the individual count "
        "as less than those without influence."
    )
    both = words.representation_words(Representation((osm, cam), signed=True, aligned=True))
    assert "and Grad-CAM (layer4) together, support and evidence against the individual" in both
    assert "mirrored first" in both


def test_of_several_maps_the_first_is_named_as_the_one_that_is_shown():
    osm = HeatmapPart("osm", "patch=16,stride=8,fill=0,target=probability")
    cam = HeatmapPart("gradcam", "layer=layer4")
    assert words.first_part_words(Representation((osm,))) == ""
    assert words.first_part_words(Representation((cam, osm))).endswith("alone: Grad-CAM (layer4).")


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
