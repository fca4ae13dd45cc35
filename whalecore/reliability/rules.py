"""The rules by which verdicts are given, as numbers that can be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from math import isfinite, log
from typing import Any

import numpy as np

from whalecore.errors import CheckpointError
from whalecore.reliability.evidence import Evidence, shrunk_share
from whalecore.reliability.sets import ConformalSet
from whalecore.reliability.shares import ClusterCounts
from whalecore.types import Quality

SCORE_FEATURES = ("score", "margin", "entropy")
NEAREST_FEATURES = ("nearest_distance", "nearest_agreement")
CLUSTER_FEATURES = ("share_correct",)
HEATMAP_FEATURES = (
    *CLUSTER_FEATURES,
    "compactness",
    "inside_fluke",
    "balance",
    "cam_agreement",
    "patch_agreement",
)
OTHER_FEATURES = ("visible", "encounter_support", "back_lead")
CORRECT_FEATURES = (*SCORE_FEATURES, *NEAREST_FEATURES, *HEATMAP_FEATURES, *OTHER_FEATURES)
NEW_FEATURES = ("nearest_distance", "score", "log_margin")
WORSE_WHEN_HIGH = ("entropy", "nearest_distance")
"""Evidence that speaks against the first candidate the higher it is; all other speaks for it."""

COMPARED = (
    *(name for name in CORRECT_FEATURES if name not in (*CLUSTER_FEATURES, "back_lead")),
    "marks_ahead",
)
"""Evidence that a reader is told what is usual of."""

FEATURELESS = ("compactness", "entropy", "most_marks")
"""Evidence that tells whether anything stands out by which an animal can be told."""

QUALITIES = tuple(one.name for one in fields(Quality))
MEASURES = (*QUALITIES, "visible", "crop_confidence", "cut_off")
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
    missing : tuple of float
        What a feature counts where it is missing, beside being taken as average; empty for 0.
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    missing: tuple[float, ...] = ()

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """Return what each feature adds to the log-odds, same shape as values (..., features).

        Values that are not a number are missing.
        """
        counted = (values - np.array(self.mean)) / np.array(self.scale) * np.array(self.weights)
        return np.where(np.isnan(values), np.array(self.missing or 0.0), counted)

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
        P(the first candidate is right), new individuals included.
    new : Logistic
        P(the individual is not known), where new individuals are as frequent as they were among
        the validation photos.
    overall_share : float
        Share that a cluster's share is drawn towards.
    clusters : ClusterCounts
        Validation photos by cluster: the shares that the rules were learned with.
    new_threshold : float or None
        P(new) from which a photo is called a new whale; None: never.
    reliable_threshold : float or None
        P(correct) from which a photo is called reliable; None: never.
    error_limit : float
        Share of wrong identifications among reliable photos that is promised not to be exceeded.
    quality_limits : dict of str to float
        Value of each measure of a photo under which another one is asked for; of ``cut_off``, over
        which.
    usual_limits : dict of str to float
        Value of each measure beyond which hardly any rightly identified photo lies: another photo
        is asked for where the first candidate is improbable too.
    photos, known : int
        Validation photos, and those of them whose individual the identifier knows.
    reliable, reliable_wrong : int
        Validation photos that are called reliable, and those of them that are wrong.
    note : str
        What the rules cannot do and why; empty where nothing is missing.
    sets : ConformalSet or None
        Which answers belong to a photo's set; None where the scores of all individuals were not
        given.
    alone : Logistic or None
        As ``correct``, for photos without others of their encounter; None where it is the same, and
        in rules of earlier versions.
    usual : dict of str to float
        Median of the photos by name of `COMPARED`; empty in rules of earlier versions.
    feature_limits : dict of str to float
        By name of `FEATURELESS`, the value beyond which hardly any rightly identified photo lies.
    """

    correct: Logistic
    new: Logistic
    overall_share: float
    clusters: ClusterCounts
    new_threshold: float | None
    reliable_threshold: float | None
    error_limit: float
    quality_limits: dict[str, float]
    usual_limits: dict[str, float]
    photos: int
    known: int
    reliable: int
    reliable_wrong: int
    note: str
    sets: ConformalSet | None = None
    alone: Logistic | None = None
    usual: dict[str, float] = field(default_factory=dict)
    feature_limits: dict[str, float] = field(default_factory=dict)

    def right(self, evidence: Evidence) -> Logistic:
        """Return what P(the first candidate is right) of a photo follows from."""
        with_others = self.alone is None or evidence.encounter_support is not None
        return self.correct if with_others else self.alone

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
            limits, sets = stored["quality_limits"], stored.get("sets")
            alone = stored.get("alone")
            usual = stored.get("usual_limits", {})
            middle, features = stored.get("usual", {}), stored.get("feature_limits", {})
            rules = cls(
                correct=_logistic(stored["correct"], CORRECT_FEATURES),
                new=_logistic(stored["new"], NEW_FEATURES),
                overall_share=_share(stored["overall_share"]),
                clusters=_clusters(stored["clusters"]),
                new_threshold=_share_or_none(stored["new_threshold"]),
                reliable_threshold=_share_or_none(stored["reliable_threshold"]),
                error_limit=_share(stored["error_limit"]),
                quality_limits={
                    name: _share(limits[name])
                    for name in MEASURES
                    if name in QUALITIES or name in limits
                },
                usual_limits={name: _share(usual[name]) for name in MEASURES if name in usual},
                photos=_count(stored["photos"]),
                known=_count(stored["known"]),
                reliable=_count(stored["reliable"]),
                reliable_wrong=_count(stored["reliable_wrong"]),
                note=str(stored["note"]),
                sets=None if sets is None else ConformalSet.from_dict(sets),
                alone=None if alone is None else _logistic(alone, CORRECT_FEATURES),
                usual={name: _number(middle[name]) for name in COMPARED if name in middle},
                feature_limits={
                    name: _number(features[name]) for name in FEATURELESS if name in features
                },
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
    that is missing is not a number.
    """
    rows = [[_feature(one, name, overall_share) for name in features] for one in evidence]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(features))


def photo_measure(evidence: Evidence, name: str) -> float | None:
    """Return a measure of the photo itself; None where it was not measured.

    How sure the detector is of a box says nothing about boxes from elsewhere.
    """
    if name in QUALITIES:
        return None if evidence.quality is None else getattr(evidence.quality, name)
    if name == "crop_confidence" and evidence.crop_source != "detector":
        return None
    return getattr(evidence, name)


def _feature(evidence: Evidence, name: str, overall_share: float) -> float:
    if name == "score":
        return _log_odds(evidence.score)
    value = getattr(evidence, name)
    if value is None:
        return float("nan")
    if name == "share_correct":
        return _log_odds(shrunk_share(value, evidence.cluster_heatmaps, overall_share))
    return float(value)


def _log_odds(share: float) -> float:
    share = min(max(share, CLIP), 1 - CLIP)
    return log(share / (1 - share))


def _clusters(stored: Mapping[str, Any]) -> ClusterCounts:
    counts = {
        int(cluster): (_count(right), _count(photos))
        for cluster, (right, photos) in stored["counts"].items()
    }
    if any(right > photos for right, photos in counts.values()):
        raise ValueError("a cluster with more right photos than photos")
    return ClusterCounts(counts, _share(stored["overall"]))


def _logistic(stored: Mapping[str, Any], allowed: tuple[str, ...]) -> Logistic:
    features = tuple(stored["features"])
    if not features or len(set(features)) < len(features) or not set(features) <= set(allowed):
        raise ValueError(f"features {list(features)} instead of some of {list(allowed)}")
    parts = {
        name: tuple(_number(one) for one in stored[name]) for name in ("mean", "scale", "weights")
    }
    missing = tuple(_number(one) for one in stored.get("missing", ()))
    lengths = {len(part) for part in parts.values()} | ({len(missing)} if missing else set())
    if lengths != {len(features)} or min(parts["scale"]) <= 0:
        raise ValueError("weights that do not fit their features")
    return Logistic(
        features=features, intercept=_number(stored["intercept"]), missing=missing, **parts
    )


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
