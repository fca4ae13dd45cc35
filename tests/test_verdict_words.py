"""Sentences about verdicts: they say what the numbers say, and no more."""

from types import SimpleNamespace

import pytest

from whalecore.clusters.meaning import PARTS
from whalecore.glossary import explain
from whalecore.reliability.effect import Effect
from whalecore.reliability.evidence import Evidence
from whalecore.types import AnswerSet
from whalecore.verdict_words import (
    EVIDENCE,
    GAINS,
    calibration_words,
    cluster_gain_words,
    counted_words,
    coverage_words,
    evidence_rows,
    fine_percent,
    gain_words,
    promise_words,
    rest_words,
    set_words,
    tips_words,
    usual_words,
)


def spaced(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("reliable", "wrong", "kept"),
    [
        (200, 2, "the promise is kept."),
        (40, 0, "too few to be certain"),
        (40, 3, "cannot tell chance from fault"),
        (100, 20, "the promise is broken"),
    ],
)
def test_a_promise_is_called_kept_or_broken_only_where_the_interval_says_so(reliable, wrong, kept):
    first, second = promise_words(reliable, wrong, 300, 0.05)
    assert f"**{reliable}** would be called reliable" in first
    assert f"**{wrong}** of these were wrong" in first
    assert kept in second
    assert "at most 5 %" in spaced(second)


def test_without_a_reliable_photo_all_are_left_to_people():
    first, second = promise_words(0, 0, 30, 0.05)
    assert "left to people" in first
    assert second == ""


def test_what_is_left_to_people_is_counted_by_verdict():
    words = rest_words({"check": 3, "retake": 1, "reliable": 5})
    assert words == "Left to people: 3 to be checked by hand and 1 to be taken again."
    assert rest_words({"reliable": 5}) == "No photo is left to people."


def gains(brier, curve, auroc):
    return {
        name: Effect(sum(ends) / 2, *ends, 120)
        for name, ends in zip(GAINS, (brier, curve, auroc), strict=True)
    }


def test_heatmaps_are_said_to_add_something_only_where_an_interval_lies_above_zero():
    assert "add something" in gain_words(gains((0.01, 0.02), (-1, 1), (-1, 1)))
    assert "add nothing" in gain_words(gains((-0.01, 0.02), (-1, 1), (-1, 1)))
    assert "worse" in gain_words(gains((-0.03, -0.02), (-1, 1), (-1, 1)))
    both = gain_words(gains((0.01, 0.02), (-0.2, -0.1), (-1, 1)))
    assert "closer probabilities" in both
    assert "not fewer errors" in both
    assert "not known yet" in gain_words({})
    assert "120 photos" in gain_words(gains((-0.01, 0.02), (-1, 1), (-1, 1)))


def test_probabilities_are_judged_by_what_chance_does_to_perfect_ones():
    perfect = Effect(0.03, 0.01, 0.05, 100)
    good = {"calibration_error": Effect(0.05, 0, 1, 100), "calibration_error_perfect": perfect}
    poor = {**good, "calibration_error": Effect(0.06, 0, 1, 100)}
    assert "cannot be told from perfect" in calibration_words(good)
    assert "a little off" in calibration_words(poor)
    assert calibration_words({}) == ""


def test_the_set_names_its_answers_and_the_new_whale():
    alone = spaced(set_words(AnswerSet(0.9, ("A",), False)))
    made = "Lists made this way hold the right answer for 90 % of photos."
    assert alone == f"{made} This one holds only: A."
    assert set_words(AnswerSet(0.9, (), True)).endswith("holds only: a new whale.")
    assert set_words(AnswerSet(0.9, ("A",), True)).endswith("holds: A – or a new whale.")
    three = set_words(AnswerSet(0.9, ("A", "B", "C"), True))
    assert three.endswith("holds 3: A, B and C – or a new whale.")


def test_a_large_set_names_the_first_five_and_counts_the_others():
    words = set_words(AnswerSet(0.9, tuple("ABCDEFGH"), False))
    assert words.endswith("holds 8: A, B, C, D, E and 3 others.")
    assert set_words(AnswerSet(0.9, tuple("ABCDEF"), False)).endswith("A, B, C, D, E and F.")


def test_coverage_has_its_interval_and_the_promise():
    words = spaced(coverage_words(90, 100, 0.9))
    assert "90 of 100 photos (90 %, 83 % to 94 %). 90 % were promised." in words
    assert "promised" not in coverage_words(90, 100, None)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.1, "low: 0.20 to 0.40"), (0.3, "usual: 0.20 to 0.40"), (0.5, "high: 0.20 to 0.40")],
)
def test_a_value_is_low_usual_or_high(value, words):
    assert usual_words(value, (0.2, 0.4)) == words
    assert usual_words(value, None) == ""


