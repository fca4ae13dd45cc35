"""Everything the lab can say about one photo: candidates, heatmaps, cluster, verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.clusters.placing import assign
from whalecore.errors import CheckpointError, LabError
from whalecore.lab.grids import StoredHeatmap, heatmap_of
from whalecore.lab.growing import growing_heatmaps, heatmap_rows, occlusion_rows
from whalecore.photos.quality import measure
from whalecore.reliability.evidence import Evidence, evidence_of
from whalecore.reliability.metrics import wilson_interval
from whalecore.reliability.rules import Rules
from whalecore.reliability.verdict import decide
from whalecore.types import (
    ClusterEvidence,
    Computing,
    Crop,
    HeatmapSettings,
    OcclusionMaps,
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
    from whalecore.clusters.clustering import Clustering
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.lab import Lab

USUAL = OcclusionSettings(patch=16, stride=8)
"""Heatmaps of a lab without clusters."""

KEPT_EVERY = 5.0
"""Seconds of work on heatmaps that a sudden end may cost."""

Growing = Callable[[OcclusionMaps, Prediction], None]
"""What is told of heatmaps on the way, and of the candidates they belong to."""


def unseen(maps: OcclusionMaps, prediction: Prediction) -> None:
    """For somebody who does not look at heatmaps on the way."""


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
    heatmaps : dict of str to StoredHeatmap
        By individual, in the order of the candidates.
    cluster : ClusterEvidence or None
        None where the lab has no clusters yet.
    evidence : Evidence
        What the verdict was decided from.
    """

    photo: Photo
    prediction: Prediction
    heatmaps: dict[str, StoredHeatmap]
    cluster: ClusterEvidence | None
    quality: Quality
    evidence: Evidence
    verdict: Verdict


