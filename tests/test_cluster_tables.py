"""Tables and colours for the page about clusters."""

import re

import numpy as np
import pandas as pd
import pytest

from whalecore.cluster_charts import RIGHT, SCORES, map_chart, map_groups, photos_chart
from whalecore.cluster_tables import family_table, figure_table, pair_table
from whalecore.cluster_words import agreement_words, chosen_words, map_words, outlier_words
from whalecore.errors import SettingsError
from whalecore.plain_words import SPACE
from whalecore.workflow.export.chart import chart_picture

CORRECTNESS = pd.DataFrame(
    {
        "cluster": [1, 2, 3],
        "name": ["notch", "", ""],
        "heatmaps": [10, 30, 60],
        "photos": [9, 20, 50],
        "share_correct": [0.9, 0.5, 0.0],
        "share_correct_low": [0.6, 0.3, 0.0],
        "share_correct_high": [0.98, 0.7, 0.06],
        "identified_correct": [1.0, 0.6, None],
        "mean_score": [0.8, 0.4, 0.1],
        "score_deviation": [0.1, 0.2, 0.05],
        "stability": [0.75, 0.4, None],
        "new_share": [0.0, 0.1, 0.2],
        "problem_share": [0.5, 0.1, 0.1],
    }
)
HEATMAPS = pd.DataFrame(
    {
        "cluster": [2, 1, 1, 2],
        "rank": [1, 1, 2, 5],
        "score": [0.0, 1.0, 0.2, 0.19],
        "is_reference": [False, True, True, False],
    }
)


def test_a_family_counts_each_cluster_by_its_heatmaps():
    table = family_table(CORRECTNESS, [1, 2, 1])
    assert table["Family"].tolist() == [1, 2]
    assert table["Clusters"].tolist() == ["1 · notch, 3", "2 (unstable)"]
    assert table["In unstable clusters"].tolist() == [0.0, 1.0]
    assert table["Heatmaps"].tolist() == [70, 30]
    assert table["Right individual"].tolist() == [round(9 / 70, 2), 0.5]
    assert table["Mean score"].tolist() == [0.2, 0.4]


def test_two_clusters_stand_beside_each_other_in_words():
    table = pair_table(CORRECTNESS.loc[0], CORRECTNESS.loc[2]).set_index("Figure")
    assert list(table.columns) == ["Cluster 1 · notch", "Cluster 3"]
    said = table.map(lambda words: words.replace(SPACE, " "))
    assert said.loc["Heatmaps"].tolist() == ["10", "60"]
    assert said.loc["Heatmaps of the right individual"].tolist() == [
        "90 % (60 % to 98 %)",
        "0 % (0 % to 6 %)",
    ]
    assert said.loc["First candidate right"].tolist() == ["100 %", "not known"]
    assert said.loc["Stability"].tolist() == ["75 %", "not known"]
    assert said.loc["New whales"].tolist() == ["0 %", "20 %"]


def test_an_unstable_cluster_is_marked_wherever_its_figures_stand():
    assert list(pair_table(CORRECTNESS.loc[1], CORRECTNESS.loc[0]).columns) == [
        "Figure", "Cluster 2 (unstable)", "Cluster 1 · notch",
    ]  # fmt: skip
    marked = photos_chart(CORRECTNESS, "new_share").layer[0].data["called"].tolist()
    assert marked == ["1 · notch", "2 (unstable)", "3"]


def test_the_share_in_unstable_clusters_counts_heatmaps():
    (row,) = family_table(CORRECTNESS, [1, 1, 1]).to_dict("records")
    assert row["In unstable clusters"] == 0.3
    assert row["Clusters"] == "1 · notch, 2 (unstable), 3"


def test_the_table_of_all_figures_names_every_cluster():
    table = figure_table(CORRECTNESS)
    assert table["Cluster"].tolist() == ["1 · notch", "2 (unstable)", "3"]
    assert table["Quality problems"].tolist() == [0.5, 0.1, 0.1]


def test_the_chart_of_photos_tells_the_share_over_all_heatmaps():
    chart = photos_chart(CORRECTNESS, "problem_share").to_dict()
    # (10 * .5 + 30 * .1 + 60 * .1) / 100
    assert chart["description"] == (
        "Share of quality problems: most in cluster 1 (50%), 14% over all clusters."
    )
    with pytest.raises(SettingsError, match="cannot be drawn"):
        photos_chart(CORRECTNESS, "heatmaps")


def test_the_map_is_coloured_by_cluster_correctness_or_score():
    by_cluster = map_groups(HEATMAPS, "cluster", {2: "tip"})
    assert by_cluster.which.tolist() == [1, 0, 0, 1]
    assert by_cluster.words == ("1", "2 · tip")
    assert len(set(by_cluster.colours)) == 2
    right = map_groups(HEATMAPS, "correct", {})
    assert [RIGHT[place] for place in right.which] == [RIGHT[2], RIGHT[0], RIGHT[1], RIGHT[2]]
    score = map_groups(HEATMAPS, "score", {})
    assert score.which.tolist() == [0, 4, 1, 0]
    assert score.words[0] == "score 0.0 to 0.2"
    assert len(score.words) == len(score.colours) == len(SCORES)
    with pytest.raises(SettingsError, match="'age' is unknown"):
        map_groups(HEATMAPS, "age", {})


def test_the_map_can_be_kept_as_a_picture_however_many_heatmaps_it_has():
    many = pd.concat([HEATMAPS.assign(x=[0, 0.5, 1, 0.25], y=0.5)] * 2000, ignore_index=True)
    groups = map_groups(many, "cluster", {2: "tip"})
    drawn = map_chart(many, groups, [(0.5, 0.5, "1")]).to_dict()
    points, numbers = drawn["layer"]
    dots, named = (drawn["datasets"][one["data"]["name"]] for one in (points, numbers))
    assert len(dots) == 8000
    assert dots[0] == {"x": 0, "y": 0.5, "group": "2 · tip"}
    assert points["encoding"]["color"]["scale"]["domain"] == ["1", "2 · tip"]
    assert named == [{"x": 0.5, "y": 0.5, "word": "1"}]


def test_a_chart_of_the_pages_width_is_saved_as_wide_as_a_page():
    picture = chart_picture(photos_chart(CORRECTNESS, "new_share"), "svg").decode()
    width = re.search(r'<svg[^>]* width="(\d+)', picture)
    assert int(width.group(1)) > 700


def test_what_was_chosen_on_the_map_is_told():
    said = chosen_words(HEATMAPS, {1: 0.8, 2: 0.4}).replace(SPACE, " ")
    assert said == (
        "4 heatmaps, mostly of cluster 2 (unstable) (2) and 1 (2); 50 % show the right individual, "
        "mean score 0.35."
    )
    assert "cluster 2 (2) and 1 (2);" in chosen_words(HEATMAPS, {})
    assert "3,000 of 100,000 heatmaps, seen from the broadest side" in map_words(
        3000, 100_000, False
    )
    assert "all 20 heatmaps, alike ones together" in map_words(20, 20, True)


def test_scores_far_from_the_mean_are_counted_on_either_side():
    said = outlier_words(pd.Series([-2.5, -2.0, 0.0, 3.0, 2.1]))
    assert said.startswith("1 of 5 scores lie more than 2 standard deviations below")
    assert said.endswith("2 as far above it.")
    assert "none lies far" in outlier_words(pd.Series([np.nan, np.nan]))


def test_the_agreement_of_two_heatmaps_is_their_correlation():
    one = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert agreement_words(one, 5 - one).endswith("r = -1.00.")
    assert "same value everywhere" in agreement_words(one, np.ones((2, 2)))
