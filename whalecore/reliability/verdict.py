"""The verdict on one identification, with its reasons in plain words."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from whalecore.reliability.evidence import Evidence, evidence_of, leave_one_out_share, shrunk_share
from whalecore.reliability.fitting import failed_measures, fit_rules, probabilities
from whalecore.reliability.rules import Logistic, Rules, feature_rows
from whalecore.types import Verdict

__all__ = [
    "Evidence",
    "Rules",
    "decide",
    "evidence_of",
    "fit_rules",
    "leave_one_out_share",
    "probabilities",
    "shrunk_share",
]

MOST_REASONS = 3

FOR = {
    "score": "The first candidate's score of {score:.3f} is higher than average.",
    "margin": "The first candidate leads the second by more than average: its score is "
    "{lead:.2f} times the second's.",
    "entropy": "Less score than average is left for other candidates: the spread over the "
    "first five is {entropy:.2f}, where one candidate alone would have none.",
    "share_correct": "Heatmaps that look like this one are more often right than average: a share "
    "of {share_correct:.2f} of the {cluster_heatmaps} in its cluster.",
}
AGAINST = {
    "score": "The first candidate's score of {score:.3f} is lower than average.",
    "margin": "The second candidate is closer behind the first than average: the first's score is "
    "{lead:.2f} times the second's.",
    "entropy": "The score is divided among more candidates than average: the spread over the "
    "first five is {entropy:.2f}, where one candidate alone would have none.",
    "share_correct": "Heatmaps that look like this one are less often right than average: a share "
    "of {share_correct:.2f} of the {cluster_heatmaps} in its cluster.",
}
NEW = {
    "score": "No known individual fits well: the highest score of {score:.3f} is lower than "
    "average.",
    "margin": "No known individual stands out: the highest score is only {lead:.2f} times the "
    "second, less than average.",
    "max_logit": "Even the most similar known individual is less similar than average: its raw "
    "score is {max_logit:.2f}.",
}
UNLIKE = (
    "The first candidate's heatmap is unlike any kind that was seen before: how often such ones "
    "are right is not known, and the score of {score:.3f} stands alone."
)
RETAKE = {
    "sharpness": "The fluke is blurred: its sharpness is {value:.3f} and should be at least "
    "{limit:.3f}.",
    "exposure": "Much of the fluke is black or burnt out: its exposure is {value:.3f} and should "
    "be at least {limit:.3f}.",
    "contrast": "The fluke hardly stands out: its contrast is {value:.3f} and should be at least "
    "{limit:.3f}.",
    "fluke_share": "The fluke is small in the photo: it fills a share of {value:.3f} and should "
    "fill at least {limit:.3f}.",
    "resolution": "The fluke has few pixels: its resolution is {value:.3f} and should be at least "
    "{limit:.3f}.",
}


def decide(evidence: Evidence, rules: Rules) -> Verdict:
    """Give a verdict.

    In this order: a quality measure under its limit gives ``retake``; P(new) at or over its
    threshold ``new_whale``; P(correct) at or over its threshold ``reliable``; otherwise
    ``check``.

    Parameters
    ----------
    evidence : Evidence
    rules : Rules

    Returns
    -------
    Verdict
        ``p_correct`` is the probability that the first candidate is right, new individuals
        taken into account. Each reason names a number of the evidence.
    """
    right, new = probabilities([evidence], rules)
    p_correct, p_new = float(right[0]), float(new[0])
    failed = failed_measures(evidence, rules.quality_limits)
    if failed:
        verdict = "retake"
        reasons = [
            RETAKE[name].format(
                value=getattr(evidence.quality, name), limit=rules.quality_limits[name]
            )
            for name in failed
        ]
    elif rules.new_threshold is not None and p_new >= rules.new_threshold:
        verdict, reasons = "new_whale", _reasons(evidence, rules, rules.new, NEW, -1)
    elif rules.reliable_threshold is not None and p_correct >= rules.reliable_threshold:
        model = rules.model_for(evidence)
        verdict, reasons = "reliable", _reasons(evidence, rules, model, FOR, 1)
    else:
        verdict, reasons = "check", _doubts(evidence, rules)
    if evidence.crop_source == "whole" and evidence.quality is not None:
        reasons.append(
            "No fluke was found, so that the whole photo was compared (the fluke's share is "
            f"{evidence.quality.fluke_share:.3f}): draw a box around the fluke."
        )
    if evidence.unlike:
        reasons.append(UNLIKE.format(score=evidence.score))
    return Verdict(verdict, p_correct, p_new, tuple(reasons))


def _doubts(evidence: Evidence, rules: Rules) -> list[str]:
    if rules.reliable_threshold is not None:
        return _reasons(evidence, rules, rules.model_for(evidence), AGAINST, -1)
    return [
        f"The first candidate has a score of {evidence.score:.3f}, but so far no photo can be "
        f"called reliable: {rules.photos} validation photos are too few or too often wrong."
    ]


def _reasons(
    evidence: Evidence, rules: Rules, model: Logistic, sentences: dict[str, str], side: int
) -> list[str]:
    """Return sentences for the evidence that weighs most on one side.

    ``side`` is 1 for evidence that is better than average, -1 for worse. Only evidence on
    that side is named, whatever the sign of its weight: weights of features that say nearly
    the same can have opposite signs.
    """
    row = feature_rows([evidence], model.features, rules.overall_share)[0]
    better = row - np.array(model.mean)
    better = np.where([name == "entropy" for name in model.features], -better, better)
    weight = np.abs(model.contributions(row))
    order = np.argsort(-weight, kind="stable")
    chosen = [model.features[at] for at in order if side * better[at] > 0 and weight[at] > 0]
    if not chosen:
        known_as = f"The first candidate's score of {evidence.score:.3f}"
        if side > 0:
            return [f"{known_as} suffices: photos like this one were right often enough."]
        return [f"{known_as} is about average."]
    known = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    known["lead"] = evidence.lead
    return [sentences[name].format(**known) for name in chosen[:MOST_REASONS]]
