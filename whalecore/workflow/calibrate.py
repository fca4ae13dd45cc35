"""Choose the verdict's rules on validation photos and judge them on test photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError, TooFewError
from whalecore.lab.lab import Lab
from whalecore.reliability.calibration import brier_score
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.figures import (
    Figures,
    Outcome,
    all_figures,
    evidence_gain,
    heatmap_sentence,
)
from whalecore.reliability.fitting import Fitted, fit, probabilities
from whalecore.reliability.rules import (
    CLUSTER_FEATURES,
    CORRECT_FEATURES,
    HEATMAP_FEATURES,
    Rules,
)
from whalecore.reliability.sets import CONFIDENCE, answers_in, right_chances, set_of
from whalecore.reliability.verdict import decide
from whalecore.types import Progress, Verdict
from whalecore.workflow.evidence import gather_evidence
from whalecore.workflow.judged import AllScores, Judged, all_scores, judged_photos, verdict_row
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Report, silent
from whalecore.workflow.unnamed import unnamed_verdicts

PARTS = ("validation", "test")
BOTH = "validation and test"
FEWEST_PHOTOS = 20


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the rules say about photos, in the order of `judged`.

    Attributes
    ----------
    evidence : tuple of Evidence
        With the cluster shares that each photo was judged with.
    p_correct, p_new : ndarray of shape (photos,), float64
    with_heatmaps, without : ndarray of shape (photos,), float64
        P(correct) with and without heatmap evidence; the rules' own is one of them.
    with_cluster : ndarray of shape (photos,), float64
        P(correct) with the heatmap's cluster, but nothing else of it.
    inside : ndarray of shape (photos, answers), bool
    holds : ndarray of shape (photos,), bool
    rules : Rules
        Fitted on the validation photos.
    """

    judged: tuple[Judged, ...]
    evidence: tuple[Evidence, ...]
    p_correct: np.ndarray
    p_new: np.ndarray
    with_heatmaps: np.ndarray
    without: np.ndarray
    with_cluster: np.ndarray
    verdicts: tuple[Verdict, ...]
    scores: AllScores
    inside: np.ndarray
    holds: np.ndarray
    rules: Rules


def calibrate_lab(
    lab: Lab,
    report: Report = silent,
    error_limit: float | None = None,
    confidence: float | None = None,
) -> dict:
    """Fit the rules on the validation part, measure on the test part, and store both.

    A known individual may have photos in both parts, of different encounters: so it is in use,
    where the next photo shows an animal that the network and the rules have met before, or one that
    is new to both; new individuals lie in one part with all their photos. No rule knows an
    individual. Within the validation part, thresholds rest on rules of other individuals.

    Parameters
    ----------
    error_limit : float, optional
        Share of wrong ones among the photos called reliable that the rules promise not to exceed;
        by default the lab's, which becomes this one once there are rules for it.
    confidence : float, optional
        Share of photos whose set of answers is to hold the right one; likewise.

    Returns
    -------
    dict
        ``metrics``: by part, metric to value, ends of its interval and number of photos;
        ``heatmaps``: a sentence on what they add; ``note``: what the rules cannot promise.

    Raises
    ------
    LabError
        If there are too few scored photos.
    SettingsError
        If a share is not above 0 and under 1.
    """
    promised = {
        "error_limit": lab.info.error_limit if error_limit is None else error_limit,
        "confidence": lab.info.confidence if confidence is None else confidence,
    }
    for name, share in promised.items():
        if not 0 < share < 1:
            raise SettingsError(
                f"The {name.replace('_', ' ')} {share:g} is not possible: choose more than 0 and "
                "less than 1."
            )
    gather_evidence(lab, report)
    report(Progress("calibrate", 0, 1))
    models = newest_models(lab)
    clustering = lab.usual_clustering()
    judged = judged_photos(lab, clustering)
    scores = all_scores(lab, judged)
    # A photo that can no longer be read has neither evidence nor embedding.
    there = np.isfinite(scores.energy)
    if not there.all():
        judged, scores = [judged[place] for place in np.flatnonzero(there)], _rows(scores, there)
    validation = np.array([one.part == "validation" for one in judged], bool)
    if validation.sum() < FEWEST_PHOTOS:
        raise TooFewError(
            f"The lab has {validation.sum()} scored validation photos and at least {FEWEST_PHOTOS} "
            "of named individuals are needed to choose thresholds: import more such photos."
        )
    judgement = judge(judged, scores, **promised)
    metrics = {part: _figures(judgement, part) for part in PARTS}
    metrics[BOTH] = gain = _gain(judgement)
    used = sorted({one.model_id for one in judged})
    rows = []
    for model_id in used:
        for part in PARTS:
            figures = metrics[part] if len(used) == 1 else _figures(judgement, part, model_id)
            rows += _evaluations(model_id, clustering, part, figures)
        rows += _evaluations(model_id, clustering, BOTH, gain)
    lab.write("evaluations", rows)
    # Written at once: the verdicts of one judgement have one moment.
    unnamed = unnamed_verdicts(lab, clustering, judgement.rules)
    lab.write("verdicts", [*_verdict_rows(judgement, clustering), *unnamed])
    for model in models:
        lab.save_rules(model["model_id"], clustering, judgement.rules.to_dict())
    if any(getattr(lab.info, name) != share for name, share in promised.items()):
        lab.update_info(**promised)
    report(Progress("calibrate", 1, 1, 0.0))
    return {
        "metrics": {
            part: {
                name: {"value": value, "low": low, "high": high, "photos": photos}
                for name, (value, low, high, photos) in figures.items()
            }
            for part, figures in metrics.items()
        },
        "heatmaps": heatmap_sentence(gain),
        "note": judgement.rules.note,
    }


