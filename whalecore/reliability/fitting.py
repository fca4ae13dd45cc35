"""Fitting the verdict rules on validation photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from whalecore.errors import SettingsError
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.gate import failed_measures, photo_limits, usual_limits
from whalecore.reliability.promise import reliable_promise
from whalecore.reliability.rules import (
    CORRECT_FEATURES,
    NEW_FEATURES,
    WORSE_WHEN_HIGH,
    Logistic,
    Rules,
    feature_rows,
)
from whalecore.reliability.sets import CONFIDENCE, ConformalSet, answer_probabilities, fit_set
from whalecore.reliability.shares import (
    cluster_counts,
    deal_folds,
    nested_shares,
    with_shares,
)

RIDGE = 4.0
"""Penalty on squared weights of standardised evidence: as if each were drawn with deviation 0.5."""

FEWEST = 10
"""Photos of each of two kinds without which nothing is fitted to tell them apart."""

FOLDS = 5
"""Thresholds are chosen with probabilities from rules that were fitted on other photos."""

PROBABLE = 0.5
"""Nobody calls probable what is less likely than not."""


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """Probabilities of photos from rules that were fitted on other groups of photos.

    Attributes
    ----------
    p_correct, p_new : ndarray of shape (photos,), float64
    fold : ndarray of shape (photos,), int
        Photos of the same fold were judged by the same rules.
    evidence : tuple of Evidence
        With the cluster shares that each photo was judged with.
    """

    p_correct: np.ndarray
    p_new: np.ndarray
    fold: np.ndarray
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, eq=False)
class Fitted:
    """Rules, and what they would have said about the photos they were fitted on."""

    rules: Rules
    crossed: CrossFitted


def fit_rules(
    evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray, **choices
) -> Rules:
    """Return the `Rules` alone of what `fit` finds, by the same choices."""
    return fit(evidence, correct, known, **choices).rules


def fit(
    evidence: Sequence[Evidence],
    correct: np.ndarray,
    known: np.ndarray,
    groups: Sequence[str] | None = None,
    probabilities: np.ndarray | None = None,
    truth: np.ndarray | None = None,
    error_limit: float = 0.05,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    features: Sequence[str] = CORRECT_FEATURES,
) -> Fitted:
    """Fit probabilities and choose thresholds on validation photos.

    - P(correct), new individuals included, starts from the score, which is calibrated for known
      individuals: evidence moves its log-odds, by weights under a ridge penalty, so that little
      data leaves the score as it is. P(new) is a ridge logistic regression. No weight may have
      the wrong sign: a nearer photo of a known whale never makes the answer less probable. Evidence
      that is missing counts as average, plus a weight for being missing.
    - Shares of clusters are counted on other groups of photos, within every fit.
    - ``new_threshold`` gives the largest mean of the shares of new and of known photos that are
      told rightly, but is at least one half.
    - ``reliable_threshold`` is that of `reliable_promise`, for photos that are neither turned
      away nor new.
    - Limits of what a photo must show are those of `photo_limits` and `usual_limits`.
    - Thresholds and sets rest on probabilities from rules that were fitted on other groups.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of photos that the identifier was not fitted on; the temperature, one number, may have
        been. Where a photo's cluster has a number, its share is counted anew.
    correct : ndarray of shape (photos,), bool
        True where the first candidate is the reference.
    known : ndarray of shape (photos,), bool
        True where the identifier knows the individual.
    groups : sequence of str, optional
        Photos of one group, such as an individual, are never divided between fitting and
        judging. Every photo by itself where not given.
    probabilities : ndarray of shape (photos, individuals), float, optional
        Scores of all known individuals; with them and ``truth``, sets of answers are made.
    truth : ndarray of shape (photos,), int, optional
        Column of the right individual; -1 for new ones.
    error_limit, confidence : float
        Of the photos called reliable, and of the sets.
    seed : int
        Of the division into folds.
    features : sequence of str
        Evidence that P(correct) rests on.

    Returns
    -------
    Fitted

    Raises
    ------
    SettingsError
        If there are no photos, the lengths differ or a photo of a new individual is correct.
    """
    correct, known = np.asarray(correct, dtype=bool), np.asarray(known, dtype=bool)
    groups = [str(place) for place in range(len(known))] if groups is None else list(groups)
    _check(evidence, correct, known, groups)
    fold = deal_folds(known.astype(int) + correct, groups, FOLDS, seed)
    crossed = cross_fit(evidence, correct, known, fold, features)
    shared = nested_shares(evidence, correct, fold)
    limits = photo_limits(shared, correct, known)
    new_threshold = _new_threshold(crossed.p_new, known)
    asked = ~np.array([bool(failed_measures(one, limits)) for one in evidence])
    if new_threshold is not None:
        asked &= crossed.p_new < new_threshold
    promise = reliable_promise(crossed.p_correct[asked], correct[asked], error_limit)
    sets = None
    if probabilities is not None and truth is not None:
        answers = answer_probabilities(probabilities, crossed.p_new)
        truth = np.where(np.asarray(truth) < 0, answers.shape[1] - 1, truth)
        sets = fit_set(answers, truth, confidence)
    right, new, overall = _fit_models(shared, correct, known, features)
    rules = Rules(
        correct=right,
        new=new,
        overall_share=overall,
        clusters=cluster_counts(evidence, correct),
        new_threshold=new_threshold,
        reliable_threshold=None if promise is None else promise.threshold,
        error_limit=error_limit,
        quality_limits=limits,
        usual_limits=usual_limits(evidence, correct),
        photos=len(known),
        known=int(known.sum()),
        reliable=0 if promise is None else promise.reliable,
        reliable_wrong=0 if promise is None else promise.wrong,
        note="; ".join(_notes(known, new_threshold, promise is not None, error_limit, sets)),
        sets=sets,
    )
    return Fitted(rules, crossed)


def probabilities(evidence: Sequence[Evidence], rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Return P(the first candidate is right) and P(the individual is new).

    Returns
    -------
    p_correct, p_new : ndarray of shape (photos,), float64
        They never sum to more than 1: where they would, P(new) gives way.
    """
    return _probabilities(evidence, rules.correct, rules.new, rules.overall_share)


