"""Fitting the verdict rules on validation photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.gate import failed_measures, photo_limits, usual_limits
from whalecore.reliability.promise import reliable_promise
from whalecore.reliability.rules import (
    COMPARED,
    CORRECT_FEATURES,
    NEW_FEATURES,
    Logistic,
    Rules,
    feature_rows,
)
from whalecore.reliability.sets import CONFIDENCE, ConformalSet, right_chances, set_of
from whalecore.reliability.shares import (
    cluster_counts,
    deal_folds,
    nested_shares,
    with_shares,
)
from whalecore.reliability.shown_numbers import plain_percent
from whalecore.reliability.usual import feature_limits, usual_values
from whalecore.reliability.weights import FEWEST, fit_alone, fit_correct, fit_new

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


@dataclass(frozen=True)
class _Models:
    """What probabilities follow from; the names are those of `Rules`.

    ``overall_share``: what the shares of clusters are drawn towards.
    """

    correct: Logistic
    alone: Logistic | None
    new: Logistic
    overall_share: float


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

    - P(correct), new individuals included, is that of `fit_correct`, of photos without others of
      their encounter that of `fit_alone`; P(new) is that of `fit_new`.
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
        sets = set_of(right_chances(probabilities, crossed.p_new, truth), confidence)
    models = _fit_models(shared, correct, known, features)
    rules = Rules(
        **vars(models),
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
        usual=usual_values(evidence, COMPARED),
        feature_limits=feature_limits(evidence, correct),
    )
    return Fitted(rules, crossed)


def probabilities(evidence: Sequence[Evidence], rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Return P(the first candidate is right) and P(the individual is new).

    Returns
    -------
    p_correct, p_new : ndarray of shape (photos,), float64
        They never sum to more than 1: where they would, P(new) gives way.
    """
    models = _Models(rules.correct, rules.alone, rules.new, rules.overall_share)
    return _probabilities(evidence, models)


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


def _probabilities(evidence: Sequence[Evidence], models: _Models) -> tuple[np.ndarray, np.ndarray]:
    right = _probability(evidence, models.correct, models.overall_share)
    if models.alone is not None:
        alone = np.array([one.encounter_support is None for one in evidence], bool)
        right = np.where(alone, _probability(evidence, models.alone, models.overall_share), right)
    p_new = _probability(evidence, models.new, models.overall_share)
    return right, np.minimum(p_new, 1 - right)


def _probability(evidence: Sequence[Evidence], model: Logistic, overall: float) -> np.ndarray:
    return model.probability(feature_rows(evidence, model.features, overall))


def _fit_models(
    evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray, features: Sequence[str]
) -> _Models:
    clustered = np.array([one.has_cluster for one in evidence])
    judged = clustered if clustered.any() else known
    overall = float(correct[judged].mean()) if judged.any() else 0.5

    features = tuple(features)
    correct_rows = feature_rows(evidence, features, overall)
    new_rows = feature_rows(evidence, NEW_FEATURES, overall)
    return _Models(
        correct=fit_correct(features, correct_rows, correct),
        alone=fit_alone(features, correct_rows, correct),
        new=fit_new(NEW_FEATURES, new_rows, ~known),
        overall_share=overall,
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
        models = _fit_models(shared, correct[rest], known[rest], features)
        judged = with_shares(
            [evidence[place] for place in np.flatnonzero(held)],
            cluster_counts(fitting, correct[rest]),
        )
        p_correct[held], p_new[held] = _probabilities(judged, models)
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
            f"the promise of at most {plain_percent(error_limit)} wrong identifications"
        )
    if sets is not None and sets.note:
        notes.append(sets.note)
    return notes


__all__ = [
    "CrossFitted",
    "Fitted",
    "failed_measures",
    "fit",
    "probabilities",
]
