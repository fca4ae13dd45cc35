"""Charts of Fig. 6: where the largest step lies, and which number was chosen."""

import json

import numpy as np
import pytest

from tests.drawn import rows
from whalecore import clustering_charts as charts
from whalecore.chart_style import CHOSEN
from whalecore.errors import SettingsError


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


def test_the_chart_of_steps_shows_each_step_but_the_first_and_marks_the_chosen_one():
    chart = charts.gap_chart([0.0, 0.1, 0.4, 0.5, 0.9], clusters=3)
    data = {row["number"]: row["step"] for row in rows(chart, ["step"])}
    assert data == {2: pytest.approx(0.3), 3: pytest.approx(0.1), 4: pytest.approx(0.4)}
    colour = chart.to_dict()["encoding"]["color"]
    assert colour["condition"]["test"] == "(datum.number === 3)"
    assert colour["condition"]["value"] == CHOSEN
    assert "the largest lies after 4, 3 clusters" in chart.to_dict()["description"]


def test_steps_lie_under_their_eigenvalues():
    values = [0.0, 0.1, 0.4, 0.5, 0.9]
    upper = charts.eigenvalue_chart(values, 3).to_dict()["layer"][-1]["encoding"]["x"]
    lower = charts.gap_chart(values, 3).to_dict()["encoding"]["x"]
    assert upper["scale"] == lower["scale"]
    assert lower["scale"]["domain"] == [0, 6]


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


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (charts.eigenvalue_chart([0, 0.1, 0.5, 0.6], 3), "3 clusters were chosen"),
        (charts.sigma_chart([{"sigma": 0.2, "gap": 0.1}], 0.2, "gap", "gap"), "0.2 was chosen"),
    ],
)
def test_each_chart_is_told_in_words_and_has_no_ground_of_its_own(chart, words):
    specification = chart.to_dict()
    assert words in specification["description"]
    assert specification["background"] == "transparent"


@pytest.mark.parametrize(
    "call",
    [
        lambda: charts.eigenvalue_chart([0.0, 0.1], 2),
        lambda: charts.sigma_chart([], 0.2, "gap", "gap"),
        lambda: charts.sigma_chart([{"sigma": 1.0}], 0.2, "gap", "gap"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call):
    with pytest.raises(SettingsError):
        call()
