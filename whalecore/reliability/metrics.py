"""Measures of identification, of calibration and of their uncertainty."""

from __future__ import annotations

import numpy as np

from whalecore.errors import SettingsError


def reference_ranks(candidates: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return at which rank each photo's reference individual stands.

    Parameters
    ----------
    candidates : ndarray of shape (photos, k), str or int
        Individuals by falling score.
    references : ndarray of shape (photos,), str or int

    Returns
    -------
    ndarray of shape (photos,), int64
        1 to k, or 0 where the reference is not among the candidates.
    """
    found = np.asarray(candidates) == np.asarray(references)[:, None]
    return np.where(found.any(axis=1), found.argmax(axis=1) + 1, 0)


def map_at_5(ranks: np.ndarray) -> float:
    """Return the mean average precision of the first five candidates.

    With one reference a photo, it is the mean of 1 / rank, 0 beyond the fifth.

    Parameters
    ----------
    ranks : ndarray of shape (photos,), int
        Rank of the reference, 0 where it is not among the candidates.

    Raises
    ------
    SettingsError
        If there is no photo.
    """
    ranks = _some(ranks)
    counted = (ranks >= 1) & (ranks <= 5)
    return float(np.where(counted, 1 / np.maximum(ranks, 1), 0).mean())


def top_k_accuracy(ranks: np.ndarray, k: int) -> float:
    """Return the share of photos whose reference is among the first k candidates.

    Parameters
    ----------
    ranks : ndarray of shape (photos,), int
        Rank of the reference, 0 where it is not among the candidates.
    k : int

    Raises
    ------
    SettingsError
        If there is no photo.
    """
    ranks = _some(ranks)
    return float(((ranks >= 1) & (ranks <= k)).mean())


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the chance that a positive scores higher than a negative, ties counting half.

    Parameters
    ----------
    scores : ndarray of shape (photos,), float
    positive : ndarray of shape (photos,), bool

    Returns
    -------
    float
        Not a number where one of the two kinds is missing.
    """
    from scipy.stats import rankdata

    positive = np.asarray(positive, dtype=bool)
    many, few = int(positive.sum()), int((~positive).sum())
    if many == 0 or few == 0:
        return float("nan")
    # By ranks: resampling asks a thousand times.
    wins = rankdata(np.asarray(scores))[positive].sum() - many * (many + 1) / 2
    return float(wins / (many * few))


def expected_calibration_error(scores: np.ndarray, correct: np.ndarray, bins: int = 15) -> float:
    """Return the mean distance between score and share of correct photos.

    Parameters
    ----------
    scores : ndarray of shape (photos,), float
        Score of the first candidate, 0 to 1.
    correct : ndarray of shape (photos,), bool
    bins : int
        Bins of equal width; a score on a border belongs to the lower bin.

    Returns
    -------
    float
        Weighted by the photos in each bin. A perfect model does not reach 0 with finitely
        many photos: about .03 for 1,000 photos.

    Raises
    ------
    SettingsError
        If there is no photo or a score is not between 0 and 1.

    References
    ----------
    Guo et al. 2017, equation 3.
    """
    scores = checked_probabilities(scores)
    place = binned(scores, bins)
    surplus = np.bincount(place, scores - np.asarray(correct, dtype=np.float64), minlength=bins)
    return float(np.abs(surplus).sum() / len(scores))


def checked_probabilities(scores: np.ndarray) -> np.ndarray:
    """Return scores as float64, shape (photos,), if there are some and all are probabilities.

    Raises
    ------
    SettingsError
        If there is no photo or a score is not between 0 and 1.
    """
    scores = _some(scores).astype(np.float64)
    if not ((scores >= 0) & (scores <= 1)).all():
        raise SettingsError(
            f"The scores run from {scores.min():g} to {scores.max():g}: calibration needs "
            "probabilities between 0 and 1."
        )
    return scores


def binned(scores: np.ndarray, bins: int) -> np.ndarray:
    """Return the bin of each score, 0 to bins - 1; a score on a border is in the lower bin."""
    return np.clip(np.ceil(scores * bins).astype(int) - 1, 0, bins - 1)


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the interval that a share lies in.

    Parameters
    ----------
    successes, trials : int
    z : float
        Width in standard deviations; 1.96 gives 95 %.

    Returns
    -------
    low, high : float
        0 and 1 without any trial.

    Raises
    ------
    SettingsError
        If there are more successes than trials or fewer than none.

    References
    ----------
    Wilson 1927.
    """
    if not 0 <= successes <= trials:
        raise SettingsError(
            f"{successes} of {trials} is not a share: give between none and all successes."
        )
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1 + z**2 / trials
    centre = (share + z**2 / (2 * trials)) / scale
    reach = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / scale
    low = 0.0 if successes == 0 else max(0.0, float(centre - reach))
    high = 1.0 if successes == trials else min(1.0, float(centre + reach))
    return low, high


def binomial_upper_bound(failures: int, trials: int, alpha: float) -> float:
    """Return the exact upper bound of a failure rate.

    Parameters
    ----------
    failures, trials : int
    alpha : float
        Chance that the true rate lies above the bound.

    Returns
    -------
    float
        1 without any trial.

    References
    ----------
    Clopper and Pearson 1934.
    """
    from scipy.stats import beta

    if failures >= trials:
        return 1.0
    return float(beta.ppf(1 - alpha, failures + 1, trials - failures))


def _some(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if len(values) == 0:
        raise SettingsError("Nothing can be measured on no photos: score some photos first.")
    return values
