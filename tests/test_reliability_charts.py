"""Charts of the page Reliability: what they show, against arithmetic by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.drawn import rows
from whalecore import reliability_charts as charts
from whalecore.errors import SettingsError
from whalecore.reliability.calibration import reliability_bins
from whalecore.reliability.effect import Effect
from whalecore.verdict_words import KINDS, TRUTHS

DOT = ("given", "photos")


def test_a_dot_is_the_share_of_right_photos_with_its_number():
    probabilities = np.array([0.85] * 8 + [0.15] * 5)
    correct = np.array([True] * 6 + [False] * 2 + [True] + [False] * 4)
    low, high = rows(charts.reliability_diagram(reliability_bins(probabilities, correct)), DOT)
    assert (low["given"], low["share"], low["photos"]) == (pytest.approx(0.15), 0.2, 5)
    assert (high["given"], high["share"], high["photos"]) == (pytest.approx(0.85), 0.75, 8)
    assert low["low"] < 0.2 < low["high"]


def test_ranges_of_hardly_any_photos_are_not_drawn():
    probabilities = np.array([0.85] * 5 + [0.15] * 4)
    diagram = charts.reliability_diagram(reliability_bins(probabilities, np.ones(9, bool)))
    assert len(rows(diagram, DOT)) == 1


def test_without_any_range_of_enough_photos_a_sentence_says_so():
    with pytest.raises(SettingsError, match="judge more photos"):
        charts.reliability_diagram(reliability_bins(np.array([0.5]), np.array([True])))


def test_the_curve_counts_the_wrong_ones_among_the_surest():
    correct = np.array([True] * 5 + [False] * 5)
    sure = np.arange(10, 0, -1) / 10
    chart = charts.risk_coverage_chart({"probability": sure, "score": -sure}, correct, 0.05)
    found = {(row["way"], row["accepted"]): row["risk"] for row in rows(chart, ["way"])}
    assert found["probability", 5] == 0
    assert found["probability", 10] == found["score", 10] == 0.5
    assert found["score", 5] == 1
    assert ("probability", 4) not in found
    assert "50% can be accepted" in chart.to_dict()["description"]


def test_the_allowed_share_is_named_where_the_surest_photos_are_and_lines_are_low():
    chart = charts.risk_coverage_chart({"probability": np.ones(9)}, np.ones(9, bool), 0.05)
    (words,) = (
        layer
        for layer in chart.to_dict()["layer"]
        if layer["encoding"].get("text") == {"value": "allowed: 5%"}
    )
    assert (words["mark"]["align"], words["encoding"]["x"]) == ("left", {"value": 0})


def test_errors_of_many_photos_are_a_line_of_few_points_from_first_to_last():
    sure, correct = np.linspace(1, 0, 20_000), np.arange(20_000) < 10_000
    chart = charts.risk_coverage_chart({"probability": sure}, correct, 0.05)
    found = {row["accepted"]: row["risk"] for row in rows(chart, ["way"])}
    assert len(found) == charts.MOST_POINTS
    assert found[20_000] == 0.5
    assert min(found) == 5
    # 10,000 right and 526 wrong: 526 / 10,526 is below 5 %, 527 / 10,527 is not.
    assert "53% can be accepted" in chart.to_dict()["description"]


COUNTS = pd.DataFrame(
    [
        {"verdict": verdict, "truth": truth, "photos": photos, "of": of}
        for verdict, of, split in (
            ("reliable", 10, (9, 1, 0)),
            ("check", 6, (2, 2, 2)),
            ("new_whale", 0, (0, 0, 0)),
            ("retake", 4, (4, 0, 0)),
        )
        for truth, photos in zip(TRUTHS, split, strict=True)
    ]
)


def test_the_bars_of_a_verdict_are_divided_by_the_truth():
    data = rows(charts.verdicts_chart(COUNTS), ["truth", "share"])
    assert len(data) == len(KINDS) * len(TRUTHS)
    wrong = next(row for row in data if row["photos"] == 1)
    assert (wrong["called"], wrong["truth"], wrong["share"]) == ("Reliable", TRUTHS[1], 0.1)


def test_a_verdict_that_nobody_got_has_a_bar_of_nothing():
    data = rows(charts.verdicts_chart(COUNTS), ["truth", "share"])
    assert {row["share"] for row in data if row["verdict"] == "new_whale"} == {0}
    assert "Probably a new whale 0" in charts.verdicts_chart(COUNTS).to_dict()["description"]


def test_sets_are_divided_into_those_that_hold_the_right_answer_and_those_that_miss_it():
    sizes = pd.DataFrame({"size": ["1", "2"], "photos": [10, 4], "held": [9, 4]})
    data = rows(charts.sizes_chart(sizes), ["what"])
    counts = {(row["size"], row["what"]): row["count"] for row in data}
    assert counts == {
        ("1", "holds the right answer"): 9,
        ("1", "misses it"): 1,
        ("2", "holds the right answer"): 4,
        ("2", "misses it"): 0,
    }


def test_each_group_has_a_line_with_its_number_of_photos():
    shares = pd.DataFrame(
        [
            {"group": "Sharp", "photos": 40, "measure": measure, "count": count, "of": 40,
             "share": count / 40, "low": 0.1, "high": 0.9}
            for measure, count in (("right", 30), ("reliable", 20), ("held", 36))
        ]
    )  # fmt: skip
    data = rows(charts.groups_chart(shares), ["line"])
    assert {row["line"] for row in data} == {"Sharp (40)"}
    assert {row["what"]: row["counted"] for row in data}["first candidate right"] == "30 of 40"


def test_a_difference_is_sure_only_where_its_interval_leaves_out_nothing():
    effects = {
        "sure": Effect(0.02, 0.01, 0.03, 50),
        "harm": Effect(-0.02, -0.03, -0.01, 50),
        "chance": Effect(0.02, -0.01, 0.05, 50),
    }
    chart = charts.effects_chart(effects, "gain")
    data = {row["name"]: row["sure"] for row in rows(chart, ["sure"])}
    assert data == {"sure": True, "harm": True, "chance": False}


@pytest.mark.parametrize("draw", [charts.groups_chart, lambda none: charts.effects_chart({}, "x")])
def test_nothing_to_draw_is_one_sentence(draw):
    nothing = pd.DataFrame({"measure": []})
    with pytest.raises(SettingsError):
        draw(nothing)
