"""What it costs to answer more photos: curves of risk over coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Error among the photos that are answered, the most certain first.

    Attributes
    ----------
    coverage : ndarray of shape (photos,), float64
        Share of the photos that are answered: 1 / photos up to 1.
    risk : ndarray of shape (photos,), float64
        Share of wrong ones among the answered.
    """

    coverage: np.ndarray
    risk: np.ndarray


def risk_coverage(certainty: np.ndarray, correct: np.ndarray) -> RiskCoverage:
    """Return the risk-coverage curve.

    Parameters
    ----------
    certainty : ndarray of shape (photos,), float
        Photos with the highest are answered first; among equal ones the order is left to
        chance, of which the mean is taken.
    correct : ndarray of shape (photos,), bool

    Raises
    ------
    SettingsError
        If there is no photo or the lengths differ.

    References
    ----------
    Geifman and El-Yaniv 2017, "Selective classification for deep neural networks".
    """
    wrong = _wrong_by_falling_certainty(certainty, correct)
    answered = np.arange(1, len(wrong) + 1)
    return RiskCoverage(answered / len(wrong), np.cumsum(wrong) / answered)


def area_under_risk_coverage(certainty: np.ndarray, correct: np.ndarray) -> float:
    """Return the mean risk over all coverages; lower is better."""
    return float(risk_coverage(certainty, correct).risk.mean())


def area_under_generalized_risk(certainty: np.ndarray, correct: np.ndarray) -> float:
    """Return the area under the share of photos that are answered and wrong; lower is better.

    Unlike the area under the risk-coverage curve it does not weigh the few most certain photos
    more than the others. It equals (1 - a) e (1 - e) + e^2 / 2 with e the share of wrong photos
    and a the AUROC of correct against wrong ones.

    References
    ----------
    Traub et al. 2024, "Overcoming common flaws in the evaluation of selective classification
    systems", equation 5.
    """
    wrong = _wrong_by_falling_certainty(certainty, correct)
    count = len(wrong)
    # A photo answered at place j counts at every later coverage, and half at its own.
    return float((wrong * (count - np.arange(1, count + 1) + 0.5)).sum() / count**2)


def _wrong_by_falling_certainty(certainty: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Chance of a wrong answer at each place, equal ones sharing theirs."""
    certainty, correct = np.asarray(certainty, np.float64), np.asarray(correct, bool)
    if not len(certainty) == len(correct) > 0:
        raise SettingsError(
            f"A curve needs one answer per photo and at least one photo, but there are "
            f"{len(certainty)} certainties and {len(correct)} answers: score some photos first."
        )
    _, group, size = np.unique(-certainty, return_inverse=True, return_counts=True)
    share = np.bincount(group, ~correct) / size
    return np.repeat(share, size)
