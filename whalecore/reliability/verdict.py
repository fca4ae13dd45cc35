"""The verdict on one identification, with its reasons in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whalecore.reliability.change_reasons import change_reasons
from whalecore.reliability.evidence import Evidence, evidence_of, shrunk_share
from whalecore.reliability.evidence_reasons import evidence_reasons
from whalecore.reliability.fitting import PROBABLE, probabilities
from whalecore.reliability.gate import failed_measures
from whalecore.reliability.mark_reasons import mark_reason
from whalecore.reliability.photo_reasons import (
    feature_reason,
    lost_reason,
    no_fluke,
    photo_reasons,
)
from whalecore.reliability.rules import Rules
from whalecore.reliability.sentences import AGAINST, FOR, NEW
from whalecore.reliability.sets import answer_probabilities, candidates_in
from whalecore.reliability.sure_reasons import sure_reason
from whalecore.types import AnswerSet, Candidate, Verdict

__all__ = [
    "Evidence",
    "Rules",
    "answers_of",
    "decide",
    "evidence_of",
    "probabilities",
    "shrunk_share",
]

UNLIKE = (
    "The first candidate's heatmap looks unlike all that were seen before, so that nobody knows "
    "how often such ones are right: the score of {score:.3f} stands alone."
)


def decide(evidence: Evidence, rules: Rules, chances: tuple[float, float] | None = None) -> Verdict:
    """Give a verdict.

    In this order: a measure of the photo beyond its limit gives ``retake``, and so does a measure
    beyond what is usual, or a photo on which no fluke was found, where the first candidate is less
    likely right than not; P(new) at or over its threshold ``new_whale``; P(correct) at or over its
    threshold ``reliable``; otherwise ``check``.

    Parameters
    ----------
    evidence : Evidence
    rules : Rules
    chances : (float, float), optional
        P(correct) and P(new) where they are known already, for example from rules that were
        fitted without this photo.

    Returns
    -------
    Verdict
        ``p_correct`` is the probability that the first candidate is right, new individuals
        taken into account. Each reason names a number of the evidence.
    """
    if chances is None:
        right, new = probabilities([evidence], rules)
        chances = float(right[0]), float(new[0])
    p_correct, p_new = chances
    verdict, limits = _decided(evidence, rules, p_correct, p_new)
    sides = {
        "new_whale": (rules.new, NEW, -1),
        "reliable": (rules.right(evidence), FOR, 1),
        "check": (rules.right(evidence), AGAINST, -1),
    }
    reasons = [mark_reason(evidence, verdict)]
    if verdict == "retake":
        reasons += photo_reasons(evidence, limits)
    else:
        if verdict != "check" or rules.reliable_threshold is not None:
            reasons += evidence_reasons(evidence, rules, *sides[verdict])
        reasons.append(sure_reason(evidence, rules, verdict, p_correct, p_new))
    reasons.append(lost_reason(evidence))
    if verdict != "reliable" and p_correct < PROBABLE:
        reasons.append(feature_reason(evidence, rules.feature_limits))
    if evidence.unlike:
        reasons.append(UNLIKE.format(score=evidence.score))
    if verdict in ("reliable", "check"):
        reasons += change_reasons(evidence)
    return Verdict(verdict, p_correct, p_new, tuple(one for one in reasons if one is not None))


def _decided(
    evidence: Evidence, rules: Rules, p_correct: float, p_new: float
) -> tuple[str, dict[str, float]]:
    """The verdict, and the limits that the photo had to keep."""
    if failed_measures(evidence, rules.quality_limits):
        return "retake", rules.quality_limits
    if p_correct < PROBABLE:
        failed = failed_measures(evidence, rules.usual_limits)
        if failed or no_fluke(evidence):
            return "retake", rules.usual_limits
    if rules.new_threshold is not None and p_new >= rules.new_threshold:
        return "new_whale", rules.usual_limits
    if rules.reliable_threshold is not None and p_correct >= rules.reliable_threshold:
        return "reliable", rules.usual_limits
    return "check", rules.usual_limits


def answers_of(candidates: Sequence[Candidate], verdict: Verdict, rules: Rules) -> AnswerSet | None:
    """Return the answers among which the right one is, with the confidence of the rules.

    Parameters
    ----------
    candidates : sequence of Candidate
        All individuals that the identifier knows.
    verdict : Verdict
        On the same photo.
    rules : Rules

    Returns
    -------
    AnswerSet or None
        None where the rules have no sets or the verdict no probabilities.
    """
    if rules.sets is None or verdict.p_new_whale is None:
        return None
    scores = np.array([[one.score for one in candidates]])
    inside = candidates_in(
        answer_probabilities(scores, np.array([verdict.p_new_whale])), rules.sets
    )[0]
    ranked = sorted(
        (one for one, chosen in zip(candidates, inside[:-1], strict=True) if chosen),
        key=lambda one: -one.score,
    )
    return AnswerSet(
        rules.sets.confidence, tuple(one.individual for one in ranked), bool(inside[-1])
    )