def test_a_number_of_marks_is_whole_and_so_is_what_is_usual():
    evidence = SimpleNamespace(marks=1200, marks_back=3)
    rows = evidence_rows(evidence, SimpleNamespace(), {"marks_back": (3.6, 40.25)})
    assert [(row.value, row.usual) for row in rows] == [("1,200", ""), ("3", "low: 4 to 40")]


def test_a_number_beyond_a_thousand_says_no_more_than_that():
    assert usual_words(4982.0, (1.93, 89171482505.0)) == "usual: 1.93 to over 1,000"


@pytest.mark.parametrize(
    ("score", "words"), [(0.99, "0.99"), (0.996, "0.996"), (0.99996, "over 0.999"), (1.0, "1.00")]
)
def test_a_score_just_below_1_is_not_written_as_1(score, words):
    (row,) = evidence_rows(SimpleNamespace(score=score), SimpleNamespace(), {})
    assert row.value == words


def test_evidence_that_is_missing_is_not_listed_and_the_lead_is_a_ratio():
    evidence = SimpleNamespace(
        score=0.91, lead=3.5, equal_candidates=1.2, nearest_likeness=0.8, visible=None
    )
    quality = SimpleNamespace(sharpness=0.4)
    usual = {
        "margin": (0.0, 0.6931472),
        "sharpness": (0.5, 0.6),
        "entropy": (0.0, 0.6931472),
        "nearest_distance": (0.05, 0.1),
    }
    rows = evidence_rows(evidence, quality, usual)
    found = {row.term: (row.value, row.usual) for row in rows}
    assert found == {
        "score": ("0.91", ""),
        "margin": ("3.50", "high: 1.00 to 2.00"),
        "spread of the score": ("1.20", "usual: 1.00 to 2.00"),
        "nearest likeness": ("0.80", "low: 0.90 to 0.95"),
        "sharpness": ("0.40", "low: 0.50 to 0.60"),
    }


def test_every_piece_of_evidence_is_explained_in_the_glossary():
    for _, term in EVIDENCE.values():
        assert explain(term)


@pytest.mark.parametrize(("heatmaps", "few"), [(30, False), (29, True), (1, True)])
def test_a_cluster_says_which_photos_it_counts_and_when_they_are_too_few(heatmaps, few):
    words = counted_words(heatmaps)
    assert f"{heatmaps} other photo{'s' * (heatmaps > 1)} with such a heatmap" in words
    assert "those of the test among them" in words
    assert ("too few to rely on" in words) == few


def test_a_cluster_without_judged_photos_counts_none():
    assert counted_words(0).startswith("No other photo")


def test_a_clusters_share_is_told_with_the_number_of_photos_that_it_counts():
    evidence = Evidence(0.5, 1.0, 0.5, 2.0, share_correct=0.9, cluster_heatmaps=20)
    found = {row.term: (row.value, row.usual) for row in evidence_rows(evidence, None, {})}
    assert found["cluster correctness"] == ("0.90", "of 20 photos")


def test_the_six_parts_of_the_fluke_and_its_size_are_pieces_of_evidence():
    evidence = Evidence(
        0.5, 1.0, 0.5, 2.0, notch=0.25, inner_surface=0.5, fluke_width=97, fluke_height=24
    )
    rows = evidence_rows(evidence, SimpleNamespace(), {"fluke_width": (171.0, 240.75)})
    found = {row.name: (row.value, row.usual) for row in rows}
    assert found["Evidence on the notch"] == ("0.25", "")
    assert found["Evidence on the inner surface"] == ("0.50", "")
    assert found["Width of the fluke in pixels"] == ("97", "low: 171 to 241")
    assert found["Height of the fluke in pixels"] == ("24", "")
    assert {f"Evidence on the {part}" for part in PARTS} <= {one for one, _ in EVIDENCE.values()}


def test_the_tips_are_compared_with_the_room_they_take():
    assert "more than their share" in tips_words(0.6, 0.4)
    assert "about as much as their share" in tips_words(0.4, 0.4)
    assert "less than their share" in tips_words(0.2, 0.4)


@pytest.mark.parametrize(("share", "words"), [(0.05, "5 %"), (0.049, "4.9 %"), (0.123, "12 %")])
def test_small_shares_keep_a_digit(share, words):
    assert spaced(fine_percent(share)) == words


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.01, 0.02, 0.03), "adds something to the score**: the squared error changes by -0.0200"),
        ((-0.03, -0.02, -0.01), "makes the probabilities worse here**"),
        ((-0.01, 0.002, 0.03), "adds nothing to the score that can be shown"),
    ],
)
def test_what_the_cluster_alone_adds_is_said_with_its_interval(ends, said):
    low, value, high = ends
    words = cluster_gain_words({"cluster_gain_brier": Effect(value, low, high, 120)})
    assert said in spaced(words)
    assert f"({-high:+.4f} to {-low:+.4f}, 95 %, 120 photos)" in spaced(words)
    assert cluster_gain_words({"heatmap_gain_brier": Effect(value, low, high, 120)}) == ""