def _check(
    evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray, groups: Sequence[str]
) -> None:
    if not len(evidence) == len(correct) == len(known) == len(groups) > 0:
        raise SettingsError(
            f"Verdict rules need one answer per photo, but there are {len(evidence)} photos, "
            f"{len(correct)} and {len(known)} answers and {len(groups)} groups: score some "
            "validation photos first."
        )
    if (correct & ~known).any():
        raise SettingsError(
            f"{(correct & ~known).sum()} photos of individuals that the identifier does not know "
            "are marked as correct: check the catalogue."
        )


def _probabilities(
    evidence: Sequence[Evidence], correct: Logistic, new: Logistic, overall: float
) -> tuple[np.ndarray, np.ndarray]:
    right = correct.probability(feature_rows(evidence, correct.features, overall))
    p_new = new.probability(feature_rows(evidence, new.features, overall))
    return right, np.minimum(p_new, 1 - right)


def _fit_models(
    evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray, features: Sequence[str]
) -> tuple[Logistic, Logistic, float]:
    """Return the two models and the share that clusters' shares are drawn towards."""
    clustered = np.array([one.has_cluster for one in evidence])
    judged = clustered if clustered.any() else known
    overall = float(correct[judged].mean()) if judged.any() else 0.5

    correct_rows = feature_rows(evidence, features, overall)
    new_rows = feature_rows(evidence, NEW_FEATURES, overall)
    return (
        _fit_from_score(tuple(features), correct_rows, correct),
        _fit_logistic(NEW_FEATURES, new_rows, ~known),
        overall,
    )


def _fit_logistic(features: tuple[str, ...], rows: np.ndarray, target: np.ndarray) -> Logistic:
    """Fit a ridge logistic regression; the share alone where one kind has too few photos."""
    if min(target.sum(), (~target).sum()) < FEWEST:
        share = (target.sum() + 1) / (len(target) + 2)
        nothing = tuple(0.0 for _ in features)
        unit = tuple(1.0 for _ in features)
        return Logistic(features, nothing, unit, nothing, float(np.log(share / (1 - share))))
    signs = np.array([1.0 if name in WORSE_WHEN_HIGH else -1.0 for name in features])
    return _ridge(features, rows, target, np.zeros(len(target)), signs)


def _fit_from_score(features: tuple[str, ...], rows: np.ndarray, target: np.ndarray) -> Logistic:
    """Fit what evidence adds to the log-odds of the score; nothing where photos are too few."""
    score = rows[:, features.index("score")]
    if min(target.sum(), (~target).sum()) < FEWEST:
        return Logistic(("score",), (0.0,), (1.0,), (1.0,), 0.0)
    signs = np.array([-1.0 if name in WORSE_WHEN_HIGH else 1.0 for name in features])
    # The score itself may be trusted less than it says.
    signs[features.index("score")] = 0.0
    moved = _ridge(features, rows, target, score, signs)
    at = moved.features.index("score")
    weights = list(moved.weights)
    # The score itself, as a part of the weighted sum.
    weights[at] += moved.scale[at]
    return replace(moved, weights=tuple(weights), intercept=moved.intercept + moved.mean[at])


