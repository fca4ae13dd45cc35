"""The verdict on one identification, with its reasons in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from whalecore.reliability.evidence import Evidence, evidence_of, shrunk_share
from whalecore.reliability.fitting import PROBABLE, probabilities
from whalecore.reliability.gate import failed_measures
from whalecore.reliability.mark_reasons import mark_reason
from whalecore.reliability.rules import (
    WORSE_WHEN_HIGH,
    Logistic,
    Rules,
    feature_rows,
    photo_measure,
)
from whalecore.reliability.sets import answer_probabilities, candidates_in
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

MOST_REASONS = 3

FEW = 30
"""Heatmaps of a cluster under which its share is not certain."""

ON_TIPS = 0.5
"""Share of the evidence on the tips, which take 40 % of the crop, from which it is said."""

FOR = {
    "score": "The first candidate's score of {score:.3f} is higher than average.",
    "margin": "The first candidate leads the second by more than average: its score is "
    "{lead:.2f} times the second's.",
    "entropy": "Less score than average is left for other candidates: the spread over the "
    "first five is {entropy:.2f}, where one candidate alone would have none.",
    "nearest_distance": "The most similar photo of a known whale is nearer than average: its "
    "distance is {nearest_distance:.3f}, where the same photo would have none.",
    "nearest_agreement": "More of the most similar photos than average show the first candidate: "
    "a share of {nearest_agreement:.2f}.",
    "share_correct": "Heatmaps that look like this one are more often right than average: a share "
    "of {share_correct:.2f} of the {cluster_heatmaps} in its cluster that the rules learned from.",
    "compactness": "The heatmap points to few places, more clearly than average: a share of "
    "{compactness:.2f} of the evidence lies in a tenth of the picture.",
    "inside_fluke": "More of the evidence than average lies on the fluke: a share of "
    "{inside_fluke:.2f}.",
    "balance": "More places than average speak for the first candidate: on a scale from all "
    "against to all for it, the balance is {balance:.2f}.",
    "cam_agreement": "Two ways of asking where the evidence lies agree more than average: their "
    "correlation is {cam_agreement:.2f}.",
    "patch_agreement": "Covering larger parts of the photo gives the same picture, more than "
    "average: the correlation is {patch_agreement:.2f}.",
    "visible": "More of the fluke than average is seen: a share of {visible:.2f}.",
    "encounter_support": "The other photos of the encounter support the first candidate more than "
    "average: they give it a mean score of {encounter_support:.3f}.",
    "back_lead": "The other way round, marks tell the first candidate from the second more clearly "
    "than average: {marks_back} marks of its photo are found on this one, and {marks_back_second} "
    "of the second's.",
}
AGAINST = {
    "score": "The first candidate's score of {score:.3f} is lower than average.",
    "margin": "The second candidate is closer behind the first than average: the first's score is "
    "{lead:.2f} times the second's.",
    "entropy": "The score is divided among more candidates than average: the spread over the "
    "first five is {entropy:.2f}, where one candidate alone would have none.",
    "nearest_distance": "Even the most similar photo of a known whale is farther than average: "
    "its distance is {nearest_distance:.3f}, where the same photo would have none.",
    "nearest_agreement": "Fewer of the most similar photos than average show the first candidate: "
    "a share of {nearest_agreement:.2f}.",
    "share_correct": "Heatmaps that look like this one are less often right than average: a share "
    "of {share_correct:.2f} of the {cluster_heatmaps} in its cluster that the rules learned from.",
    "compactness": "The heatmap is spread over more places than average: a share of only "
    "{compactness:.2f} of the evidence lies in a tenth of the picture.",
    "inside_fluke": "Less of the evidence than average lies on the fluke: a share of "
    "{inside_fluke:.2f}.",
    "balance": "More places than average speak against the first candidate: on a scale from all "
    "against to all for it, the balance is {balance:.2f}.",
    "cam_agreement": "Two ways of asking where the evidence lies agree less than average: their "
    "correlation is {cam_agreement:.2f}.",
    "patch_agreement": "Covering larger parts of the photo gives another picture, more than "
    "average: the correlation is {patch_agreement:.2f}.",
    "visible": "Less of the fluke than average is seen: a share of {visible:.2f}.",
    "encounter_support": "The other photos of the encounter support the first candidate less than "
    "average: they give it a mean score of {encounter_support:.3f}.",
    "back_lead": "The other way round, marks tell the first candidate from the second less clearly "
    "than average: {marks_back} marks of its photo are found on this one, and {marks_back_second} "
    "of the second's.",
}
NEW = {
    "score": "No known individual fits well: the highest score of {score:.3f} is lower than "
    "average.",
    "nearest_distance": AGAINST["nearest_distance"],
    "log_margin": "No known individual stands out: the first candidate's score is {lead:.2f} times "
    "the second's, which is less than average.",
}
TIPS = (
    "The answer rests for a share of {changing_share:.2f} on the tips, which change over the "
    "years: compare with photos taken in nearby years, and by what lies between the tips."
)
UNLIKE = (
    "The first candidate's heatmap is unlike any kind that was seen before: how often such ones "
    "are right is not known, and the score of {score:.3f} stands alone."
)
RETAKE = {
    "sharpness": "The fluke is blurred: its sharpness is {value:.3f} and should be at least "
    "{limit:.3f}; take a photo with the focus on the fluke and a short exposure.",
    "exposure": "Much of the fluke is black or burnt out: its exposure is {value:.3f} and should "
    "be at least {limit:.3f}; take a photo with the light from behind you.",
    "contrast": "The fluke hardly stands out: its contrast is {value:.3f} and should be at least "
    "{limit:.3f}; take a photo without spray or glare before the fluke.",
    "fluke_share": "The fluke is small in the photo: it fills a share of {value:.3f} and should "
    "fill at least {limit:.3f}; take a photo from nearer or with a longer lens.",
    "resolution": "The fluke has few pixels: its resolution is {value:.3f} and should be at least "
    "{limit:.3f}; take a photo from nearer or with a longer lens.",
    "visible": "Little of the fluke is seen: a share of {value:.3f}, which should be at least "
    "{limit:.3f}; take a photo when the whole fluke is above the water.",
    "crop_confidence": "It is unclear where the fluke is: the box has a confidence of {value:.3f} "
    "and should have at least {limit:.3f}; take a photo that shows the whole underside of the "
    "fluke, or draw the box by hand.",
    "cut_off": "The fluke is cut off: a share of {value:.3f} of its box lies on the photo's edge "
    "and at most {limit:.3f} should; take a photo with the whole fluke in the frame.",
}


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
    limits = rules.quality_limits
    failed, lost = failed_measures(evidence, limits), False
    if not failed and p_correct < PROBABLE:
        limits = rules.usual_limits
        failed = failed_measures(evidence, limits)
        lost = evidence.crop_source == "whole" and evidence.quality is not None
    if failed or lost:
        verdict = "retake"
        reasons = [
            RETAKE[name].format(value=photo_measure(evidence, name), limit=limits[name])
            for name in failed
        ]
    elif rules.new_threshold is not None and p_new >= rules.new_threshold:
        verdict, reasons = "new_whale", _reasons(evidence, rules, rules.new, NEW, -1)
    elif rules.reliable_threshold is not None and p_correct >= rules.reliable_threshold:
        verdict, reasons = "reliable", _reasons(evidence, rules, rules.correct, FOR, 1)
    else:
        verdict, reasons = "check", _doubts(evidence, rules)
    if (said := mark_reason(evidence, verdict)) is not None:
        reasons.insert(0, said)
    if evidence.crop_source == "whole" and evidence.quality is not None:
        reasons.append(
            "No fluke was found, so that the whole photo was compared (the fluke's share is "
            f"{evidence.quality.fluke_share:.3f}): draw a box around the fluke, or take a photo on "
            "which it stands out."
        )
    if evidence.unlike:
        reasons.append(UNLIKE.format(score=evidence.score))
    named = verdict in ("reliable", "check")
    if named and evidence.changing_share is not None and evidence.changing_share >= ON_TIPS:
        reasons.append(TIPS.format(changing_share=evidence.changing_share))
    return Verdict(verdict, p_correct, p_new, tuple(reasons))


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


def _doubts(evidence: Evidence, rules: Rules) -> list[str]:
    if rules.reliable_threshold is not None:
        return _reasons(evidence, rules, rules.correct, AGAINST, -1)
    return [
        f"The first candidate has a score of {evidence.score:.3f}, but so far no photo can be "
        f"called reliable: {rules.photos} validation photos are too few or too often wrong."
    ]


def _reasons(
    evidence: Evidence, rules: Rules, model: Logistic, sentences: dict[str, str], side: int
) -> list[str]:
    """Return sentences for the evidence that weighs most on one side.

    ``side`` is 1 for evidence that is better than average, -1 for worse. Only evidence on
    that side is named.
    """
    row = feature_rows([evidence], model.features, rules.overall_share)[0]
    better = row - np.array(model.mean)
    better = np.where([name in WORSE_WHEN_HIGH for name in model.features], -better, better)
    weight = np.abs(model.contributions(row))
    order = np.argsort(-weight, kind="stable")
    chosen = [model.features[at] for at in order if side * better[at] > 0 and weight[at] > 0]
    if evidence.cluster_heatmaps == 0:
        chosen = [name for name in chosen if name != "share_correct"]
    if not chosen:
        known_as = f"The first candidate's score of {evidence.score:.3f}"
        if side > 0:
            return [f"{known_as} suffices: photos like this one were right often enough."]
        return [
            f"{known_as} is not lower than average, and no other evidence stands out, but all of "
            "it together does not suffice."
        ]
    known = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    known["lead"] = evidence.lead
    if evidence.has_cluster and evidence.cluster_heatmaps < FEW:
        known["cluster_heatmaps"] = f"{evidence.cluster_heatmaps} (few)"
    return [sentences[name].format(**known) for name in chosen[:MOST_REASONS]]
