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
    assert {"Cluster", "The right individual is", "Heatmaps", "Correct in all"} <= titles
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


def test_the_chart_of_steps_shows_each_step_but_the_first_and_marks_the_chosen_one():
    chart = charts.gap_chart([0.0, 0.1, 0.4, 0.5, 0.9], clusters=3)
    data = {row["number"]: row["step"] for row in rows(chart, ["step"])}
    assert data == {2: pytest.approx(0.3), 3: pytest.approx(0.1), 4: pytest.approx(0.4)}
    colour = chart.to_dict()["encoding"]["color"]
    assert colour["condition"]["test"] == "(datum.number === 3)"
    assert colour["condition"]["value"] == charts.CHOSEN
    assert "the largest lies after 4, 3 clusters" in chart.to_dict()["description"]


def test_steps_lie_under_their_eigenvalues():
    values = [0.0, 0.1, 0.4, 0.5, 0.9]
    upper = charts.eigenvalue_chart(values, 3).to_dict()["layer"][-1]["encoding"]["x"]
    lower = charts.gap_chart(values, 3).to_dict()["encoding"]["x"]
    assert upper["scale"] == lower["scale"]
    assert lower["scale"]["domain"] == [0, 6]


def test_parts_of_the_fluke_are_bars_with_their_share_the_largest_first():
    chart = charts.parts_chart({"notch": 0.1, "left tip": 0.65, "trailing edge": 0.25})
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
        charts.parts_chart({})


@pytest.mark.parametrize(
    ("gap", "chosen", "side", "place"),
    [
        (2, 20, "left", 3),
        (2, 10, "left", 10.5),
        (16, 20, "right", 16),
        (10, 14, "left", 14.5),
        (30, 35, "right", 30),
        (30, 25, "left", 31),
        (50, 20, "right", 50),
        (50, 45, "right", 45.5),
    ],
)
def test_the_words_about_the_largest_step_are_not_crossed_by_the_dashed_line(
    gap, chosen, side, place
):
    steps = np.full(59, 0.001)
    steps[gap - 1] = 0.5
    spec = charts.eigenvalue_chart(np.cumsum(np.r_[0.0, steps]), chosen).to_dict()
    (words,) = (
        one
        for one in spec["layer"]
        if one["encoding"].get("text", {}).get("value") == f"largest step after {gap}"
    )
    (row,) = spec["datasets"][words["data"]["name"]]
    assert (words["mark"]["align"], row["number"]) == (side, place)
    line, room = chosen + 0.5, 13
    first, last = (
        (row["number"], row["number"] + room)
        if side == "left"
        else (row["number"] - room, row["number"])
    )
    assert not first < line < last
    assert first >= 0
    assert last <= 61


def test_the_words_about_a_low_step_do_not_meet_those_at_the_foot():
    values = [0.0, 0.001, 0.05, 0.051, 0.052, *np.linspace(0.053, 1.0, 55)]
    spec = charts.eigenvalue_chart(values, 4).to_dict()
    (row,) = (
        rows[0] for rows in spec["datasets"].values() if len(rows) == 1 and "middle" in rows[0]
    )
    assert row["middle"] == pytest.approx(0.15)


def test_both_charts_of_the_eigenvalues_have_one_axis_without_a_padding_of_their_own():
    values = np.linspace(0, 1, 30)
    upper, lower = charts.eigenvalue_chart(values, 5), charts.gap_chart(values, 5)
    dots = upper.to_dict()["layer"][-1]["encoding"]["x"]["scale"]
    assert dots == lower.to_dict()["encoding"]["x"]["scale"]
    assert dots == {"domain": [0, 31], "nice": False, "padding": 0}
