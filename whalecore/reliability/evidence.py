"""What is known about one identification before a verdict is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import copysign, exp, isfinite, log1p

import numpy as np

from whalecore.errors import SettingsError
from whalecore.types import TOP, Candidate, ClusterEvidence, Prediction, Quality

PRIOR_STRENGTH = 10.0
"""A cluster's share is shrunk as if it held ten more heatmaps with the overall share."""

LARGEST_MARGIN = 50.0
"""A lead beyond this is no longer a number anybody can use."""


RANGES = {
    "nearest_distance": (0.0, 2.0),
    "nearest_agreement": (0.0, 1.0),
    "compactness": (0.0, 1.0),
    "inside_fluke": (0.0, 1.0),
    "balance": (-1.0, 1.0),
    "cam_agreement": (-1.0, 1.0),
    "patch_agreement": (-1.0, 1.0),
    "changing_share": (0.0, 1.0),
    **dict.fromkeys(("left_tip", "right_tip", "trailing_edge"), (0.0, 1.0)),
    **dict.fromkeys(("notch", "leading_edge", "inner_surface"), (0.0, 1.0)),
    "visible": (0.0, 1.0),
    "cut_off": (0.0, 1.0),
    "crop_confidence": (0.0, 1.0),
    "encounter_support": (0.0, 1.0),
}
"""Least and greatest value of evidence that may be missing."""

COUNTS = {
    "marks": 0,
    "most_marks": 0,
    "marks_back": 0,
    "marks_back_second": 0,
    "network_rank": 1,
    "fluke_width": 1,
    "fluke_height": 1,
}
"""Least value of whole numbers that may be missing."""

ROUNDING = 1e-4
"""By how much rounding may carry a value over its range; it is then brought back."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Evidence that needs the picture, the network or a heatmap; None where it is not there.

    Measured by one function for photos of the lab and for new ones, so that what rules are learned
    from and what they are asked about are the same.

    Attributes
    ----------
    nearest_distance : float or None
        Cosine distance, 0 to 2, of the photo's embedding to that of the nearest gallery photo.
    nearest_agreement : float or None
        Share of the five nearest gallery photos that show the first candidate.
    compactness, inside_fluke, balance : float or None
        Of the first candidate's heatmap, see `whalecore.reliability.heatmap_quality`.
    cam_agreement, patch_agreement : float or None
        Its correlation with Grad-CAM of ``layer4``, and with the occlusion map of twice the patch
        and stride.
    changing_share : float or None
        Share of its positive values on the tips of the fluke, which change over the years.
    left_tip, right_tip, trailing_edge, notch, leading_edge, inner_surface : float or None
        The same of each part of the fluke, see `whalecore.clusters.meaning`; together 1.
    visible : float or None
        Share of where a fluke usually lies in the crop where one is seen; low under water. None,
        as ``cut_off``, where no fluke was found and the whole photo is compared.
    cut_off : float or None
        Share of the box's outline that lies on the photo's edge.
    marks_back, marks_back_second : int or None
        Of the marks of the photo of the first candidate that matches best, and of that of the
        second, how many are found on this photo. Marks look for their like among those of one
        other photo, so that this is another question than which marks of this photo are found
        there, which is part of the score. None, as ``network_rank``, where marks do not count.
    network_rank : int or None
        Rank that the first candidate would have by the network alone.
    """

    nearest_distance: float | None = None
    nearest_agreement: float | None = None
    compactness: float | None = None
    inside_fluke: float | None = None
    balance: float | None = None
    cam_agreement: float | None = None
    patch_agreement: float | None = None
    changing_share: float | None = None
    left_tip: float | None = None
    right_tip: float | None = None
    trailing_edge: float | None = None
    notch: float | None = None
    leading_edge: float | None = None
    inner_surface: float | None = None
    visible: float | None = None
    cut_off: float | None = None
    marks_back: int | None = None
    marks_back_second: int | None = None
    network_rank: int | None = None


