"""Weights of evidence: how far it moves the log-odds of a right answer, or of a new whale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from whalecore.reliability.rules import WORSE_WHEN_HIGH, Logistic

RIDGE = 4.0
"""Penalty on squared weights of standardised evidence: as if each were drawn with deviation 0.5."""

ALONE = ("log_margin",)
"""Evidence of new whales that is tried by itself, not beside others."""

OF_OTHERS = "encounter_support"
"""Evidence from other photos, which a photo that comes alone does not have."""

FEWEST = 10
"""Photos of each of two kinds without which nothing is fitted to tell them apart."""


def fit_correct(features: tuple[str, ...], rows: np.ndarray, correct: np.ndarray) -> Logistic:
    """Fit what evidence adds to the log-odds of the score.

    The score is calibrated for known individuals: weights are under a ridge penalty, so that
    little data leaves it as it is. No weight may have the wrong sign: a nearer photo of a known
    whale never makes the answer less probable. Evidence that is missing counts as average, plus a
    weight for being missing.

    Parameters
    ----------
    features : tuple of str
        ``score`` among them.
    rows : ndarray of shape (photos, features), float64
        See `whalecore.reliability.rules.feature_rows`.
    correct : ndarray of shape (photos,), bool
        With fewer than ten right or wrong ones the score stays as it is.
    """
    score = rows[:, features.index("score")]
    if min(correct.sum(), (~correct).sum()) < FEWEST:
        return Logistic(("score",), (0.0,), (1.0,), (1.0,), 0.0)
    signs = -_towards_new(features)
    # The score itself may be trusted less than it says.
    signs[features.index("score")] = 0.0
    moved = _ridge(features, rows, correct, score, signs)
    at = moved.features.index("score")
    weights = list(moved.weights)
    # The score itself, as a part of the weighted sum.
    weights[at] += moved.scale[at]
    return replace(moved, weights=tuple(weights), intercept=moved.intercept + moved.mean[at])


def fit_alone(features: tuple[str, ...], rows: np.ndarray, correct: np.ndarray) -> Logistic | None:
    """As `fit_correct` of all photos, each as if it had come without the others of its encounter.

    What a photo lacks without them would otherwise be learnt from the photos that a lab holds
    alone, which may be few and of another kind.

    Returns
    -------
    Logistic or None
        None where no photo has others: what is fitted then is the same already.
    """
    own = tuple(name for name in features if name != OF_OTHERS)
    if len(own) == len(features) or np.isnan(_columns(features, rows, (OF_OTHERS,))).all():
        return None
    return fit_correct(own, _columns(features, rows, own), correct)


def fit_new(features: tuple[str, ...], rows: np.ndarray, new: np.ndarray) -> Logistic:
    """Fit the probability of a new whale; distance and score weigh alike, once standardised, or the
    score alone counts, or the lead alone.

    New whales are rare: from few of them single weights are learned worse than equal ones are
    (Dawes 1979, "The robust beauty of improper linear models"). Learned are the common weight,
    which is never below 0, how frequent new whales are, and which of the three makes the photos
    likelier; all have two free numbers, so that this compares like with like. Missing evidence
    counts as average.

    Parameters
    ----------
    features : tuple of str
        ``score`` among them.
    rows : ndarray of shape (photos, features), float64
    new : ndarray of shape (photos,), bool
        With fewer than ten of either kind their share alone is the probability.
    """
    if min(new.sum(), (~new).sum()) < FEWEST:
        share = (new.sum() + 1) / (len(new) + 2)
        nothing = tuple(0.0 for _ in features)
        unit = tuple(1.0 for _ in features)
        return Logistic(features, nothing, unit, nothing, float(np.log(share / (1 - share))))
    features, rows = _measured(features, rows)
    together = tuple(name for name in features if name not in ALONE)
    choices = [together, *((name,) for name in features if name in ("score", *ALONE))]
    return max(
        (_fit_alike(one, _columns(features, rows, one), new) for one in choices if one),
        key=lambda model: _likelihood(model, features, rows, new),
    )


def _columns(features: tuple[str, ...], rows: np.ndarray, chosen: tuple[str, ...]) -> np.ndarray:
    return rows[:, [features.index(name) for name in chosen]]


def _likelihood(
    model: Logistic, features: tuple[str, ...], rows: np.ndarray, target: np.ndarray
) -> float:
    """Logarithm of the probability that a model gives to what was found."""
    own = model.probability(_columns(features, rows, model.features))
    chances = np.clip(own, 1e-12, 1 - 1e-12)
    return float(np.log(np.where(target, chances, 1 - chances)).sum())


def _fit_alike(features: tuple[str, ...], rows: np.ndarray, new: np.ndarray) -> Logistic:
    """Fit the common weight of all evidence, and the intercept."""
    mean, scale = _standard(rows)
    signs = _towards_new(features)
    together = (np.where(np.isnan(rows), 0.0, (rows - mean) / scale) @ signs)[:, None]
    common = _ridge(("together",), together, new, np.zeros(len(new)), np.ones(1))
    weight = common.weights[0] / common.scale[0]
    return Logistic(
        features,
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple((weight * signs).tolist()),
        common.intercept - weight * common.mean[0],
    )


def _towards_new(features: tuple[str, ...]) -> np.ndarray:
    """Return 1 for evidence that speaks against the first candidate, -1 for all other."""
    return np.array([1.0 if name in WORSE_WHEN_HIGH else -1.0 for name in features])


def _measured(features: tuple[str, ...], rows: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Leave out evidence that no photo has."""
    there = ~np.isnan(rows).all(axis=0)
    return tuple(np.array(features)[there].tolist()), rows[:, there]


def _standard(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of what is there; 1 for what is the same everywhere."""
    mean, scale = np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)
    return mean, np.where(scale > 1e-9, scale, 1.0)


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
    may.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    there = ~np.isnan(rows).all(axis=0)
    signs = signs[there]
    features, rows = _measured(features, rows)
    absent = np.isnan(rows)
    mean, scale = _standard(rows)
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
