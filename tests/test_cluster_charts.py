"""Charts of what is in clusters, and the colours of the map of heatmaps."""

import re

import pandas as pd
import pytest

from tests.drawn import rows
from whalecore.cluster_charts import (
    RIGHT,
    SCORES,
    map_chart,
    map_groups,
    parts_chart,
    photos_chart,
)
from whalecore.errors import SettingsError
from whalecore.workflow.export.chart import chart_picture

CORRECTNESS = pd.DataFrame(
    {
        "cluster": [1, 2, 3],
        "name": ["notch", "", ""],
        "heatmaps": [10, 30, 60],
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


def test_parts_of_the_fluke_are_bars_with_their_share_the_largest_first():
    chart = parts_chart({"notch": 0.1, "left tip": 0.65, "trailing edge": 0.25})
    bars, labels = chart.to_dict()["layer"]
    assert bars["encoding"]["y"]["sort"] == ["left tip", "trailing edge", "notch"]
    assert labels["encoding"]["text"]["field"] == "words"
    assert {row["part"]: row["words"] for row in rows(chart, ["words"])} == {
        "notch": "10%",
        "left tip": "65%",
        "trailing edge": "25%",
    }
    assert chart.to_dict()["description"] == (
        "Evidence by part: left tip 65%, trailing edge 25%, notch 10%."
    )


def test_unknown_parts_cannot_be_drawn():
    with pytest.raises(SettingsError, match="cluster again"):
        parts_chart({})


def test_an_unstable_cluster_is_marked_on_the_chart_of_photos():
    marked = photos_chart(CORRECTNESS, "new_share").layer[0].data["called"].tolist()
    assert marked == ["1 · notch", "2 (unstable)", "3"]


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