@dataclass(frozen=True)
class Evidence(Measures):
    """What speaks for and against the first candidate of a photo.

    Everything but the four scores, ``crop_source`` and ``unlike`` may be missing (None).

    Attributes
    ----------
    score : float
        Of the first candidate, 0 to 1.
    margin : float
        Difference of the two highest logits, divided by the temperature: the logarithm of the
        ratio of their scores.
    entropy : float
        Of the scores of the first five candidates, brought to sum 1; 0 if one has it all.
    max_logit : float
        Highest logit.
    share_correct : float or None
        Share of heatmaps in this heatmap's cluster whose individual is right, as counted,
        without the photo itself. None where there is no cluster, or where the heatmap is unlike
        any.
    cluster_heatmaps : int or None
        Number of heatmaps that share rests on.
    cluster_stability : float or None
        Share of the cluster's pairs that stay together when a part of the photos is clustered
        anew; None where there is no cluster or that was not measured.
    membership : float or None
        Share of neighbouring heatmaps that lie in the cluster.
    quality : Quality or None
    crop_source : str
        ``corrected``, ``given``, ``detector`` or ``whole``.
    unlike : bool
        Whether there are clusters but the heatmap is unlike any, so that no share counts for it.
    cluster : int or None
        Number of the cluster that the first candidate's heatmap falls into; None where it is
        unlike any.
    crop_confidence : float or None
        How sure it is that the box is right; 1 for boxes by hand.
    encounter_photos : int or None
        Other photos of the same encounter.
    encounter_support : float or None
        Mean score that these give to the first candidate of this one; 0 where it is not among
        their first five.
    marks : int or None
        Matching marks with the photo of the first candidate that matches best; part of the score.
        None where marks do not count.
    most_marks : int or None
        The most of these that one of the first five candidates has.
    fluke_width, fluke_height : int or None
        Of the fluke's box, in pixels of the photo; None where no fluke was found.
    """

    score: float
    margin: float
    entropy: float
    max_logit: float
    share_correct: float | None = None
    cluster_heatmaps: int | None = None
    membership: float | None = None
    quality: Quality | None = None
    crop_source: str = "given"
    unlike: bool = False
    cluster: int | None = None
    crop_confidence: float | None = None
    encounter_photos: int | None = None
    encounter_support: float | None = None
    marks: int | None = None
    most_marks: int | None = None
    fluke_width: int | None = None
    fluke_height: int | None = None
    cluster_stability: float | None = None

    def __post_init__(self) -> None:
        for name in ("score", "margin", "entropy", "max_logit"):
            if not isfinite(getattr(self, name)):
                raise SettingsError(
                    f"The evidence '{name}' is {getattr(self, name)}: it must be a number; score "
                    "the photo again."
                )
        if not 0 <= self.score <= 1:
            raise SettingsError(f"The score {self.score:g} is not a probability from 0 to 1.")
        if (self.share_correct is None) != (self.cluster_heatmaps is None):
            raise SettingsError(
                "A cluster's share of correct heatmaps and their number belong together: give "
                "both or neither."
            )
        if self.unlike and self.share_correct is not None:
            raise SettingsError(
                "A heatmap that is unlike any cluster has no share of correct heatmaps: give none."
            )
        if bool(self.encounter_photos) != (self.encounter_support is not None):
            raise SettingsError(
                f"{self.encounter_photos or 0} other photos of the encounter and a support of "
                f"{self.encounter_support} do not belong together: give the support of one photo "
                "or more, or none."
            )
        for name, least in COUNTS.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise SettingsError(
                    f"The evidence '{name}' is {value}: it must be {least} or more; gather the "
                    "evidence again."
                )
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not least - ROUNDING <= value <= most + ROUNDING:
                raise SettingsError(
                    f"The evidence '{name}' is {value}: it must be a number from {least:g} to "
                    f"{most:g}; gather the evidence again."
                )
            object.__setattr__(self, name, float(min(max(value, least), most)))

    @property
    def lead(self) -> float:
        """How many times the second candidate's score the first one's is."""
        return exp(min(self.margin, LARGEST_MARGIN))

    @property
    def log_margin(self) -> float:
        """Logarithm of 1 + margin: what tells a new whale is whether there is a lead at all."""
        return log1p(max(self.margin, 0.0))

    @property
    def equal_candidates(self) -> float:
        """How many candidates of equal score would have this entropy: 1 if one has it all."""
        return exp(self.entropy)

    @property
    def nearest_likeness(self) -> float | None:
        """Cosine similarity, -1 to 1, with the nearest gallery photo: 1 would be the same photo."""
        return None if self.nearest_distance is None else 1 - self.nearest_distance

    @property
    def marks_ahead(self) -> int | None:
        """How many marks more are found back of the first candidate than of the second."""
        if self.marks_back is None or self.marks_back_second is None:
            return None
        return self.marks_back - self.marks_back_second

    @property
    def back_lead(self) -> float | None:
        """Logarithm of 1 + `marks_ahead`, with its sign: few marks more tell most of it."""
        more = self.marks_ahead
        if more is None:
            return None
        return copysign(log1p(abs(more)), more)

    @property
    def has_cluster(self) -> bool:
        return self.share_correct is not None


