"""Tables for the page about clusters."""

import pandas as pd

from whalecore.cluster_tables import family_table, figure_table, pair_table
from whalecore.plain_words import SPACE

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


def test_the_share_in_unstable_clusters_counts_heatmaps():
    (row,) = family_table(CORRECTNESS, [1, 1, 1]).to_dict("records")
    assert row["In unstable clusters"] == 0.3
    assert row["Clusters"] == "1 · notch, 2 (unstable), 3"


def test_the_table_of_all_figures_names_every_cluster():
    table = figure_table(CORRECTNESS)
    assert table["Cluster"].tolist() == ["1 · notch", "2 (unstable)", "3"]
    assert table["Quality problems"].tolist() == [0.5, 0.1, 0.1]
