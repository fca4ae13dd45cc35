"""One probability from two witnesses: the identifier's logits and the marks that two flukes share.

The probability of individual c is softmax over individuals of ``a * logit_c + b * marks_c``,
``marks_c`` being the strength of the marks that the photo shares with one photo of the individual.
The two weights are fitted like a temperature (Guo et al. 2017): maximum likelihood on photos that
the network was not trained on, under a weak ridge penalty that only counts where photos are few: as
if one photo had been seen that the network's own temperature and no marks suit best. What is
maximised is concave in both, so that there is one answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError
from whalecore.reliability.temperature import fit_temperature

USUAL_MARK_WEIGHT = 2.0
"""About what was measured on real flukes."""

LOGIT_WEIGHTS = (0.01, 100.0)
MARK_WEIGHTS = (0.0, 10.0)
"""Allowed ones: photos that all are right would ask for endless weights."""


@dataclass(frozen=True)
class Fusion:
    """How much the two witnesses weigh.

    Attributes
    ----------
    logit_weight : float
        One over the temperature; above 0.
    mark_weight : float
        Per unit of the marks; 0 leaves them out.
    """

    logit_weight: float
    mark_weight: float


def fit_fusion(logits: np.ndarray, marks: np.ndarray, references: np.ndarray) -> Fusion:
    """Weigh logits and marks by what they were worth.

    Parameters
    ----------
    logits : ndarray of shape (photos, individuals), float
        Raw scores.
    marks : ndarray of shape (photos, individuals), float
        Shared marks, 0 for individuals that were not looked at.
    references : ndarray of shape (photos,), int
        Column of the right individual.

    Returns
    -------
    Fusion
        Neither weight is negative.

    Raises
    ------
    SettingsError
        Without photos, or when the shapes do not fit.
    """
    from scipy.optimize import minimize
    from scipy.special import softmax

    logits, marks = _pair(logits, marks)
    references = np.asarray(references)
    if len(references) != len(logits) or len(references) == 0:
        raise SettingsError(
            f"{len(references)} references were given for {len(logits)} photos: there must be "
            "one per photo, and at least one."
        )
    own = np.arange(len(references)), references
    usual = np.array([1 / fit_temperature(logits, references), 0.0])
    if not marks.any():
        return Fusion(*(float(weight) for weight in usual))
    width = np.array([usual[0], USUAL_MARK_WEIGHT])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = softmax(weights[0] * logits + weights[1] * marks, axis=1)
        right = np.maximum(scores[own], 1e-300)
        slopes = np.array(
            [((scores * one).sum(axis=1) - one[own]).sum() for one in (logits, marks)]
        )
        away = (weights - usual) / width
        return float(-np.log(right).sum() + (away**2).sum() / 2), slopes + away / width

    bounds = [LOGIT_WEIGHTS, MARK_WEIGHTS]
    start = usual + np.array([0.0, 0.1])
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return Fusion(*(float(weight) for weight in found.x))


def fused_scores(logits: np.ndarray, marks: np.ndarray, fusion: Fusion) -> np.ndarray:
    """Probability of each individual, shape (photos, individuals), float64; rows sum to 1."""
    from scipy.special import softmax

    logits, marks = _pair(logits, marks)
    return softmax(fusion.logit_weight * logits + fusion.mark_weight * marks, axis=1)


def _pair(logits: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits, marks = np.asarray(logits, np.float64), np.asarray(marks, np.float64)
    if logits.shape != marks.shape or logits.ndim != 2:
        raise SettingsError(
            f"Logits of shape {logits.shape} and marks of shape {marks.shape} do not fit: both "
            "are one row per photo and one column per individual."
        )
    return logits, marks
