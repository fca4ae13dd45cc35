"""Gather what speaks for and against the first candidate of every scored photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.lab.measures import COMPARED
from whalecore.lab.sheets import many_heatmaps
from whalecore.reliability.change import COLUMNS
from whalecore.reliability.evidence import encounter_evidence
from whalecore.types import Candidate, Computing, OcclusionSettings
from whalecore.workflow.measuring import MEASURED, evidence_row, pixels_of
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent
from whalecore.workflow.score import embed_photos

PHOTOS_PER_SHARD = 64

OF_HEATMAP = (
    "compactness",
    "inside_fluke",
    "balance",
    "cam_agreement",
    "patch_agreement",
    "changing_share",
    *COLUMNS.values(),
)
"""Measures of a heatmap: they count only where it was made with the lab's usual settings."""


def gather_evidence(lab: Lab, report: Report = silent, computing: Computing | None = None) -> int:
    """Write table ``evidence`` for every scored photo, only what is missing.

    A photo without a heatmap of the lab's usual settings has nothing about heatmaps, and is
    measured again when there is one; what marks say, and the shares of the fluke's parts, are added
    where they are missing. Embeddings that are missing are computed first.

    Parameters
    ----------
    computing : Computing, optional
        By what means heatmaps are computed that others are compared with.

    Returns
    -------
    int
        Number of photos measured now.
    """
    embed_photos(lab, report)
    settings = lab.usual_occlusion()
    gathered = 0
    for model in newest_models(lab):
        with lab.claim(f"evidence-{model['model_id']}"):
            gathered += _gather(lab, model["model_id"], settings, report, computing)
    return gathered


def stored_evidence(lab: Lab, model_id: str) -> dict[str, dict[str, float | int | None]]:
    """By photo: the evidence beside scores, quality and cluster, ready for `Evidence`.

    Everything that `gather_evidence` measured, ``crop_confidence``, the fluke's size,
    ``encounter_photos`` and ``encounter_support``. Other photos of the encounter count when the
    model scored them; whom they show is not looked at.
    """
    usual = lab.usual_occlusion().key
    rows = {
        row["photo_id"]: row
        if row["settings"] == usual
        else {name: None if name in OF_HEATMAP else value for name, value in row.items()}
        for row in lab.rows("evidence", model_id=model_id)
    }
    candidates = _candidates(lab, model_id)
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    together = defaultdict(list)
    for photo_id in candidates:
        encounter = photos.get(photo_id, {}).get("encounter")
        if encounter is not None:
            together[encounter].append(photo_id)
    found = {}
    for photo_id, own in candidates.items():
        photo = photos.get(photo_id)
        if photo is None:
            continue
        others = [other for other in together[photo["encounter"]] if other != photo_id]
        found[photo_id] = {
            **{name: rows.get(photo_id, {}).get(name) for name in MEASURED},
            "crop_confidence": photo["crop_confidence"],
            **pixels_of(photo),
            **encounter_evidence(own[0].individual, [candidates[other] for other in others]),
        }
    return found


def _gather(
    lab: Lab,
    model_id: str,
    settings: OcclusionSettings,
    report: Report,
    computing: Computing | None,
) -> int:
    candidates = _candidates(lab, model_id)
    measured, complete = _done(lab, model_id, settings, candidates)
    held_out = lab.embeddings(model_id, role="held out")
    embeddings = dict(zip(held_out.photo_ids, held_out.values, strict=True))
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    waiting = [
        photo_id
        for photo_id in candidates
        if photo_id in embeddings and photo_id in photos and photo_id not in complete
    ]
    if not waiting:
        return 0
    identifier = lab.identifier(model_id)
    gallery = lab.embeddings(model_id, role="gallery")
    pace = Pace("gather evidence", len(waiting), report)
    gathered = 0
    for start in range(0, len(waiting), PHOTOS_PER_SHARD):
        keys = {
            photo_id: [
                (model_id, photo_id, candidates[photo_id][0].individual, one.method, one.key)
                for one in (settings, COMPARED)
            ]
            for photo_id in waiting[start : start + PHOTOS_PER_SHARD]
        }
        maps = many_heatmaps(lab, [key for pair in keys.values() for key in pair])
        rows = []
        for photo_id, (osm, cam) in keys.items():
            try:
                row = evidence_row(
                    lab,
                    identifier,
                    gallery,
                    photos[photo_id],
                    candidates[photo_id],
                    embeddings[photo_id],
                    (maps.get(osm), maps.get(cam)),
                    measured.get(photo_id),
                    computing,
                )
            except WhalecoreError as error:
                pace.advance(message=str(error))
                continue
            rows.append(row)
            pace.advance()
        lab.write("evidence", rows)
        gathered += len(rows)
    return gathered


def _done(
    lab: Lab,
    model_id: str,
    settings: OcclusionSettings,
    candidates: Mapping[str, Sequence[Candidate]],
) -> tuple[dict[str, dict], set[str]]:
    """Rows in which at most marks or parts are missing, by photo, and photos that lack nothing."""
    explained = {
        key[0]
        for key in lab.scored_heatmaps(
            ["photo_id"], model_id=model_id, rank=1, method="osm", settings=settings.key
        )
    }
    measured = {
        row["photo_id"]: row
        for row in lab.rows("evidence", model_id=model_id)
        if row["photo_id"] not in explained or row["settings"] == settings.key
    }
    complete = {
        photo_id
        for photo_id, row in measured.items()
        if photo_id in candidates
        and (candidates[photo_id][0].marks is None or row["marks_back"] is not None)
        and (
            photo_id not in explained
            or row["changing_share"] is None
            or row["left_tip"] is not None
        )
    }
    return measured, complete


def _candidates(lab: Lab, model_id: str) -> dict[str, list[Candidate]]:
    """By photo, the first candidate first."""
    found = defaultdict(list)
    for row in sorted(lab.rows("scores", model_id=model_id), key=lambda row: row["rank"]):
        found[row["photo_id"]].append(
            Candidate(
                *(row[name] for name in ("rank", "individual", "score", "logit")),
                marks=row["marks"],
                matched_photo=row["matched_photo"],
            )
        )
    return dict(found)