def assess(
    lab: Lab,
    photo: Photo,
    crop: Crop | None = None,
    identifier: AnyIdentifier | None = None,
    report: Report = silent,
    growing: Growing = unseen,
    computing: Computing | None = None,
) -> Assessment:
    """Identify a photo, explain it, place it among the lab's clusters and decide.

    Heatmaps that the lab holds already are read, not computed. Where the lab's clusters are made
    of fast heatmaps and the photo's are below the lab's ``least_correlation``, exact ones are
    computed instead.

    Parameters
    ----------
    lab : Lab
    photo : Photo
        Need not belong to the lab.
    crop : Crop, optional
        Used instead of the remembered or found one; not remembered by itself.
    identifier : Identifier, optional
        A loaded identifier of this lab, to spare loading it again.
    report : callable
        Called with the progress.
    growing : callable
        Called with the candidates' occlusion maps after each level, coarse to fine, and with the
        candidates.
    computing : Computing, optional
        By what means heatmaps are computed.

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
    # Read first: heatmaps take long, and are for nothing where the file is damaged.
    clustering_id, clustering = _readable(lab, clustering_id)

    def heatmaps_of(settings: HeatmapSettings) -> dict[str, StoredHeatmap]:
        if settings.method == "gradcam":
            return _grad_cams(lab, identifier, photo, prediction, settings)
        return _heatmaps(
            lab,
            identifier,
            photo,
            prediction,
            settings,
            computing=computing,
            report=report,
            growing=growing,
        )

    shown = settings_of(lab, clustering_id)
    heatmaps = heatmaps_of(shown)
    cluster = None
    if clustering is not None:
        first = prediction.individuals[0]
        parts = [settings_from_key(p.settings) for p in lab.representation(clustering_id).parts]
        described = [(heatmaps if one == shown else heatmaps_of(one))[first] for one in parts]
        cluster = _cluster_evidence(lab, clustering_id, clustering, described)
    evidence = evidence_of(prediction, identifier.temperature, quality, cluster)
    stored = lab.rules(identifier.model_id, clustering_id)
    if _learned_from(lab, identifier.model_id, photo.photo_id):
        verdict = LEARNED
    else:
        verdict = UNDECIDED if stored is None else decide(evidence, Rules.from_dict(stored))
    return Assessment(photo, prediction, heatmaps, cluster, quality, evidence, verdict)


def _readable(lab: Lab, clustering_id: str | None) -> tuple[str | None, Clustering | None]:
    """A clustering, or none where it is of another version: the photo is identified without."""
    if clustering_id is None:
        return None, None
    try:
        return clustering_id, lab.clustering(clustering_id)
    except CheckpointError:
        return None, None


def settings_of(lab: Lab, clustering_id: str | None) -> OcclusionSettings:
    """The occlusion maps that are shown of a new photo: such as were clustered, or usual ones."""
    parts = lab.representation(clustering_id).parts if clustering_id else ()
    clustered = (settings_from_key(part.settings) for part in parts if part.method == "osm")
    return next(clustered, USUAL)


def _heatmaps(lab, identifier, photo, prediction, settings, **other) -> dict[str, StoredHeatmap]:
    """By individual; a fast one that is too far from the exact one is computed exactly."""
    found = _stored(lab, prediction, settings) or _computed(
        lab, identifier, photo, prediction, settings, **other
    )
    if settings.exact:
        return found
    least = lab.info.least_correlation
    if all(
        one.computed == one.values.size or (one.correlation or 0.0) >= least
        for one in found.values()
    ):
        return found
    exact = replace(settings, accuracy=1.0)
    return _heatmaps(lab, identifier, photo, prediction, exact, **other)


def _grad_cams(lab, identifier, photo, prediction, settings) -> dict[str, StoredHeatmap]:
    """By individual; computed from one pass through the network where the lab has none."""
    # Here, so that a lab can be read without loading torch.
    from whalecore.explain.gradcam import grad_cam

    found = _stored(lab, prediction, settings)
    if found is not None:
        return found
    prepared = identifier.prepare(photo, prediction.crop.box)
    maps = grad_cam(identifier, prepared, prediction.individuals, settings.layer)
    rows = heatmap_rows(prediction, settings, maps)
    # Only kept to be quicker next time: a lab that cannot be written to still answers.
    with suppress(LabError):
        lab.write("heatmaps", rows)
    return {row["individual"]: heatmap_of(row) for row in rows}


def _stored(lab, prediction, settings) -> dict[str, StoredHeatmap] | None:
    """The heatmaps that the lab holds of all candidates; None where one is missing."""
    found = {
        individual: lab.heatmap(
            prediction.model_id,
            prediction.photo_id,
            individual,
            settings.method,
            settings,
        )
        for individual in prediction.individuals
    }
    crop = prediction.crop.box.key
    return found if all(one and one.crop == crop for one in found.values()) else None


def _computed(
    lab, identifier, photo, prediction, settings, computing, report, growing
) -> dict[str, StoredHeatmap]:
    def keep(table, rows) -> None:
        # Only kept to be quicker next time: a lab that cannot be written to still answers.
        with suppress(LabError):
            lab.write(table, rows)

    for maps in growing_heatmaps(
        lab, identifier, photo, prediction, settings, computing, report, KEPT_EVERY, keep
    ):
        growing(maps, prediction)
    rows = occlusion_rows(prediction, settings, maps)
    return {row["individual"]: heatmap_of(row) for row in rows}


def _learned_from(lab: Lab, model_id: str, photo_id: str) -> bool:
    """Whether a model was trained on a photo of the lab."""
    model = next(iter(lab.rows("models", model_id=model_id)), None)
    photo = next(iter(lab.rows("photos", photo_id=photo_id)), None)
    if model is None or photo is None or photo["fold"] is None:
        return False
    return photo["individual"] in model["individuals"] and photo["fold"] != model["fold"]


def _cluster_evidence(
    lab: Lab, clustering_id: str, clustering: Clustering, described: Sequence[StoredHeatmap]
) -> ClusterEvidence:
    """How often other photos were identified rightly whose first heatmap fell into the cluster.

    `described` are the maps of the first candidate that describe its heatmap together. A cluster
    without any first candidates says nothing: the share over all clusters stands in, with the
    whole range as its interval and no heatmaps behind it.
    """
    stacks = [np.asarray(one.values)[None] for one in described]
    placement = assign(clustering, stacks)
    number, first = placement.cluster, described[0]
    table = lab.rows("cluster_correctness", clustering_id=clustering_id)
    counts = {row["cluster"]: _counts(row) for row in table}
    same = {"photo_id": first.photo_id, "individual": first.individual, "model_id": first.model_id}
    own = lab.rows("assignments", clustering_id=clustering_id, **same)
    membership, unlike = placement.membership, placement.unlike
    if own:
        # The photo is in the lab: what was found without its own heatmaps counts.
        number, membership = own[0]["cluster"], own[0]["membership"]
        unlike = bool(own[0]["unlike"])
    identified, right = counts.get(number, (0, 0))
    scored = lab.rows("scores", rank=1, **same)
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
    facts = lab.rows("clusters", clustering_id=clustering_id, cluster=number)
    return ClusterEvidence(
        number,
        share,
        low,
        high,
        mean_score,
        max(identified, 0),
        membership,
        unlike,
        facts[0]["stability"] if facts else None,
    )


def _counts(row: dict) -> tuple[int, int]:
    """First candidates of a cluster, and how many of them are right."""
    if not row["identified"]:
        return 0, 0
    return row["identified"], round(row["identified"] * row["identified_correct"])
