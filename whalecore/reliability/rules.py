"""The rules by which verdicts are given, as numbers that can be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite, log
from typing import Any

import numpy as np

from whalecore.errors import CheckpointError
from whalecore.reliability.evidence import Evidence, shrunk_share
from whalecore.types import Quality

SCORE_FEATURES = ("score", "margin", "entropy")
CLUSTER_FEATURES = (*SCORE_FEATURES, "share_correct")
NEW_FEATURES = ("max_logit", "margin", "score")
MEASURES = tuple(field.name for field in fields(Quality))
CLIP = 1e-6


@dataclass(frozen=True)
class Logistic:
    """A probability as the logistic function of a weighted sum of features.

    Attributes
    ----------
    features : tuple of str
        Names of the evidence; ``score`` and ``share_correct`` enter as log-odds.
    mean, scale, weights : tuple of float
        A feature x counts ``weight * (x - mean) / scale``.
    intercept : float
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """Return what each feature adds to the log-odds, same shape as values (..., features)."""
        return (values - np.array(self.mean)) / np.array(self.scale) * np.array(self.weights)

    def probability(self, values: np.ndarray) -> np.ndarray:
        """Return the probabilities of rows of features, shape (...,)."""
        log_odds = self.intercept + self.contributions(values).sum(axis=-1)
        return 1 / (1 + np.exp(-np.clip(log_odds, -700, 700)))


@dataclass(frozen=True)
class Rules:
    """How a verdict follows from evidence; everything was chosen on validation photos.

    Attributes
    ----------
    correct : Logistic
        P(the first candidate is right | the individual is known), without a cluster.
    correct_with_cluster : Logistic or None
        The same with the cluster's share; None where too few photos had a cluster.
    new : Logistic
        P(the individual is not known), where new individuals are as frequent as they were among
        the validation photos.
    overall_share : float
        Share that a cluster's share is drawn towards.
    new_threshold : float or None
        P(new) from which a photo is called a new whale; None: never.
    reliable_threshold : float or None
        P(correct) from which a photo is called reliable; None: never.
    error_limit : float
        Share of wrong identifications among reliable photos that is promised not to be exceeded.
    quality_limits : dict of str to float
        Value of each quality measure under which another photo is asked for.
    photos, known : int
        Validation photos, and those of them whose individual the identifier knows.
    reliable, reliable_wrong : int
        Validation photos that are called reliable, and those of them that are wrong.
    note : str
        What the rules cannot do and why; empty where nothing is missing.
    """

    correct: Logistic
    correct_with_cluster: Logistic | None
    new: Logistic
    overall_share: float
    new_threshold: float | None
    reliable_threshold: float | None
    error_limit: float
    quality_limits: dict[str, float]
    photos: int
    known: int
    reliable: int
    reliable_wrong: int
    note: str

    def model_for(self, evidence: Evidence) -> Logistic:
        """Return the model of P(correct) that fits the evidence there is."""
        if evidence.has_cluster and self.correct_with_cluster is not None:
            return self.correct_with_cluster
        return self.correct

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Rules:
        """Read rules that `to_dict` wrote.

        Raises
        ------
        CheckpointError
            If a part is missing, unknown or has a value that is not allowed.
        """
        try:
            with_cluster = stored["correct_with_cluster"]
            rules = cls(
                correct=_logistic(stored["correct"], SCORE_FEATURES),
                correct_with_cluster=None
                if with_cluster is None
                else _logistic(with_cluster, CLUSTER_FEATURES),
                new=_logistic(stored["new"], NEW_FEATURES),
                overall_share=_share(stored["overall_share"]),
                new_threshold=_share_or_none(stored["new_threshold"]),
                reliable_threshold=_share_or_none(stored["reliable_threshold"]),
                error_limit=_share(stored["error_limit"]),
                quality_limits={name: _share(stored["quality_limits"][name]) for name in MEASURES},
                photos=_count(stored["photos"]),
                known=_count(stored["known"]),
                reliable=_count(stored["reliable"]),
                reliable_wrong=_count(stored["reliable_wrong"]),
                note=str(stored["note"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"The verdict rules cannot be used ({type(error).__name__}: {error}): make them "
                "again with the command calibrate."
            ) from error
        return rules


def feature_rows(
    evidence: Sequence[Evidence], features: Sequence[str], overall_share: float
) -> np.ndarray:
    """Return the features of photos, shape (photos, features), float64.

    ``score`` and ``share_correct`` become log-odds, the latter after being shrunk; evidence
    that is missing must not be asked for.
    """
    rows = [[_feature(one, name, overall_share) for name in features] for one in evidence]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(features))


def _feature(evidence: Evidence, name: str, overall_share: float) -> float:
    if name == "score":
        return _log_odds(evidence.score)
    if name == "share_correct":
        share = shrunk_share(evidence.share_correct, evidence.cluster_heatmaps, overall_share)
        return _log_odds(share)
    return float(getattr(evidence, name))


def _log_odds(share: float) -> float:
    share = min(max(share, CLIP), 1 - CLIP)
    return log(share / (1 - share))


def _logistic(stored: Mapping[str, Any], features: tuple[str, ...]) -> Logistic:
    if tuple(stored["features"]) != features:
        raise ValueError(f"features {stored['features']} instead of {list(features)}")
    parts = {
        name: tuple(_number(one) for one in stored[name]) for name in ("mean", "scale", "weights")
    }
    if any(len(part) != len(features) for part in parts.values()) or min(parts["scale"]) <= 0:
        raise ValueError("weights that do not fit their features")
    return Logistic(features=features, intercept=_number(stored["intercept"]), **parts)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _share(value: Any) -> float:
    if not 0 <= _number(value) <= 1:
        raise ValueError(f"{value!r} is not between 0 and 1")
    return float(value)


def _share_or_none(value: Any) -> float | None:
    return None if value is None else _share(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a number of photos")
    return value
