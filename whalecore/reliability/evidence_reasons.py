"""The evidence that weighs most in a verdict, in sentences that name it and what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from whalecore.clusters.stability import is_unstable
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.rules import WORSE_WHEN_HIGH, Logistic, Rules, feature_rows
from whalecore.reliability.sentences import ALONE
from whalecore.reliability.shown_numbers import decimal, percent, times, whole

MOST_REASONS = 3

FEW = 30
"""Heatmaps of a cluster under which its share is not certain."""

UNSTABLE_SHARE = "; the cluster is unstable, so that this share says little"
"""What is added to a reason that names the share of an unstable cluster."""

HIGHER = ("higher", "lower")
MORE = ("more", "less")
FEWER = ("fewer", "more")

SAME_SCALE = (
    "nearest_distance",
    "nearest_agreement",
    "compactness",
    "inside_fluke",
    "balance",
    "cam_agreement",
    "patch_agreement",
    "visible",
    "encounter_support",
)
"""Evidence that weighs on the scale on which it is shown: a mean of it is one of what is shown."""

SHOWN = {
    "score": ("score", decimal(3), HIGHER),
    "margin": ("lead", times, MORE),
    "log_margin": ("lead", times, MORE),
    "entropy": ("equal_candidates", decimal(2), FEWER),
    "nearest_distance": ("nearest_likeness", decimal(2), HIGHER),
    "nearest_agreement": ("nearest_agreement", percent, MORE),
    "share_correct": ("share_correct", percent, MORE),
    "compactness": ("compactness", percent, MORE),
    "inside_fluke": ("inside_fluke", percent, MORE),
    "balance": ("balance", decimal(2), HIGHER),
    "cam_agreement": ("cam_agreement", decimal(2), HIGHER),
    "patch_agreement": ("patch_agreement", decimal(2), HIGHER),
    "visible": ("visible", percent, MORE),
    "encounter_support": ("encounter_support", decimal(2), HIGHER),
    "back_lead": ("marks_ahead", whole, MORE),
}
"""Evidence that weighs to the number that is shown for it, how that is written, and what is said of
a number that is better, or worse, than usual."""


def evidence_reasons(
    evidence: Evidence, rules: Rules, model: Logistic, sentences: Mapping[str, str], side: int
) -> list[str]:
    """Sentences for the evidence that weighs most on one side, compared with what is usual.

    Parameters
    ----------
    model : Logistic
        Of ``rules``, that the verdict rests on.
    side : int
        1 for evidence that is better than usual, -1 for worse; no other is named.
    """
    typical, known, usual = _typical(evidence, rules, model)
    own, beside = (
        feature_rows([one], model.features, rules.overall_share)[0] for one in (evidence, typical)
    )
    compared = np.array([name in known for name in model.features])
    away = own - np.where(compared, beside, model.mean)
    better = np.where([name in WORSE_WHEN_HIGH for name in model.features], -away, away)
    weight = np.abs(away * np.array(model.weights) / np.array(model.scale))
    said = []
    for at in np.argsort(-weight, kind="stable"):
        name = model.features[at]
        if not (side * better[at] > 0 and weight[at] > 0):
            continue
        if name == "share_correct" and not evidence.cluster_heatmaps:
            continue
        shown, write, words = SHOWN[name]
        value, than = write(getattr(evidence, shown)), ""
        if name in known:
            other = write(getattr(typical, shown))
            if other == value:
                continue
            kind = (
                f"against {other} over all heatmaps"
                if name == "share_correct"
                else (f"{words[0 if side > 0 else 1]} than the {usual} {other}")
            )
            than = f", {kind}"
        said.append(sentences[name].format(value=value, than=than, **_counts(evidence)))
    return said[:MOST_REASONS] or [ALONE[side].format(score=evidence.score)]


def _typical(evidence: Evidence, rules: Rules, model: Logistic) -> tuple[Evidence, set[str], str]:
    """The same with what is usual in place of what is known of it; names of such; word for usual.

    Rules of earlier versions hold no medians: the mean stands in where it is one of the numbers
    that are shown, and not where it is one of their logarithms.
    """
    usual, word = dict(rules.usual), "usual"
    if not usual:
        means = dict(zip(model.features, model.mean, strict=True))
        usual, word = {name: means[name] for name in SAME_SCALE if name in means}, "average of"
    if evidence.has_cluster:
        usual["share_correct"] = rules.overall_share
    known = {"log_margin" if one == "margin" else one for one in usual} | set(usual)
    if (ahead := usual.pop("marks_ahead", None)) is not None:
        known.add("back_lead")
        more = round(ahead)
        usual |= {"marks_back": max(more, 0), "marks_back_second": max(-more, 0)}
    there = {name: one for name, one in usual.items() if getattr(evidence, name) is not None}
    return replace(evidence, **there), known, word


def _counts(evidence: Evidence) -> dict[str, int | str | None]:
    few = evidence.has_cluster and evidence.cluster_heatmaps < FEW
    return {
        "marks_back": evidence.marks_back,
        "marks_back_second": evidence.marks_back_second,
        "heatmaps": f"few ({evidence.cluster_heatmaps})" if few else evidence.cluster_heatmaps,
        "unstable": UNSTABLE_SHARE * is_unstable(evidence.cluster_stability),
    }
