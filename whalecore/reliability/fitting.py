"""Fitting the verdict rules on validation photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from whalecore.errors import SettingsError
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.metrics import binomial_upper_bound, wilson_interval
from whalecore.reliability.rules import (
    CLUSTER_FEATURES,
    MEASURES,
    NEW_FEATURES,
    SCORE_FEATURES,
    Logistic,
    Rules,
    feature_rows,
)

RIDGE = 1.0
"""Penalty on squared weights of standardised features."""

FEWEST = 10
"""Photos of each of two kinds without which nothing is fitted to tell them apart."""

FOLDS = 5
"""Thresholds are chosen with probabilities from rules that were fitted on other photos."""

CANDIDATES = 10
"""Shares of photos that are tried as reliable: a tenth of the photos, two tenths, and so on."""

ALPHA = 0.05
"""Chance that the promised error limit is broken all the same."""

FEWEST_BELOW = 20
"""Photos under a quality limit without which nothing is known about it."""

CUTS = tuple(percent / 100 for percent in range(1, 21))
"""Shares of validation photos that a quality limit may turn away."""

PROBABLE = 0.5
"""Nobody calls probable what is less likely than not."""

FLOORS = {
    "sharpness": 0.02,
    "exposure": 0.10,
    "contrast": 0.02,
    "fluke_share": 0.005,
    "resolution": 0.05,
}
"""Quality limits where too few photos lie under them to learn a limit."""


def fit_rules(
    evidence: Sequence[Evidence],
    correct: np.ndarray,
    known: np.ndarray,
    error_limit: float = 0.10,
    seed: int = 0,
) -> Rules:
    """Fit probabilities and choose thresholds on validation photos.

    - P(correct | known) and P(new) are ridge logistic regressions.
    - ``new_threshold`` gives the largest mean of the shares of new and of known photos that are
      told rightly, but is at least one half.
    - ``reliable_threshold`` accepts the largest of ten shares of the photos that are neither
      gated nor new for which the exact binomial upper bound of the error lies at or under
      ``error_limit``; the bound's alpha of .05 is divided by the ten tries.
    - A quality limit turns away 1 to 20 % of the photos of known individuals. Photos under it
      must be clearly less often right: at least 20 of them, and even the upper end of their
      share (three standard deviations, Wilson) is under half the share of the others. Of such
      limits the one with the largest likelihood of two shares, one on either side, is taken.
      Where there is none, a low floor holds, unless 20 photos lie under it and show no such
      thing.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of photos that neither the identifier nor the temperature was fitted on; their clusters'
        shares must not count the photos themselves, see `leave_one_out_share`.
    correct : ndarray of shape (photos,), bool
        True where the first candidate is the reference.
    known : ndarray of shape (photos,), bool
        True where the identifier knows the individual.
    error_limit : float
    seed : int
        Of the division into folds.

    Returns
    -------
    Rules

    Raises
    ------
    SettingsError
        If there are no photos, the lengths differ or a photo of a new individual is correct.
    """
    correct, known = np.asarray(correct, dtype=bool), np.asarray(known, dtype=bool)
    if not len(evidence) == len(correct) == len(known) > 0:
        raise SettingsError(
            f"Verdict rules need one answer per photo, but there are {len(evidence)} photos, "
            f"{len(correct)} and {len(known)} answers: score some validation photos first."
        )
    if (correct & ~known).any():
        raise SettingsError(
            f"{(correct & ~known).sum()} photos of individuals that the identifier does not know "
            "are marked as correct: check the catalogue."
        )
    rules = _fit_models(evidence, correct, known, error_limit)
    p_correct, p_new = _cross_fitted(evidence, correct, known, error_limit, seed)
    limits = {name: _quality_limit(name, evidence, correct, known) for name in MEASURES}
    new_threshold = _new_threshold(p_new, known)
    asked = ~np.array([bool(failed_measures(one, limits)) for one in evidence])
    if new_threshold is not None:
        asked &= p_new < new_threshold
    chosen = _reliable_threshold(p_correct[asked], correct[asked], error_limit)
    rules = replace(rules, new_threshold=new_threshold, quality_limits=limits)
    notes = []
    if new_threshold is None:
        notes.append(
            f"new whales cannot be told yet, because of {len(known)} validation photos "
            f"{(~known).sum()} are of individuals that the identifier does not know"
        )
    if chosen is None:
        notes.append(
            f"no photo is called reliable, because {len(known)} validation photos do not allow "
            f"the promise of at most {error_limit:.0%} wrong identifications"
        )
    else:
        threshold, reliable, wrong = chosen
        rules = replace(
            rules, reliable_threshold=threshold, reliable=reliable, reliable_wrong=wrong
        )
    return replace(rules, note="; ".join(notes))


def probabilities(evidence: Sequence[Evidence], rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Return P(the first candidate is right) and P(the individual is new).

    Returns
    -------
    p_correct, p_new : ndarray of shape (photos,), float64
        The first is P(correct | known) * (1 - P(new)), so the two never sum to more than 1.
    """
    p_new = rules.new.probability(feature_rows(evidence, NEW_FEATURES, rules.overall_share))
    right = np.empty(len(evidence))
    for place, one in enumerate(evidence):
        model = rules.model_for(one)
        row = feature_rows([one], model.features, rules.overall_share)
        right[place] = model.probability(row)[0]
    return right * (1 - p_new), p_new