def outcome(judgement: Judgement, part: str, model_id: str | None = None) -> Outcome:
    """What was said about the photos of a part, and of a model, beside the truth."""
    chosen = np.flatnonzero(_of(judgement, part, model_id))
    judged = [judgement.judged[place] for place in chosen]
    evidence = [judgement.evidence[place] for place in chosen]
    scores = judgement.scores
    distances = [one.nearest_distance for one in evidence]
    return Outcome(
        p_correct=judgement.p_correct[chosen],
        p_new=judgement.p_new[chosen],
        correct=np.array([one.correct for one in judged], bool),
        known=np.array([one.known for one in judged], bool),
        ranks=np.array([one.rank for one in judged], int),
        score=np.array([one.score for one in evidence], float),
        verdicts=np.array([judgement.verdicts[place].verdict for place in chosen], str),
        groups=np.array([one.group for one in judged], str),
        peers={
            "score": np.array([one.score for one in evidence], float),
            "margin": np.array([one.margin for one in evidence], float),
            "unscaled_score": scores.unscaled[chosen],
        },
        novelty={
            "energy": -scores.energy[chosen],
            "distance": np.array([np.nan if one is None else one for one in distances], float),
        },
        inside=judgement.inside[chosen],
        holds=judgement.holds[chosen],
    )


def _fit(
    chosen: list[Judged], scores: AllScores, features, error_limit: float, confidence: float
) -> Fitted:
    return fit(
        [one.evidence for one in chosen],
        np.array([one.correct for one in chosen]),
        np.array([one.known for one in chosen]),
        groups=[one.group for one in chosen],
        probabilities=scores.scores,
        truth=scores.truth,
        error_limit=error_limit,
        confidence=confidence,
        features=features,
    )


