"""The verdict on an encounter is never surer than the photos allow."""

import pytest

from whalecore.reliability.joint import Said, joint_verdict
from whalecore.types import Verdict


def said(verdict: str, p_correct: float | None = 0.97, individual: str = "A", p_new: float = 0.01):
    return Said(individual, 0.9, Verdict(verdict, p_correct, None if p_correct is None else p_new))


@pytest.mark.parametrize(
    ("photos", "verdict", "sure"),
    [
        ([said("reliable"), said("reliable", 0.95)], "reliable", 0.95),
        ([said("reliable"), said("check", 0.6)], "check", 0.6),
        ([said("reliable"), said("reliable", 0.96, "B", 0.02)], "check", 0.02),
        ([said("reliable"), said("retake", 0.1)], "reliable", 0.97),
        ([said("retake", 0.2), said("retake", 0.1)], "retake", 0.1),
        ([said("new_whale", 0.1, p_new=0.8), said("new_whale", 0.2)], "new_whale", 0.1),
        ([said("new_whale", 0.1, p_new=0.8), said("reliable")], "check", 0.1),
        ([said("check", None), said("reliable")], "reliable", 0.97),
    ],
    ids=[
        "all reliable",
        "one doubtful",
        "another name",
        "one spoilt",
        "all spoilt",
        "all new",
        "one new",
        "one without a probability",
    ],
)
def test_the_joint_verdict_is_the_most_cautious_one(photos, verdict, sure):
    found = joint_verdict("A", 0.99, photos)
    assert (found.verdict, found.p_correct) == (verdict, pytest.approx(sure))
    assert found.p_correct + found.p_new_whale <= 1 + 1e-12
    judged = sum(one.verdict.p_correct is not None for one in photos)
    assert f"the {judged} photos together get the most cautious" in found.reasons[0]
    if any(one.individual != "A" for one in photos):
        assert found.reasons[1] == (
            "1 of 2 photos names another individual first (B, score 0.900): look whether all of "
            "them show one animal."
        )
        return
    assert "score of 0.900" in found.reasons[1]
    assert f"at most {100 * sure:.1f}\N{NO-BREAK SPACE}%" in found.reasons[1]


def test_all_who_are_named_otherwise_are_listed_by_their_surest_photo():
    others = [Said(name, score, said("reliable").verdict)
              for name, score in (("B", 0.5), ("C", 0.7), ("B", 0.8), ("A", 0.9))]  # fmt: skip
    assert (
        "3 of 4 photos name another individual first (B, score 0.800, C, score 0.700)"
        in (joint_verdict("A", 0.99, others).reasons[1])
    )


def test_the_reasons_count_the_photos_by_verdict():
    photos = [said("reliable"), said("reliable"), said("retake", 0.1)]
    reasons = joint_verdict("A", 0.99, photos).reasons
    assert reasons[0].endswith(": 2 reliable, 1 to be taken again.")
    assert "(1 of 3)" in reasons[2]


def test_a_photo_without_a_probability_is_not_counted_and_nothing_is_beyond_doubt():
    reasons = joint_verdict("A", 0.99, [said("check", None), said("reliable", 1.0)]).reasons
    assert reasons[0].endswith(": 1 reliable.")
    assert "at most 99.9\N{NO-BREAK SPACE}%" in reasons[1]
    assert "(1 of 2) have no say" in reasons[2]


def test_without_any_probability_the_joint_score_has_none():
    found = joint_verdict("A", 0.99, [said("check", None)])
    assert (found.verdict, found.p_correct, found.p_new_whale) == ("check", None, None)
    assert "joint score of 0.990 has none" in found.reasons[0]
