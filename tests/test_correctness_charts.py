"""Charts of Fig. 8: what they show and what a click returns."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.drawn import rows
from whalecore import correctness_charts as charts
from whalecore.chart_style import CHOSEN, GREENS, OUTLINE
from whalecore.errors import SettingsError

CORRECTNESS = pd.DataFrame(
    {
        "cluster": [2, 1, 3],
        "heatmaps": [40, 50, 9],
        "top1": [0.2, 0.6, 0.0],
        "top2": [0.1, 0.2, 0.1],
        "top3": [0.1, 0.1, 0.0],
        "top4": [0.05, 0.0, 0.0],
        "top5": [0.05, 0.0, 0.0],
        "share_correct": [0.5, 0.9, 0.1],
        "share_correct_low": [0.35, 0.79, 0.02],
        "share_correct_high": [0.65, 0.96, 0.43],
        "mean_score": [0.4, 0.85, 0.05],
        "score_deviation": [0.2, 0.25, np.nan],
        "photos": [40, 50, 9],
    }
)


def selections(specification):
    return [each for each in specification.get("params", []) if "select" in each]


def test_each_bar_stacks_the_five_shares_of_its_cluster():
    data = rows(charts.correctness_chart(CORRECTNESS), ["share"])
    assert len(data) == 15
    for _, cluster in CORRECTNESS.iterrows():
        mine = [row for row in data if row["cluster"] == cluster["cluster"]]
        assert {row["named"]: row["share"] for row in mine} == {
            f"top {b}": cluster[f"top{b}"] for b in range(1, 6)
        }
        assert sum(row["share"] for row in mine) == pytest.approx(cluster["share_correct"])


def test_both_charts_have_the_same_clusters_in_the_same_order():
    upper = charts.correctness_chart(CORRECTNESS).to_dict()["encoding"]["x"]["sort"]
    lower = charts.score_chart(CORRECTNESS).to_dict()["layer"]
    assert upper == [1, 2, 3]
    assert all(layer["encoding"]["x"]["sort"] == upper for layer in lower)


def test_the_error_bars_are_one_standard_deviation_and_stay_between_0_and_1():
    data = {row["cluster"]: row for row in rows(charts.score_chart(CORRECTNESS), ["low"])}
    assert data[2]["low"] == pytest.approx(0.2)
    assert data[2]["high"] == pytest.approx(0.6)
    assert data[1]["high"] == 1.0
    assert data[3]["low"] == data[3]["high"] == 0.05


@pytest.mark.parametrize("make", [charts.correctness_chart, charts.score_chart])
def test_a_click_selects_by_the_field_that_the_page_reads(make):
    (selection,) = selections(make(CORRECTNESS).to_dict())
    assert selection["name"] == charts.CLICK
    assert selection["select"]["fields"] == [charts.CLICK]


@pytest.mark.parametrize("make", [charts.correctness_chart, charts.score_chart])
def test_the_selected_cluster_is_emphasised(make):
    assert CHOSEN not in json.dumps(make(CORRECTNESS).to_dict())
    text = json.dumps(make(CORRECTNESS, selected=2).to_dict())
    assert CHOSEN in text
    assert "datum.cluster === 2" in text


def test_tooltips_are_words_and_warn_of_small_clusters():
    chart = charts.correctness_chart(CORRECTNESS)
    titles = {tip["title"] for tip in chart.to_dict()["encoding"]["tooltip"]}
    assert {"Cluster", "The right individual is", "Heatmaps", "Correct in all"} <= titles
    notes = {row["cluster"]: row["note"] for row in rows(chart, ["note"])}
    assert notes[3] == "too few heatmaps to rely on"
    assert notes[1] == "none"


def test_bars_are_outlined_so_that_pale_ones_are_seen():
    stroke = charts.correctness_chart(CORRECTNESS).to_dict()["encoding"]["stroke"]
    assert stroke["value"] == stroke["condition"]["value"] == OUTLINE


KNOWN = CORRECTNESS.assign(stability=[0.9, 0.3, np.nan], name=["", "left tip", ""])

BOTH = [charts.correctness_chart, charts.score_chart]


def encoding(chart):
    specification = chart.to_dict()
    layers = specification.get("layer", [specification])
    return next(layer["encoding"] for layer in layers if "stroke" in layer["encoding"])


@pytest.mark.parametrize("make", BOTH)
def test_only_clusters_under_the_limit_are_pale_and_dashed(make):
    data = {row["cluster"]: row["unstable"] for row in rows(make(KNOWN), ["unstable"])}
    assert data == {1: True, 2: False, 3: False}
    drawn = encoding(make(KNOWN))
    for channel, loose, steady in (
        ("strokeDash", charts.DASHES, [1, 0]),
        ("fillOpacity", charts.FAINT, 1.0),
    ):
        assert drawn[channel]["condition"]["test"] == "datum.unstable"
        assert drawn[channel]["condition"]["value"] == loose
        assert drawn[channel]["value"] == steady


@pytest.mark.parametrize("make", BOTH)
def test_the_outline_of_unstable_clusters_is_thick_enough_to_be_seen(make):
    for selected in (None, 2):
        drawn = encoding(make(KNOWN, selected))["strokeWidth"]
        conditions = drawn["condition"] if selected else [drawn["condition"]]
        widths = {one["test"]: one["value"] for one in conditions}
        assert widths["datum.unstable"] > 1.5 > drawn["value"]


def test_the_dot_of_an_unstable_cluster_is_a_full_green_ring():
    dots = charts.score_chart(KNOWN).to_dict()["layer"][1]
    assert dots["mark"]["opacity"] == 1
    assert dots["encoding"]["stroke"]["condition"]["value"] == GREENS[1]


@pytest.mark.parametrize("make", BOTH)
def test_stability_and_name_stand_in_the_tooltip(make):
    tips = {tip["title"]: tip["field"] for tip in encoding(make(KNOWN))["tooltip"]}
    found = {row["cluster"]: row for row in rows(make(KNOWN), [tips["Name"]])}
    assert [found[number][tips["Stability"]] for number in (1, 2, 3)] == ["30%", "90%", "not known"]
    assert found[1][tips["Name"]] == "left tip"
    assert found[1]["note"] == "unstable: do not rely on it"
    assert found[3]["note"] == "too few heatmaps to rely on"


@pytest.mark.parametrize("make", BOTH)
def test_without_stability_nothing_is_called_unstable_and_without_names_none_is_shown(make):
    assert not any(row["unstable"] for row in rows(make(CORRECTNESS), ["unstable"]))
    assert "Name" not in {tip["title"] for tip in encoding(make(CORRECTNESS))["tooltip"]}


def test_unstable_clusters_are_told_in_words():
    assert charts.correctness_chart(KNOWN).to_dict()["description"].endswith("Unstable: 1.")
    assert "nstable" not in charts.correctness_chart(CORRECTNESS).to_dict()["description"]


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (charts.correctness_chart(CORRECTNESS), "from 90% in cluster 1 to 10% in cluster 3"),
        (charts.score_chart(CORRECTNESS), "highest 0.85 in cluster 1, lowest 0.05 in cluster 3"),
    ],
)
def test_each_chart_is_told_in_words_and_has_no_ground_of_its_own(chart, words):
    specification = chart.to_dict()
    assert words in specification["description"]
    assert specification["background"] == "transparent"


@pytest.mark.parametrize(
    "call",
    [
        lambda: charts.correctness_chart(CORRECTNESS.drop(columns="top3")),
        lambda: charts.score_chart(CORRECTNESS.iloc[:0]),
    ],
)
def test_what_cannot_be_drawn_is_refused(call):
    with pytest.raises(SettingsError):
        call()
