"""Everything the lab can say about one photo: candidates, heatmaps, cluster, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whalecore.clusters.assignment import assign
from whalecore.photos.quality import measure
from whalecore.reliability.evidence import Evidence, evidence_of
from whalecore.reliability.rules import Rules
from whalecore.reliability.verdict import decide
from whalecore.types import (
    ClusterEvidence,
    Crop,
    Heatmap,
    HeatmapSettings,
    OcclusionSettings,
    Photo,
    Prediction,
    Quality,
    Report,
    Verdict,
    settings_from_key,
    silent,
)

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.heatmaps import LabHeatmaps

USUAL = OcclusionSettings(patch=16, stride=8)
"""Heatmaps of a lab without clusters."""


UNDECIDED = Verdict(
    "check",
    None,
    None,
    (
        "This lab has not learnt yet how far its scores can be trusted, so every photo is to be "
        "checked by hand: run the command calibrate, which needs at least 20 scored photos.",
    ),
)
"""The verdict of a lab without rules."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """The answer to "which individual is it, what says so, and can I believe it?".

    Attributes
    ----------
    heatmaps : dict of str to Heatmap
        By individual, in the order of the candidates.
    cluster : ClusterEvidence or None
        None where the lab has no clusters yet.
    evidence : Evidence
        What the verdict was decided from.
    """

    photo: Photo
    prediction: Prediction
    heatmaps: dict[str, Heatmap]
    cluster: ClusterEvidence | None
    quality: Quality
    evidence: Evidence
    verdict: Verdict


def assess(
    lab: LabHeatmaps,
    photo: Photo,
    crop: Crop | None = None,
    identifier: AnyIdentifier | None = None,
    report: Report = silent,
) -> Assessment:
    """Identify a photo, explain it, place it among the lab's clusters and decide.

    Heatmaps that the lab holds already are read, not computed.

    Parameters
    ----------
    lab : Lab
    photo : Photo
        Need not belong to the lab.
    crop : Crop, optional
        Used instead of the remembered or found one; not remembered by itself.
    identifier : Identifier, optional
        A loaded identifier of this lab, to spare loading it again.

    Raises
    ------
    LabError
        If the lab has no identifier yet.
    """
    identifier = identifier or lab.identifier()
    prediction = identifier.identify(photo, crop=crop)
    crop = prediction.crop
    quality = measure(photo, crop, identifier.height, identifier.width)
    clustering_id = lab.newest_clustering(ranks="top5")
    settings = _settings_of(lab, clustering_id)
    heatmaps = _heatmaps(lab, identifier, photo, prediction, settings, report)
    cluster = None
    if clustering_id:
        first = heatmaps[prediction.individuals[0]]
        cluster = _cluster_evidence(lab, clustering_id, first.values)
    evidence = evidence_of(prediction, identifier.temperature, quality, cluster)
    stored = lab.rules(identifier.model_id, clustering_id)
    verdict = UNDECIDED if stored is None else decide(evidence, Rules.from_dict(stored))
    return Assessment(photo, prediction, heatmaps, cluster, quality, evidence, verdict)


def heatmap_rows(
    identifier: AnyIdentifier,
    photo: Photo,
    prediction: Prediction,
    settings: HeatmapSettings,
    report: Report = silent,
) -> list[dict]:
    """Rows of table ``heatmaps`` for the candidates of one photo, computed now."""
    # Here, so that a lab can be read without loading torch.
    from whalecore.explain.method import method_for

    prepared = identifier.prepare(photo, prediction.crop.box)
    maps = method_for(settings).maps(identifier, prepared, prediction.individuals, settings, report)
    return [
        {
            "model_id": prediction.model_id,
            "photo_id": photo.photo_id,
            "crop": prediction.crop.box.key,
            "individual": candidate.individual,
            "method": settings.method,
            "settings": settings.key,
            "rank": candidate.rank,
            "score": candidate.score,
            "rows": values.shape[0],
            "cols": values.shape[1],
            "values": values.astype("float16").ravel(),
        }
        for candidate, values in zip(prediction.candidates, maps, strict=True)
    ]


def _settings_of(lab: LabHeatmaps, clustering_id: str | None) -> OcclusionSettings:
    """The heatmaps a new photo needs: such as were clustered."""
    rows = lab.rows("clusterings", clustering_id=clustering_id) if clustering_id else []
    return settings_from_key(rows[0]["heatmap_settings"]) if rows else USUAL


def _heatmaps(lab, identifier, photo, prediction, settings, report) -> dict[str, Heatmap]:
    crop = prediction.crop.box.key
    stored = {
        individual: found
        for individual in prediction.individuals
        if (
            found := lab.heatmap(
                identifier.model_id,
                photo.photo_id,
                individual,
                settings.method,
                settings.key,
            )
        )
        and found.crop == crop
    }
    if len(stored) < len(prediction.individuals):
        rows = heatmap_rows(identifier, photo, prediction, settings, report)
        lab.write("heatmaps", rows)
        stored = {row["individual"]: _as_heatmap(row) for row in rows}
    return {individual: stored[individual] for individual in prediction.individuals}


def _as_heatmap(row: dict) -> Heatmap:
    return Heatmap(
        photo_id=row["photo_id"],
        model_id=row["model_id"],
        crop=row["crop"],
        individual=row["individual"],
        method=row["method"],
        settings=row["settings"],
        rank=row["rank"],
        score=row["score"],
        values=np.asarray(row["values"], np.float32).reshape(row["rows"], row["cols"]),
    )


def _cluster_evidence(lab: LabHeatmaps, clustering_id: str, values: np.ndarray) -> ClusterEvidence:
    """How often first candidates whose heatmaps fell into the same cluster were right.

    A cluster without any first candidate says nothing: the share over all clusters stands in,
    with the whole range as its interval and no heatmaps behind it.
    """
    number, membership = assign(lab.clustering(clustering_id), values)
    table = {
        row["cluster"]: row for row in lab.rows("cluster_correctness", clustering_id=clustering_id)
    }
    row = table[int(number)]
    if not row["identified"]:
        judged = [other for other in table.values() if other["identified"]]
        total = sum(other["identified"] for other in judged)
        right = sum(other["identified"] * other["identified_correct"] for other in judged)
        share = right / total if total else 0.0
        return ClusterEvidence(int(number), share, 0.0, 1.0, row["mean_score"], 0, membership)
    return ClusterEvidence(
        id=int(number),
        share_correct=row["identified_correct"],
        share_correct_low=row["identified_low"],
        share_correct_high=row["identified_high"],
        mean_score=row["identified_score"],
        heatmaps=row["identified"],
        membership=float(membership),
    )