def _ridge(
    features: tuple[str, ...],
    rows: np.ndarray,
    target: np.ndarray,
    start: np.ndarray,
    signs: np.ndarray,
) -> Logistic:
    """Fit log-odds of ``start`` plus a weighted sum of standardised features.

    Half of `RIDGE` times the sum of the squared weights is added to the negative log-likelihood;
    the intercept is free. ``signs``: 1 or -1 where a weight may not have the other one, 0 where it
    may. Evidence that no photo has is left out.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    there = ~np.isnan(rows).all(axis=0)
    features, rows = tuple(np.array(features)[there].tolist()), rows[:, there]
    signs = signs[there]
    absent = np.isnan(rows)
    mean, scale = np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    columns = np.hstack(
        [np.ones((len(rows), 1)), np.where(absent, 0.0, (rows - mean) / scale), absent]
    )
    penalty = np.r_[0.0, np.full(2 * len(features), RIDGE)]
    bounds = [
        (None, None),
        *((0.0 if sign > 0 else None, 0.0 if sign < 0 else None) for sign in signs),
        *[(None, None)] * len(features),
    ]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = start + columns @ weights
        likelihood = (np.logaddexp(0, odds) - target * odds).sum()
        slope = columns.T @ (expit(odds) - target) + penalty * weights
        return likelihood + (penalty * weights**2).sum() / 2, slope

    found = minimize(loss, np.zeros(columns.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights, missing = np.split(found[1:], 2)
    return Logistic(
        features,
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple(weights.tolist()),
        float(found[0]),
        tuple(missing.tolist()),
    )


def cross_fit(
    evidence: Sequence[Evidence],
    correct: np.ndarray,
    known: np.ndarray,
    fold: np.ndarray,
    features: Sequence[str],
) -> CrossFitted:
    """Judge each fold by models, and by cluster shares, of the other folds alone.

    Where there is one fold only, nothing is known from others: the score stays as it is.
    """
    p_correct, p_new = np.empty(len(known)), np.empty(len(known))
    judged_with = list(evidence)
    for number in np.unique(fold):
        held = fold == number
        rest = ~held
        fitting = [evidence[place] for place in np.flatnonzero(rest)]
        shared = nested_shares(fitting, correct[rest], fold[rest])
        right, new, overall = _fit_models(shared, correct[rest], known[rest], features)
        judged = with_shares(
            [evidence[place] for place in np.flatnonzero(held)],
            cluster_counts(fitting, correct[rest]),
        )
        p_correct[held], p_new[held] = _probabilities(judged, right, new, overall)
        for place, one in zip(np.flatnonzero(held), judged, strict=True):
            judged_with[place] = one
    return CrossFitted(p_correct, p_new, fold, tuple(judged_with))


def _new_threshold(p_new: np.ndarray, known: np.ndarray) -> float | None:
    if min(known.sum(), (~known).sum()) < FEWEST:
        return None
    steps = np.unique(p_new)
    thresholds = (steps[1:] + steps[:-1]) / 2
    if len(thresholds) == 0:
        return None
    caught = np.array([(p_new[~known] >= limit).mean() for limit in thresholds])
    spared = np.array([(p_new[known] < limit).mean() for limit in thresholds])
    return max(PROBABLE, float(thresholds[(caught + spared).argmax()]))


def _notes(
    known: np.ndarray,
    new_threshold: float | None,
    promised: bool,
    error_limit: float,
    sets: ConformalSet | None,
) -> list[str]:
    notes = []
    if new_threshold is None:
        notes.append(
            f"new whales cannot be told yet, because of {len(known)} validation photos "
            f"{(~known).sum()} are of individuals that the identifier does not know"
        )
    if not promised:
        notes.append(
            f"no photo is called reliable, because {len(known)} validation photos do not allow "
            f"the promise of at most {error_limit:.0%} wrong identifications"
        )
    if sets is not None and sets.note:
        notes.append(sets.note)
    return notes


__all__ = [
    "CrossFitted",
    "Fitted",
    "failed_measures",
    "fit",
    "fit_rules",
    "probabilities",
]
