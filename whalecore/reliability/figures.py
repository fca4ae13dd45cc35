"""All figures by which rules are judged, each with its interval and number of photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from whalecore.reliability.bootstrap import Resamples, bootstrap, resampled
from whalecore.reliability.calibration import brier_score, perfect_calibration_error
from whalecore.reliability.curves import area_under_generalized_risk, area_under_risk_coverage
from whalecore.reliability.metrics import (
    auroc,
    binomial_upper_bound,
    expected_calibration_error,
    map_at_5,
    top_k_accuracy,
    wilson_interval,
)

Figure = tuple[float, float | None, float | None, int]
"""Value, lower and upper end of the 95 % interval, number of photos."""

Figures = dict[str, Figure]

Measure = Callable[[np.ndarray, np.ndarray], float]
"""Of values and truth, shape (photos,) each."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was said about photos, and what is true; one row a photo.

    Attributes
    ----------
    p_correct, p_new : ndarray of shape (photos,), float
    correct, known : ndarray of shape (photos,), bool
    ranks : ndarray of shape (photos,), int
        Rank of the reference, 0 where it is not among the first five.
    score : ndarray of shape (photos,), float
        Of the first candidate.
    verdicts : ndarray of shape (photos,), str
    groups : ndarray of shape (photos,), str
    peers : mapping of str to ndarray of shape (photos,), float
        Other measures of certainty, the higher the surer.
    novelty : mapping of str to ndarray of shape (photos,), float
        Other measures of how new the animal is, the higher the newer; not a number where
        missing.
    inside : ndarray of shape (photos, answers), bool, or None
        Sets of answers, "new whale" last.
    holds : ndarray of shape (photos,), bool, or None
        Whether the set holds the right answer.
    """

    p_correct: np.ndarray
    p_new: np.ndarray
    correct: np.ndarray
    known: np.ndarray
    ranks: np.ndarray
    score: np.ndarray
    verdicts: np.ndarray
    groups: np.ndarray
    peers: Mapping[str, np.ndarray]
    novelty: Mapping[str, np.ndarray]
    inside: np.ndarray | None = None
    holds: np.ndarray | None = None


def all_figures(outcome: Outcome) -> Figures:
    """Return every figure that the photos allow; nothing without photos."""
    if len(outcome.correct) == 0:
        return {}
    drawn = resampled(outcome.groups)
    return _numbers(
        {
            **_identification(outcome),
            **_calibration(outcome, drawn),
            **_selection(outcome, drawn),
            **_new_whales(outcome, drawn),
            **_verdicts(outcome),
            **_sets(outcome, drawn),
        }
    )


def evidence_gain(
    name: str, given: np.ndarray, without: np.ndarray, correct: np.ndarray, groups: np.ndarray
) -> Figures:
    """Return what evidence adds to P(correct) on the same photos; above 0 is better.

    Parameters
    ----------
    name : str
        Of the evidence; the figures are called ``NAME_gain_brier`` and so on.
    given, without : ndarray of shape (photos,), float
        P(correct) of rules that were fitted on other photos, with and without that evidence.
    correct : ndarray of shape (photos,), bool
    groups : ndarray of shape (photos,), str
        Drawn whole, for the paired interval.
    """
    rest = correct, resampled(groups)
    return _numbers(
        {
            f"{name}_gain_brier": _fall(brier_score, without, given, *rest),
            f"{name}_gain_risk_coverage": _fall(area_under_risk_coverage, without, given, *rest),
            # Of the area under this curve, more is better: the rise counts.
            f"{name}_gain_auroc": _fall(auroc, given, without, *rest),
        }
    )


def heatmap_sentence(gain: Figures) -> str:
    """Say in one sentence whether heatmaps add something."""
    if not gain:
        return (
            "No judged photo has a heatmap yet, so that nothing is known of what heatmaps add to "
            "the score: run the command explain."
        )
    value, low, high, photos = gain["heatmap_gain_brier"]
    figures = (
        f"the squared error of the probabilities changes by {-value:+.4f} ({-high:+.4f} to "
        f"{-low:+.4f}, 95 %) on {photos} photos"
    )
    if low > 0:
        return f"Heatmaps add something to the score here: {figures}."
    if high < 0:
        return f"Heatmaps make the probabilities worse here: {figures}."
    return f"Heatmaps add nothing to the score that can be shown here: {figures}."


def _numbers(figures: Figures) -> Figures:
    """Leave out what is not a number: where all photos are right, nothing tells them apart."""
    return {
        name: (
            value,
            None if low is None or np.isnan(low) else low,
            None if high is None or np.isnan(high) else high,
            photos,
        )
        for name, (value, low, high, photos) in figures.items()
        if not np.isnan(value)
    }


def _with_interval(figure: Callable[[np.ndarray], float], drawn: Resamples) -> Figure:
    found = bootstrap(figure, drawn)
    return found.value, found.low, found.high, found.photos


def _measured(figure: Measure, values: np.ndarray, truth: np.ndarray, drawn: Resamples) -> Figure:
    return _with_interval(lambda rows: figure(values[rows], truth[rows]), drawn)


def _fall(
    figure: Measure, before: np.ndarray, after: np.ndarray, truth: np.ndarray, drawn: Resamples
) -> Figure:
    """By how much a figure falls from the first values to the second, on the same photos."""
    return _with_interval(
        lambda rows: figure(before[rows], truth[rows]) - figure(after[rows], truth[rows]), drawn
    )


def _share(right: int, photos: int) -> Figure:
    return right / photos, *wilson_interval(right, photos), photos


def _identification(outcome: Outcome) -> Figures:
    known = outcome.known
    if not known.any():
        return {}
    ranks, score = outcome.ranks[known], outcome.score[known]
    figures: Figures = {"map_at_5": (map_at_5(ranks), None, None, len(ranks))}
    for k in (1, 5):
        right = int(((ranks >= 1) & (ranks <= k)).sum())
        _, *rest = _share(right, len(ranks))
        figures[f"top_{k}"] = (top_k_accuracy(ranks, k), *rest)
    error = expected_calibration_error(score, ranks == 1)
    figures["expected_calibration_error"] = (error, None, None, len(ranks))
    return figures


def _calibration(outcome: Outcome, drawn: Resamples) -> Figures:
    correct = outcome.correct
    perfect = perfect_calibration_error(outcome.p_correct)
    figures = {
        f"{name}{suffix}": _measured(figure, probabilities, correct, drawn)
        for name, figure in (
            ("calibration_error", expected_calibration_error),
            ("brier", brier_score),
        )
        for suffix, probabilities in (("", outcome.p_correct), ("_score", outcome.score))
    }
    figures |= {
        f"{name}_gain_score": _fall(figure, outcome.score, outcome.p_correct, correct, drawn)
        for name, figure in (
            ("calibration_error", expected_calibration_error),
            ("brier", brier_score),
        )
    }
    figures["calibration_error_perfect"] = (perfect.mean, perfect.low, perfect.high, len(correct))
    return figures


def _selection(outcome: Outcome, drawn: Resamples) -> Figures:
    correct, own = outcome.correct, outcome.p_correct
    figures: Figures = {}
    for name, area in (
        ("risk_coverage", area_under_risk_coverage),
        ("generalized_risk", area_under_generalized_risk),
    ):
        figures[name] = _measured(area, own, correct, drawn)
        for peer, other in outcome.peers.items():
            figures[f"{name}_{peer}"] = _measured(area, other, correct, drawn)
            figures[f"{name}_gain_{peer}"] = _fall(area, other, own, correct, drawn)
    if correct.any() and not correct.all():
        figures["auroc_errors"] = _measured(auroc, own, correct, drawn)
    return figures


def _new_whales(outcome: Outcome, drawn: Resamples) -> Figures:
    new = ~outcome.known
    if new.all() or not new.any():
        return {}
    figures = {"auroc_new": _measured(auroc, outcome.p_new, new, drawn)}
    for name, measure in {"score": -outcome.score, **outcome.novelty}.items():
        if np.isfinite(measure).all():
            figures[f"auroc_new_by_{name}"] = _measured(auroc, measure, new, drawn)
            figures[f"auroc_new_gain_{name}"] = _fall(auroc, outcome.p_new, measure, new, drawn)
    return figures


def _verdicts(outcome: Outcome) -> Figures:
    photos = len(outcome.verdicts)
    counts = Counter(outcome.verdicts.tolist())
    figures = {
        f"share_{name}": _share(counts[name], photos)
        for name in ("reliable", "check", "new_whale", "retake")
    }
    reliable = outcome.verdicts == "reliable"
    if reliable.any():
        wrong, trusted = int((~outcome.correct[reliable]).sum()), int(reliable.sum())
        figures["error_among_reliable"] = _share(wrong, trusted)
        # One-sided: the error is not higher than this with a chance of 95 %.
        bound = binomial_upper_bound(wrong, trusted, 0.05)
        figures["error_among_reliable_bound"] = (bound, None, None, trusted)
    return figures


def _sets(outcome: Outcome, drawn: Resamples) -> Figures:
    if outcome.inside is None or outcome.holds is None:
        return {}
    sizes, holds = outcome.inside.sum(axis=1), outcome.holds
    figures = {
        "set_size": _with_interval(lambda rows: float(sizes[rows].mean()), drawn),
        "set_coverage": _share(int(holds.sum()), len(holds)),
        "set_with_new_whale": _share(int(outcome.inside[:, -1].sum()), len(holds)),
    }
    for name, chosen in (("known", outcome.known), ("new", ~outcome.known)):
        if chosen.any():
            figures[f"set_coverage_{name}"] = _share(int(holds[chosen].sum()), int(chosen.sum()))
    return figures
