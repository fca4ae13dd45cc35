"""Charts of Fig. 8 and Fig. 6: what they show and what a click returns."""

import json

import numpy as np
import pandas as pd
import pytest

from whalecore import charts
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


def rows(chart, needed):
    specification = chart.to_dict()
    return next(
        data
        for data in specification["datasets"].values()
        if all(name in data[0] for name in needed)
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
    assert charts.CHOSEN not in json.dumps(make(CORRECTNESS).to_dict())
    text = json.dumps(make(CORRECTNESS, selected=2).to_dict())
    assert charts.CHOSEN in text
    assert "datum.cluster === 2" in text


def test_tooltips_are_words_and_warn_of_small_clusters():
    chart = charts.correctness_chart(CORRECTNESS)
    titles = {tip["title"] for tip in chart.to_dict()["encoding"]["tooltip"]}
    assert {"Cluster", "The reference is", "Heatmaps", "Correct in all"} <= titles
    notes = {row["cluster"]: row["note"] for row in rows(chart, ["note"])}
    assert notes[3] == "too few heatmaps to rely on"
    assert notes[1] == "none"


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (charts.correctness_chart(CORRECTNESS), "from 90% in cluster 1 to 10% in cluster 3"),
        (charts.score_chart(CORRECTNESS), "highest 0.85 in cluster 1, lowest 0.05 in cluster 3"),
        (charts.eigenvalue_chart([0, 0.1, 0.5, 0.6], 3), "3 clusters were chosen"),
        (charts.sigma_chart([{"sigma": 0.2, "gap": 0.1}], 0.2, "gap", "gap"), "0.2 was chosen"),
    ],
)
def test_each_chart_is_told_in_words_and_has_no_ground_of_its_own(chart, words):
    specification = chart.to_dict()
    assert words in specification["description"]
    assert specification["background"] == "transparent"


def test_bars_are_outlined_so_that_pale_ones_are_seen():
    stroke = charts.correctness_chart(CORRECTNESS).to_dict()["encoding"]["stroke"]
    assert stroke == {"value": charts.OUTLINE}


def luminance(colour):
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    ]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("colour", [charts.OUTLINE, charts.ACCENT])
@pytest.mark.parametrize("page", ["#fbfdfd", "#0d1a21"])
def test_lines_stand_out_on_light_and_dark_pages(colour, page):
    high, low = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (high + 0.05) / (low + 0.05) > 3


def test_the_greens_grow_paler_from_top_1_to_top_5():
    assert np.all(np.diff([luminance(green) for green in charts.GREENS]) > 0.05)


def test_the_largest_gap_is_found_where_it_was_put():
    assert charts.largest_gap([0.0, 0.01, 0.02, 0.3, 0.31, 0.33]) == 3


def test_the_step_after_the_first_eigenvalue_does_not_count():
    assert charts.largest_gap([0.0, 0.5, 0.6, 0.8, 0.85]) == 3


def test_the_eigenvalue_chart_marks_the_gap_and_the_chosen_number():
    specification = charts.eigenvalue_chart([0.0, 0.01, 0.02, 0.3, 0.31], clusters=4).to_dict()
    text = json.dumps(specification)
    assert "largest step after 3" in text
    assert "4 clusters chosen" in text
    (marked,) = [data for data in specification["datasets"].values() if data == [{"number": 4.5}]]
    assert marked


@pytest.mark.parametrize(
    "call",
    [
        lambda: charts.correctness_chart(CORRECTNESS.drop(columns="top3")),
        lambda: charts.score_chart(CORRECTNESS.iloc[:0]),
        lambda: charts.eigenvalue_chart([0.0, 0.1], 2),
        lambda: charts.sigma_chart([], 0.2, "gap", "gap"),
        lambda: charts.sigma_chart([{"sigma": 1.0}], 0.2, "gap", "gap"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call):
    with pytest.raises(SettingsError):
        call()
