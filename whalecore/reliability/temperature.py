"""The temperature that turns logits into honest probabilities."""

from __future__ import annotations

import numpy as np

from whalecore.errors import SettingsError

LOWEST, HIGHEST = 0.01, 100.0
"""Bounds of the temperature."""

PRIOR = 1.5
"""Deviation of the logarithm, around the temperature of 1 at which the network was trained: two of
three temperatures between 0.2 and 4.5."""


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Return the mean of -log softmax(logits / temperature) at the true individuals.

    Parameters
    ----------
    logits : ndarray of shape (photos, individuals)
    labels : ndarray of shape (photos,), int
        Column of the true individual.
    temperature : float
    """
    from scipy.special import log_softmax

    scores = log_softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1)
    return float(-scores[np.arange(len(labels)), labels].mean())


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the most likely temperature, drawn a little towards 1.

    Photos that all are right would ask for no temperature at all, and every score would be 1. So
    its logarithm has a normal prior of deviation `PRIOR`, which only counts where photos are few.

    Parameters
    ----------
    logits : ndarray of shape (photos, individuals)
        Of photos that the network was not trained on and that are not reported on.
    labels : ndarray of shape (photos,), int
        Column of the true individual; photos of other individuals are left out beforehand.

    Returns
    -------
    float
        0.01 to 100.

    Raises
    ------
    SettingsError
        If there is no photo or a label is not a column.

    References
    ----------
    Guo et al. 2017, section 4.2, without the prior.
    """
    from scipy.optimize import minimize_scalar

    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != logits.shape[:1]:
        raise SettingsError(
            f"The temperature is fitted on logits (photos, individuals) and one label per photo, "
            f"not {logits.shape} and {labels.shape}: give at least one photo of a known individual."
        )
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise SettingsError(
            f"The labels run from {labels.min()} to {labels.max()} but there are "
            f"{logits.shape[1]} individuals: leave out photos of individuals that the identifier "
            "does not know."
        )

    def loss(logarithm: float) -> float:
        likelihood = negative_log_likelihood(logits, labels, np.exp(logarithm))
        return likelihood + (logarithm / PRIOR) ** 2 / (2 * len(labels))

    found = minimize_scalar(
        loss,
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))
