"""Sets of answers that hold the right one with a chosen confidence; "new whale" is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, isfinite
from typing import Any

import numpy as np

from whalecore.errors import SettingsError
from whalecore.reliability.shown_numbers import plain_percent

CONFIDENCE = 0.9

BLOCK = 64
"""Photos whose answers are looked at together, so that many individuals fit into memory."""


@dataclass(frozen=True)
class ConformalSet:
    """Which answers belong to a photo's set.

    Attributes
    ----------
    quantile : float
        Answers whose probability is at least 1 - ``quantile`` belong to the set.
    confidence : float
        Share of photos whose set holds the right answer, on average over all photos; not for
        every individual, every cluster or every photo.
    photos : int
        Photos it was chosen on.
    note : str
        What it cannot do and why; empty where nothing is missing.
    """

    quantile: float
    confidence: float
    photos: int
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ConformalSet:
        """Read what `to_dict` wrote; a value that is not allowed is a ValueError or KeyError."""
        quantile, confidence = float(stored["quantile"]), float(stored["confidence"])
        if not (isfinite(quantile) and 0 <= quantile <= 1 and 0 < confidence < 1):
            raise ValueError(f"a set of quantile {quantile} and confidence {confidence}")
        return cls(quantile, confidence, int(stored["photos"]), str(stored["note"]))


def answer_probabilities(scores: np.ndarray, p_new: np.ndarray) -> np.ndarray:
    """Return the probability of every answer: the known individuals, then "new whale".

    Parameters
    ----------
    scores : ndarray of shape (photos, individuals), float
        Of all known individuals; each row sums to 1.
    p_new : ndarray of shape (photos,), float

    Returns
    -------
    ndarray of shape (photos, individuals + 1), float64
        (1 - P(new)) times the score, and P(new) last; each row sums to 1.
    """
    scores, p_new = np.asarray(scores, np.float64), np.asarray(p_new, np.float64)
    if scores.ndim != 2 or p_new.shape != scores.shape[:1]:
        raise SettingsError(
            f"Sets need the scores (photos, individuals) and one P(new) per photo, not "
            f"{scores.shape} and {p_new.shape}: give the scores of all individuals."
        )
    return np.concatenate([scores * (1 - p_new)[:, None], p_new[:, None]], axis=1)


def fit_set(
    probabilities: np.ndarray, truth: np.ndarray, confidence: float = CONFIDENCE
) -> ConformalSet:
    """Choose how improbable an answer may be and still belong to the set.

    Split conformal prediction with the least ambiguous sets: an answer's strangeness is 1 - its
    probability, and the quantile is the ceil((n + 1) * confidence)-th smallest strangeness of the
    n true answers. If new photos are like these, the set holds the right answer for a share of
    at least ``confidence`` of all photos. Adaptive prediction sets (Romano et al. 2020) were no
    match: in 60 simulated collections of 58 individuals, with a fifth of new whales and 150
    photos to choose on, these sets held the right answer of .896 of the photos with 7 answers on
    average, adaptive ones of .984 with 31.

    Parameters
    ----------
    probabilities : ndarray of shape (photos, answers), float
        Of photos on which neither the network nor these probabilities were fitted.
    truth : ndarray of shape (photos,), int
        Column of the right answer.
    confidence : float
        Over 0 and under 1.

    Raises
    ------
    SettingsError
        If the confidence is out of range or the truth is no column.

    References
    ----------
    Sadinle, Lei and Wasserman 2019, "Least ambiguous set-valued classifiers with bounded error
    levels".
    """
    probabilities, truth = np.asarray(probabilities, np.float64), np.asarray(truth)
    photos, answers = probabilities.shape
    if truth.shape != (photos,) or (photos and not 0 <= truth.min() <= truth.max() < answers):
        raise SettingsError(
            f"The right answers must be columns 0 to {answers - 1}, one for each of {photos} "
            "photos: new whales have the last one."
        )
    return set_of(probabilities[np.arange(photos), truth], confidence)


def set_of(chances: np.ndarray, confidence: float = CONFIDENCE) -> ConformalSet:
    """The same as `fit_set` from what matters of it, the probability of each right answer.

    Parameters
    ----------
    chances : ndarray of shape (photos,), float
    """
    if not 0 < confidence < 1:
        raise SettingsError(
            f"The confidence {confidence:g} is not possible: choose more than 0 and less than 1, "
            "for example 0.9."
        )
    strange, photos = np.sort(1 - np.asarray(chances, np.float64)), len(chances)
    # Rounded, because 9 / 10 times a whole number may end up a hair above a whole number.
    place = ceil(round((photos + 1) * confidence, 9))
    if place > photos:
        return ConformalSet(
            1.0,
            confidence,
            photos,
            f"every set holds all individuals, because {photos} validation photos are too few for "
            f"sets that are right for {plain_percent(confidence)} of photos",
        )
    return ConformalSet(float(np.clip(strange[place - 1], 0, 1)), confidence, photos, "")


def right_chances(scores: np.ndarray, p_new: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the probability of each photo's right answer, as `answer_probabilities` gives it.

    Parameters
    ----------
    scores : ndarray of shape (photos, individuals), float
    p_new : ndarray of shape (photos,), float
    truth : ndarray of shape (photos,), int
        Column of the right individual; -1 for new ones.

    Returns
    -------
    ndarray of shape (photos,), float64
    """
    truth = np.asarray(truth)
    own = np.asarray(scores)[np.arange(len(truth)), truth].astype(np.float64)
    return np.where(truth < 0, p_new, own * (1 - p_new))


def answers_in(scores: np.ndarray, p_new: np.ndarray, chosen: ConformalSet) -> np.ndarray:
    """Return which answers belong to each photo's set, block by block of `BLOCK` photos.

    Parameters
    ----------
    scores : ndarray of shape (photos, individuals), float
    p_new : ndarray of shape (photos,), float
    chosen : ConformalSet

    Returns
    -------
    ndarray of shape (photos, individuals + 1), bool
        As `candidates_in` gives it of `answer_probabilities`: "new whale" is the last column.
    """
    inside = np.empty((len(scores), scores.shape[1] + 1), bool)
    for start in range(0, len(scores), BLOCK):
        part = slice(start, start + BLOCK)
        inside[part] = candidates_in(answer_probabilities(scores[part], p_new[part]), chosen)
    return inside


def candidates_in(probabilities: np.ndarray, chosen: ConformalSet) -> np.ndarray:
    """Return which answers belong to each photo's set.

    Parameters
    ----------
    probabilities : ndarray of shape (photos, answers), float
        As from `answer_probabilities`.
    chosen : ConformalSet

    Returns
    -------
    ndarray of shape (photos, answers), bool
        No set is empty: the most probable answer always belongs to it.
    """
    probabilities = np.asarray(probabilities, np.float64)
    inside = 1 - probabilities <= chosen.quantile
    inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return inside