def evidence_of(
    prediction: Prediction,
    temperature: float,
    quality: Quality | None = None,
    cluster: ClusterEvidence | None = None,
    measures: Measures | None = None,
    encounter: Sequence[Sequence[Candidate]] = (),
) -> Evidence:
    """Gather the evidence of one identification.

    Parameters
    ----------
    prediction : Prediction
        With at least one candidate.
    temperature : float
        Of the identifier.
    quality : Quality, optional
    cluster : ClusterEvidence, optional
        Of the first candidate's heatmap. Its share must not count the photo itself, and counts
        for nothing where the heatmap is unlike any cluster.
    measures : Measures, optional
    encounter : sequence of sequence of Candidate
        Candidates of the other photos of the same encounter.
    """
    like = cluster if cluster is not None and not cluster.unlike else None
    candidates = prediction.candidates[:TOP]
    logits = [candidate.logit for candidate in candidates]
    return Evidence(
        score=candidates[0].score,
        margin=(logits[0] - logits[1]) / temperature if len(logits) > 1 else 0.0,
        entropy=entropy([candidate.score for candidate in candidates]),
        max_logit=logits[0],
        share_correct=None if like is None else like.share_correct,
        cluster_heatmaps=None if like is None else like.heatmaps,
        cluster_stability=None if like is None else like.stability,
        membership=None if like is None else like.membership,
        quality=quality,
        crop_source=prediction.crop.source,
        unlike=cluster is not None and cluster.unlike,
        cluster=None if like is None else like.id,
        crop_confidence=prediction.crop.confidence,
        **asdict(measures or Measures()),
        **encounter_evidence(candidates[0].individual, encounter),
        **mark_evidence([candidate.marks for candidate in candidates]),
    )


def mark_evidence(marks: Sequence[int | None]) -> dict[str, int | None]:
    """What the matching marks of the first candidates say, the first one's in front.

    Returns
    -------
    dict
        ``marks`` and ``most_marks``, as in `Evidence`.
    """
    counted = [one for one in marks if one is not None]
    return {"marks": marks[0] if marks else None, "most_marks": max(counted, default=None)}


def encounter_evidence(individual: str, others: Sequence[Sequence[Candidate]]) -> dict:
    """What the other photos of an encounter say about the first candidate of a photo.

    Parameters
    ----------
    individual : str
        The first candidate.
    others : sequence of sequence of Candidate
        Candidates of each other photo; only the first five count, as the lab keeps no more.

    Returns
    -------
    dict
        ``encounter_photos`` and ``encounter_support``, as in `Evidence`.
    """
    if not others:
        return {"encounter_photos": 0, "encounter_support": None}
    given = [
        next((one.score for one in candidates[:TOP] if one.individual == individual), 0.0)
        for candidates in others
    ]
    return {"encounter_photos": len(others), "encounter_support": sum(given) / len(given)}


def entropy(scores: Sequence[float]) -> float:
    """Return the entropy of scores brought to sum 1, in nats."""
    shares = np.asarray(scores, dtype=np.float64)
    shares = shares[shares > 0]
    if len(shares) == 0:
        return 0.0
    shares = shares / shares.sum()
    return float(max(0.0, -(shares * np.log(shares)).sum()))


def shrunk_share(share: float, heatmaps: int, overall: float) -> float:
    """Return a cluster's share drawn towards the overall share; small clusters more so.

    The mean of a beta distribution after ``heatmaps`` observations, starting from one worth
    ten observations with the overall share.
    """
    return (share * heatmaps + PRIOR_STRENGTH * overall) / (heatmaps + PRIOR_STRENGTH)
