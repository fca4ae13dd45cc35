"""The figures by which rules are judged, on photos whose answers are known by hand."""

import json

import numpy as np
import pytest

from whalecore.reliability.figures import Outcome, all_figures, evidence_gain, heatmap_sentence


def outcome(**changes):
    """Four known photos, the last wrong, and two new ones."""
    correct = np.array([True, True, True, False, False, False])
    fields = {
        "p_correct": np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1]),
        "p_new": np.array([0.1, 0.1, 0.2, 0.3, 0.6, 0.2]),
        "correct": correct,
        "known": np.array([True, True, True, True, False, False]),
        "ranks": np.array([1, 1, 1, 2, 0, 0]),
        "score": np.array([0.9, 0.2, 0.8, 0.7, 0.6, 0.3]),
        "verdicts": np.array(["reliable", "reliable", "check", "reliable", "new_whale", "retake"]),
        "groups": np.array(list("aabbcd")),
        "peers": {"score": np.array([0.9, 0.2, 0.8, 0.7, 0.6, 0.3])},
        "novelty": {"distance": np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])},
        "inside": np.array(
            [[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1], [0, 1, 0]], bool
        ),
        "holds": np.array([True, True, True, False, True, False]),
    }
    return Outcome(**{**fields, **changes})


@pytest.fixture(scope="module")
def figures():
    return all_figures(outcome())


@pytest.mark.parametrize(
    ("name", "value", "photos"),
    [
        ("top_1", 3 / 4, 4),
        ("map_at_5", (3 + 1 / 2) / 4, 4),
        ("brier", (0.01 + 0.04 + 0.09 + 0.09 + 0.04 + 0.01) / 6, 6),
        ("risk_coverage", (0 + 0 + 0 + 1 / 4 + 2 / 5 + 3 / 6) / 6, 6),
        ("generalized_risk", (1 / 2) ** 2 / 2, 6),
        ("auroc_errors", 1.0, 6),
        ("auroc_new", 6.5 / 8, 6),
        ("auroc_new_by_distance", 1.0, 6),
        ("share_reliable", 3 / 6, 6),
        ("error_among_reliable", 1 / 3, 3),
        ("set_size", 8 / 6, 6),
        ("set_coverage", 4 / 6, 6),
        ("set_coverage_new", 1 / 2, 2),
        ("set_with_new_whale", 1 / 6, 6),
    ],
)
def test_figures_equal_hand_arithmetic(figures, name, value, photos):
    assert figures[name][0] == pytest.approx(value)
    assert figures[name][3] == photos


def test_the_gain_over_a_peer_is_the_difference_of_the_two_areas(figures):
    # By falling score: right, right, wrong, wrong, wrong, right.
    peer = (0 + 0 + 1 / 3 + 2 / 4 + 3 / 5 + 3 / 6) / 6
    assert figures["risk_coverage_score"][0] == pytest.approx(peer)
    gain = figures["risk_coverage_gain_score"]
    assert gain[0] == pytest.approx(peer - figures["risk_coverage"][0])
    assert gain[1] <= gain[0] <= gain[2]


def test_what_cannot_be_measured_is_left_out_and_the_rest_is_json(figures):
    known = all_figures(
        outcome(known=np.ones(6, bool), correct=np.ones(6, bool), novelty={}, inside=None)
    )
    assert not any(name.startswith(("auroc", "set_")) for name in known)
    assert all_figures(outcome(novelty={"distance": np.full(6, np.nan)})).keys() == (
        figures.keys() - {"auroc_new_by_distance", "auroc_new_gain_distance"}
    )
    for found in (figures, known):
        json.dumps(found, allow_nan=False)


def test_no_photos_give_no_figures():
    empty = {
        name: value[:0] if isinstance(value, np.ndarray) else {}
        for name, value in vars(outcome()).items()
    }
    assert all_figures(Outcome(**empty)) == {}


def test_gains_over_the_score_are_differences_on_the_same_photos(figures):
    score = np.array([0.9, 0.2, 0.8, 0.7, 0.6, 0.3])
    squares = ((score - np.array([1, 1, 1, 0, 0, 0])) ** 2).mean()
    assert figures["brier_gain_score"][0] == pytest.approx(squares - figures["brier"][0])
    for name in ("calibration_error", "brier"):
        assert figures[f"{name}_gain_score"][0] == pytest.approx(
            figures[f"{name}_score"][0] - figures[name][0]
        )
    # New ones score 0.6 and 0.3: each is below three of the four known ones.
    assert figures["auroc_new_by_score"][0] == pytest.approx(6 / 8)
    assert figures["auroc_new_gain_score"][0] == pytest.approx(6.5 / 8 - 6 / 8)
    assert figures["auroc_new_gain_distance"][0] == pytest.approx(6.5 / 8 - 1)


def test_what_heatmaps_add_is_said_as_it_is():
    random = np.random.default_rng(0)
    truth = random.random(400)
    correct = random.random(400) < truth
    rest = correct, np.arange(400)
    blind = np.full(400, 0.5)
    better, worse, same = (
        evidence_gain("heatmap", *pair, *rest)
        for pair in ((truth, blind), (blind, truth), (truth, truth))
    )
    assert better["heatmap_gain_brier"][1] > 0.02
    assert better["heatmap_gain_auroc"][1] > 0.1
    assert better["heatmap_gain_risk_coverage"][1] > 0.02
    assert heatmap_sentence(better).startswith("Heatmaps add something")
    assert heatmap_sentence(worse).startswith("Heatmaps make the probabilities worse")
    assert same["heatmap_gain_brier"][:3] == (0, 0, 0)
    assert "add nothing to the score that can be shown here" in heatmap_sentence(same)
    assert "on 400 photos" in heatmap_sentence(same)
    assert "run the command explain" in heatmap_sentence({})