def judge(
    judged: list[Judged], scores: AllScores, error_limit: float, confidence: float = CONFIDENCE
) -> Judgement:
    """Fit rules on the validation photos and judge all: those by rules of others of them.

    Heatmap evidence counts where it lowers the squared error of P(correct) on the validation
    photos, each judged by rules of others of them.

    Parameters
    ----------
    judged : list of Judged
    scores : AllScores
        Of the same photos.
    error_limit : float
        Share of wrong ones among the photos called reliable that is promised.
    confidence : float
        Share of photos whose set of answers is to hold the right one.
    """
    validation = np.array([one.part == "validation" for one in judged], bool)
    chosen = [judged[place] for place in np.flatnonzero(validation)]
    correct = np.array([one.correct for one in chosen], bool)
    own = _rows(scores, validation)
    bare = tuple(name for name in CORRECT_FEATURES if name not in HEATMAP_FEATURES)
    plain, clustered, full = (
        _fit(chosen, own, features, error_limit, confidence)
        for features in (bare, (*bare, *CLUSTER_FEATURES), CORRECT_FEATURES)
    )
    errors = [brier_score(one.crossed.p_correct, correct) for one in (plain, full)]
    fitted = full if errors[1] < errors[0] else plain
    rules, crossed = fitted.rules, fitted.crossed
    evidence = [one.evidence for one in judged]
    for place, one in zip(np.flatnonzero(validation), crossed.evidence, strict=True):
        evidence[place] = one
    p_correct, p_new = _chances(evidence, fitted, validation)
    with_heatmaps, without, with_cluster = (
        _chances(evidence, one, validation)[0] for one in (full, plain, clustered)
    )
    inside = answers_in(scores.scores, p_new, rules.sets)
    chances = right_chances(own.scores, crossed.p_new, own.truth)
    for number in np.unique(crossed.fold):
        held = crossed.fold == number
        # The set of a validation photo rests on other photos, as its verdict does.
        fitting = set_of(chances[~held], rules.sets.confidence)
        places = np.flatnonzero(validation)[held]
        inside[places] = answers_in(own.scores[held], crossed.p_new[held], fitting)
    # Models know different numbers of individuals: the columns beyond them are no answers.
    inside[:, :-1] &= scores.scores > 0
    return Judgement(
        judged=tuple(judged),
        evidence=tuple(evidence),
        p_correct=p_correct,
        p_new=p_new,
        with_heatmaps=with_heatmaps,
        without=without,
        with_cluster=with_cluster,
        verdicts=tuple(
            decide(one, rules, (float(right), float(new)))
            for one, right, new in zip(evidence, p_correct, p_new, strict=True)
        ),
        scores=scores,
        inside=inside,
        # New whales have the last column.
        holds=inside[np.arange(len(inside)), scores.truth],
        rules=rules,
    )


def _chances(
    evidence: list[Evidence], fitted: Fitted, validation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """P(correct) and P(new) of all photos; of the validation photos by rules of others of them."""
    p_correct, p_new = probabilities(evidence, fitted.rules)
    p_correct[validation], p_new[validation] = fitted.crossed.p_correct, fitted.crossed.p_new
    return p_correct, p_new


def _figures(judgement: Judgement, part: str, model_id: str | None = None) -> Figures:
    figures = {
        **all_figures(outcome(judgement, part, model_id)),
        **_gain(judgement, part, model_id),
    }
    if part == "validation":
        # The thresholds were chosen on these photos: how their verdicts went says nothing.
        own = ("share_", "error_among_reliable")
        figures = {name: one for name, one in figures.items() if not name.startswith(own)}
    return figures


def _gain(judgement: Judgement, part: str | None = None, model_id: str | None = None) -> Figures:
    """What heatmaps add, on judged photos with a heatmap; nothing was fitted on any of them."""
    explained = _of(judgement, part, model_id) & np.array(
        [one.has_cluster or one.compactness is not None for one in judgement.evidence], bool
    )
    if not explained.any():
        return {}
    correct = np.array([one.correct for one in judgement.judged], bool)
    groups = np.array([one.group for one in judgement.judged], str)
    rest = judgement.without[explained], correct[explained], groups[explained]
    gain = evidence_gain("heatmap", judgement.with_heatmaps[explained], *rest)
    if any(judgement.evidence[place].has_cluster for place in np.flatnonzero(explained)):
        gain |= evidence_gain("cluster", judgement.with_cluster[explained], *rest)
    return gain


def _of(judgement: Judgement, part: str | None, model_id: str | None) -> np.ndarray:
    """Which photos belong to a part and a model; None: to any."""
    return np.array(
        [part in (None, one.part) and model_id in (None, one.model_id) for one in judgement.judged],
        bool,
    )


def _rows(scores: AllScores, chosen: np.ndarray) -> AllScores:
    return AllScores(
        scores.scores[chosen], scores.unscaled[chosen], scores.truth[chosen], scores.energy[chosen]
    )


def _evaluations(
    model_id: str, clustering_id: str | None, part: str, figures: Figures
) -> list[dict]:
    return [
        {
            "model_id": model_id,
            "clustering_id": clustering_id,
            "metric": name,
            "value": value,
            "low": low,
            "high": high,
            "photos": photos,
            "part": part,
        }
        for name, (value, low, high, photos) in figures.items()
    ]


def _verdict_rows(judgement: Judgement, clustering_id: str | None) -> list[dict]:
    return [
        verdict_row(one, one.evidence, verdict, clustering_id)
        | {
            "correct": one.correct,
            "known": one.known,
            "set_size": int(inside.sum()),
            "set_holds": bool(holds),
        }
        for one, verdict, inside, holds in zip(
            judgement.judged, judgement.verdicts, judgement.inside, judgement.holds, strict=True
        )
    ]
