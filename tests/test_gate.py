"""Retake: what a photo must show, and what it says when it does not."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import FINE, rules_of_ones

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.gate import FLOORS, failed_measures, photo_limits, usual_limits
from whalecore.reliability.usual import feature_limits, featureless
from whalecore.reliability.verdict import decide

GOOD = Evidence(
    0.9, 3.0, 0.2, 5.0, quality=FINE, visible=0.9, cut_off=0.0, crop_confidence=0.9,
    crop_source="detector",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "name", "advice"),
    [
        ({"visible": 0.1}, "visible", "above the water"),
        ({"cut_off": 0.9}, "cut_off", "whole fluke in the frame"),
        ({"crop_confidence": 0.05}, "crop_confidence", "draw the box by hand"),
        ({"quality": replace(FINE, sharpness=0.01)}, "sharpness", "focus on the fluke"),
    ],
)
def test_a_photo_that_is_the_problem_says_which_and_what_to_photograph(change, name, advice):
    bad = replace(GOOD, **change)
    assert failed_measures(bad, FLOORS) == [name]
    verdict = decide(bad, rules_of_ones())
    if name == "sharpness":
        assert rules_of_ones().quality_limits["sharpness"] == 0.25
    assert verdict.verdict == "retake"
    assert len(verdict.reasons) == 1
    assert "at least" in verdict.reasons[0] or "at most" in verdict.reasons[0]
    assert advice in verdict.reasons[0]
    assert decide(GOOD, rules_of_ones()).verdict == "reliable"


def test_what_was_not_measured_is_not_the_problem():
    bare = Evidence(0.9, 3.0, 0.2, 5.0)
    assert failed_measures(bare, FLOORS) == []
    assert failed_measures(replace(GOOD, visible=0.1), {"sharpness": 0.02}) == []


def test_only_the_detector_can_be_unsure_of_a_box():
    unsure = replace(GOOD, crop_confidence=0.0)
    assert failed_measures(unsure, FLOORS) == ["crop_confidence"]
    assert failed_measures(replace(unsure, crop_source="given"), FLOORS) == []


def test_a_limit_is_learned_on_the_side_where_photos_fail():
    random = np.random.default_rng(0)
    cut_off = np.where(random.random(400) < 0.1, 0.3, 0.05) + 0.01 * random.random(400)
    correct = (cut_off < 0.2) & (random.random(400) < 0.9)
    evidence = [replace(GOOD, cut_off=float(value)) for value in cut_off]
    limits = photo_limits(evidence, correct, np.ones(400, bool))
    assert 0.05 < limits["cut_off"] < 0.31
    assert limits["visible"] == FLOORS["visible"]
    judged = np.array([bool(failed_measures(one, limits)) for one in evidence])
    np.testing.assert_array_equal(judged[cut_off < 0.2], False)
    assert judged[cut_off > 0.2].mean() > 0.9


def test_a_floor_that_many_good_photos_contradict_is_dropped():
    evidence = [replace(GOOD, cut_off=0.8)] * 100
    limits = photo_limits(evidence, np.ones(100, bool), np.ones(100, bool))
    assert limits["cut_off"] == 1.0
    assert failed_measures(evidence[0], limits) == []


def test_an_answer_that_rests_on_the_tips_says_so():
    plain = decide(replace(GOOD, changing_share=0.4), rules_of_ones()).reasons
    for name, words in (("changing_share", "tips of the fluke"), ("inner_surface", "pigmentation")):
        reasons = decide(replace(GOOD, **{name: 0.7}), rules_of_ones()).reasons
        assert reasons[:-1] == plain
        assert reasons[-1].startswith(
            "70\N{NO-BREAK SPACE}% of what speaks for the first candidate"
        )
        assert words in reasons[-1]


def test_the_age_is_not_known_so_that_young_animals_are_spoken_of_conditionally():
    said = decide(replace(GOOD, inner_surface=0.5), rules_of_ones()).reasons[-1]
    assert "Its age is not known here: if it may be young, compare" in said
    assert "pigmentation" not in " ".join(
        decide(replace(GOOD, inner_surface=0.49), rules_of_ones()).reasons
    )


def test_a_small_fluke_is_told_with_its_size_in_pixels():
    small = replace(GOOD, quality=replace(FINE, resolution=0.02), fluke_width=97, fluke_height=24)
    (reason,) = decide(small, rules_of_ones()).reasons
    assert "2\N{NO-BREAK SPACE}% of those that can be compared (97 by 24 pixels)" in reason
    assert "should have at least 5\N{NO-BREAK SPACE}%" in reason


def test_a_measure_and_its_limit_are_never_written_alike():
    near = replace(GOOD, visible=0.2496)
    (reason,) = decide(near, rules_of_ones()).reasons
    assert "25.0\N{NO-BREAK SPACE}% of a whole one, and at least 25.0" not in reason
    assert "24.96\N{NO-BREAK SPACE}%" in reason
    assert "25.00\N{NO-BREAK SPACE}%" in reason


FLAT = replace(GOOD, score=0.3, compactness=0.2, entropy=1.5)


def test_a_photo_on_which_nothing_stands_out_says_so_and_what_to_photograph():
    rules = rules_of_ones(feature_limits={"compactness": 0.25, "entropy": 1.4, "most_marks": 2.0})
    (said,) = [one for one in decide(FLAT, rules).reasons if "distinguishing feature" in one]
    assert "20\N{NO-BREAK SPACE}%" in said
    assert "4.48 candidates" in said
    assert "take a photo that shows the trailing edge" in said
    assert decide(FLAT, rules).verdict == decide(FLAT, rules_of_ones()).verdict == "check"
    for change in (
        {"compactness": 0.3},
        {"entropy": 1.3},
        {"compactness": None},
        {"marks": 3, "most_marks": 3},
        {"score": 0.9},
    ):
        reasons = decide(replace(FLAT, **change), rules).reasons
        assert not any("distinguishing feature" in one for one in reasons), change
    marked = decide(replace(FLAT, marks=1, most_marks=1), rules).reasons
    assert any("none has more than 1 matching mark;" in one for one in marked)


def test_limits_of_what_stands_out_leave_out_the_worst_hundredth_of_right_photos():
    values = np.linspace(0.0, 1.0, 101)
    evidence = [replace(FLAT, compactness=one, entropy=1 - one) for one in values.tolist()]
    limits = feature_limits(evidence, np.ones(101, bool))
    assert limits == {"compactness": pytest.approx(0.01), "entropy": pytest.approx(0.99)}
    assert feature_limits(evidence[:49], np.ones(49, bool)) == {}
    assert not featureless(FLAT, {})


def test_usual_limits_leave_out_the_worst_hundredth_of_rightly_identified_photos():
    visible = np.linspace(0.0, 1.0, 101)
    evidence = [
        replace(GOOD, visible=float(value), cut_off=float(1 - value)) for value in visible
    ] + [replace(GOOD, visible=0.0)] * 30
    correct = np.array([True] * 101 + [False] * 30)
    limits = usual_limits(evidence, correct)
    assert limits["visible"] == pytest.approx(0.01)
    assert limits["cut_off"] == pytest.approx(0.99)
    assert limits["sharpness"] == FINE.sharpness


def test_usual_limits_need_fifty_rightly_identified_photos():
    assert usual_limits([GOOD] * 49, np.ones(49, bool)) == {}
    assert "visible" in usual_limits([GOOD] * 50, np.ones(50, bool))


def test_an_unusual_photo_is_the_problem_only_where_the_first_candidate_is_improbable():
    rules = rules_of_ones(usual_limits={"visible": 0.95})
    assert decide(replace(GOOD, score=0.55), rules).verdict == "check"
    bad = decide(replace(GOOD, score=0.45), rules)
    assert bad.verdict == "retake"
    assert "90\N{NO-BREAK SPACE}%" in bad.reasons[0]
    assert "95\N{NO-BREAK SPACE}%" in bad.reasons[0]
    assert decide(replace(GOOD, score=0.45, visible=0.96), rules).verdict == "check"


def test_a_photo_without_a_found_fluke_is_the_problem_where_nobody_is_recognised():
    lost = replace(GOOD, crop_source="whole", score=0.45)
    verdict = decide(lost, rules_of_ones())
    assert verdict.verdict == "retake"
    assert "No fluke was found" in verdict.reasons[0]
    assert decide(replace(lost, score=0.9), rules_of_ones()).verdict == "reliable"
