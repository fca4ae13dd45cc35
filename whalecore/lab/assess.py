"""Everything the lab can say about one photo: candidates, heatmaps, cluster, verdict."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whalecore.clusters.assignment import assign
from whalecore.errors import LabError
from whalecore.photos.quality import measure
from whalecore.reliability.evidence import Evidence, evidence_of
from whalecore.reliability.metrics import wilson_interval
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
        "checked by hand: run the command calibrate, which needs at least 20 photos of validation.",
    ),
)
"""The verdict of a lab without rules."""

LEARNED = Verdict(
    "check",
    None,
    None,
    (
        "The network learned from this very photo, so its score says nothing about how well it "
        "recognises the animal: ask with a photo that is not in the lab.",
    ),
)
"""The verdict on a photo that the identifier was trained on."""


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
    settings = settings_of(lab, clustering_id)
    heatmaps = _heatmaps(lab, identifier, photo, prediction, settings, report)
    cluster = None
    if clustering_id:
        first = heatmaps[prediction.individuals[0]]
        cluster = _cluster_evidence(lab, clustering_id, first)
    evidence = evidence_of(prediction, identifier.temperature, quality, cluster)
    stored = lab.rules(identifier.model_id, clustering_id)
    if _learned_from(lab, identifier.model_id, photo.photo_id):
        verdict = LEARNED
    else:
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


def settings_of(lab: LabHeatmaps, clustering_id: str | None) -> OcclusionSettings:
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
        # Only kept to be quicker next time: a lab that cannot be written to still answers.
        with suppress(LabError):
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


def _learned_from(lab: LabHeatmaps, model_id: str, photo_id: str) -> bool:
    """Whether a model was trained on a photo of the lab."""
    model = next(iter(lab.rows("models", model_id=model_id)), None)
    photo = next(iter(lab.rows("photos", photo_id=photo_id)), None)
    if model is None or photo is None or photo["fold"] is None:
        return False
    return photo["individual"] in model["individuals"] and photo["fold"] != model["fold"]


def _cluster_evidence(lab: LabHeatmaps, clustering_id: str, first: Heatmap) -> ClusterEvidence:
    """How often other photos were identified rightly whose first heatmap fell into the cluster.

    A cluster without any says nothing: the share over all clusters stands in, with the whole
    range as its interval and no heatmaps behind it.
    """
    number, membership = assign(lab.clustering(clustering_id), first.values)
    table = lab.rows("cluster_correctness", clustering_id=clustering_id)
    counts = {row["cluster"]: _counts(row) for row in table}
    identified, right = counts.get(int(number), (0, 0))
    own = lab.rows(
        "assignments",
        clustering_id=clustering_id,
        photo_id=first.photo_id,
        individual=first.individual,
        cluster=int(number),
    )
    scored = lab.rows("scores", photo_id=first.photo_id, individual=first.individual, rank=1)
    if own and scored:
        identified, right = identified - 1, right - int(scored[0]["is_reference"])
    mean_score = next((row["mean_score"] for row in table if row["cluster"] == number), 0.0)
    if identified > 0:
        low, high = wilson_interval(right, identified)
        share = right / identified
        row = next(row for row in table if row["cluster"] == number)
        mean_score = row["identified_score"]
    else:
        total = sum(count for count, _ in counts.values())
        share = sum(hits for _, hits in counts.values()) / total if total else 0.0
        low, high = 0.0, 1.0
    return ClusterEvidence(
        int(number), share, low, high, mean_score, max(identified, 0), float(membership)
    )


def _counts(row: dict) -> tuple[int, int]:
    """First candidates of a cluster, and how many of them are right."""
    if not row["identified"]:
        return 0, 0
    return row["identified"], round(row["identified"] * row["identified_correct"])