def failed_measures(evidence: Evidence, limits: dict[str, float]) -> list[str]:
    """Return the quality measures that lie under their limit; none where nothing was measured."""
    if evidence.quality is None:
        return []
    return [name for name in MEASURES if getattr(evidence.quality, name) < limits[name]]


def _fit_models(
    evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray, error_limit: float
) -> Rules:
    clustered = known & np.array([one.has_cluster for one in evidence])
    judged = clustered if clustered.any() else known
    overall = float(correct[judged].mean()) if judged.any() else 0.5

    def fitted(features: tuple[str, ...], rows: np.ndarray, target: np.ndarray) -> Logistic:
        chosen = [evidence[place] for place in np.flatnonzero(rows)]
        return _fit_logistic(features, feature_rows(chosen, features, overall), target[rows])

    enough = min(correct[clustered].sum(), (~correct[clustered]).sum()) >= FEWEST
    return Rules(
        correct=fitted(SCORE_FEATURES, known, correct),
        correct_with_cluster=fitted(CLUSTER_FEATURES, clustered, correct) if enough else None,
        new=fitted(NEW_FEATURES, np.ones(len(known), dtype=bool), ~known),
        overall_share=overall,
        new_threshold=None,
        reliable_threshold=None,
        error_limit=error_limit,
        quality_limits={},
        photos=len(known),
        known=int(known.sum()),
        reliable=0,
        reliable_wrong=0,
        note="",
    )


def _fit_logistic(features: tuple[str, ...], rows: np.ndarray, target: np.ndarray) -> Logistic:
    """Fit a ridge logistic regression; the share alone where one kind has too few photos."""
    from sklearn.linear_model import LogisticRegression

    if min(target.sum(), (~target).sum()) < FEWEST:
        share = (target.sum() + 1) / (len(target) + 2)
        flat = tuple(0.0 for _ in features)
        unit = tuple(1.0 for _ in features)
        return Logistic(features, flat, unit, flat, float(np.log(share / (1 - share))))
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=1 / RIDGE, max_iter=1000).fit((rows - mean) / scale, target)
    return Logistic(
        features,
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple(model.coef_[0].tolist()),
        float(model.intercept_[0]),
    )


def _cross_fitted(
    evidence: Sequence[Evidence],
    correct: np.ndarray,
    known: np.ndarray,
    error_limit: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return each photo's probabilities from models that were fitted on the other folds."""
    order = np.random.default_rng(seed).permutation(len(known))
    # Dealing each kind out in turn gives every fold its share of it.
    order = order[np.argsort(2 * known[order] + correct[order], kind="stable")]
    fold = np.empty(len(known), dtype=int)
    fold[order] = np.arange(len(known)) % FOLDS
    p_correct, p_new = np.empty(len(known)), np.empty(len(known))
    for number in np.unique(fold):
        held = fold == number
        rest = ~held if not held.all() else held
        models = _fit_models(
            [evidence[place] for place in np.flatnonzero(rest)],
            correct[rest],
            known[rest],
            error_limit,
        )
        judged = [evidence[place] for place in np.flatnonzero(held)]
        p_correct[held], p_new[held] = probabilities(judged, models)
    return p_correct, p_new


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


def _reliable_threshold(
    p_correct: np.ndarray, correct: np.ndarray, error_limit: float
) -> tuple[float, int, int] | None:
    """Return threshold, accepted and wrongly accepted photos of the largest share that holds."""
    falling = np.sort(p_correct)[::-1]
    for tenth in range(CANDIDATES, 0, -1):
        count = len(falling) * tenth // CANDIDATES
        if count == 0:
            return None
        accepted = p_correct >= falling[count - 1]
        wrong = int((~correct[accepted]).sum())
        trials = int(accepted.sum())
        if binomial_upper_bound(wrong, trials, ALPHA / CANDIDATES) <= error_limit:
            return float(falling[count - 1]), trials, wrong
    return None


def _quality_limit(
    name: str, evidence: Sequence[Evidence], correct: np.ndarray, known: np.ndarray
) -> float:
    judged = known & np.array([one.quality is not None for one in evidence])
    values = np.array([getattr(evidence[place].quality, name) for place in np.flatnonzero(judged)])
    right = correct[judged]
    if len(values) == 0:
        return FLOORS[name]
    clear = {}
    for cut in np.quantile(values, CUTS):
        below = values < cut
        if below.sum() < FEWEST_BELOW:
            continue
        _, high = wilson_interval(int(right[below].sum()), int(below.sum()), z=3)
        if high < right[~below].mean() / 2:
            clear[float(cut)] = _likelihood(right[below]) + _likelihood(right[~below])
    if clear:
        return max(clear, key=clear.__getitem__)
    return 0.0 if (values < FLOORS[name]).sum() >= FEWEST_BELOW else FLOORS[name]


def _likelihood(right: np.ndarray) -> float:
    """Return the log-likelihood of answers under their own share."""
    from scipy.special import xlogy

    hits, count = right.sum(), len(right)
    return float(xlogy(hits, hits / count) + xlogy(count - hits, 1 - hits / count))
