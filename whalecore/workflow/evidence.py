"""Gather what speaks for and against the first candidate of every scored photo."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, fields

import numpy as np

from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.lab.measures import COMPARED, measured
from whalecore.lab.sheets import many_heatmaps
from whalecore.reliability.evidence import Measures, encounter_evidence
from whalecore.types import Box, Candidate, Crop, OcclusionSettings
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
)
"""Measures of a heatmap: they count only where it was made with the lab's usual settings."""


def gather_evidence(lab: Lab, report: Report = silent) -> int:
    """Write table ``evidence`` for every scored photo, only what is missing.

    A photo without a heatmap of the lab's usual settings has nothing about heatmaps, and is
    measured again when there is one. Embeddings that are missing are computed first.

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
            gathered += _gather(lab, model["model_id"], settings, report)
    return gathered


def stored_evidence(lab: Lab, model_id: str) -> dict[str, dict[str, float | int | None]]:
    """By photo: the evidence beside scores, quality and cluster, ready for `Evidence`.

    Everything that `gather_evidence` measured, ``crop_confidence``, ``encounter_photos`` and
    ``encounter_support``. Other photos of the encounter count when the model scored them; whom
    they show is not looked at.
    """
    names = [field.name for field in fields(Measures)]
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
            **{name: rows.get(photo_id, {}).get(name) for name in names},
            "crop_confidence": photo["crop_confidence"],
            **encounter_evidence(own[0].individual, [candidates[other] for other in others]),
        }
    return found


def lab_logits(lab: Lab, model_id: str) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Raw scores of all individuals for the photos that a model never saw, marks included.

    Computed from the stored embeddings, whose half precision moves a logit by about 0.001.

    Returns
    -------
    photo_ids, individuals : tuple of str
    logits : ndarray of shape (photos, individuals), float32
    """
    import torch

    identifier = lab.identifier(model_id)
    found = lab.embeddings(model_id, role="held out")
    if not len(found):
        return (), identifier.individuals, np.empty((0, len(identifier.individuals)), np.float32)
    embeddings = torch.from_numpy(found.values).to(identifier.device)
    with torch.no_grad():
        logits = identifier.network.logits(embeddings).float().cpu().numpy()
    shared = {row["photo_id"]: row for row in lab.rows("shared_marks", model_id=model_id)}
    for place, photo_id in enumerate(found.photo_ids):
        if photo_id in shared:
            row = shared[photo_id]
            strengths = dict(zip(row["individuals"], row["strengths"], strict=True))
            logits[place] = identifier.with_marks(logits[place], strengths)
    return found.photo_ids, identifier.individuals, logits


def _gather(lab: Lab, model_id: str, settings: OcclusionSettings, report: Report) -> int:
    firsts = {
        row["photo_id"]: row["individual"] for row in lab.rows("scores", model_id=model_id, rank=1)
    }
    explained = {
        key[0]
        for key in lab.computed_keys(
            "heatmaps", ["photo_id"], model_id=model_id, rank=1, method="osm", settings=settings.key
        )
    }
    done = {row["photo_id"]: row["settings"] for row in lab.rows("evidence", model_id=model_id)}
    held_out = lab.embeddings(model_id, role="held out")
    embeddings = dict(zip(held_out.photo_ids, held_out.values, strict=True))
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    waiting = [
        photo_id
        for photo_id in firsts
        if photo_id in embeddings
        and photo_id in photos
        and (photo_id not in done or (photo_id in explained and done[photo_id] != settings.key))
    ]
    if not waiting:
        return 0
    identifier = lab.identifier(model_id)
    gallery = lab.embeddings(model_id, role="gallery")
    pace = Pace("gather evidence", len(waiting), report)
    gathered = 0
    for start in range(0, len(waiting), PHOTOS_PER_SHARD):
        chunk = waiting[start : start + PHOTOS_PER_SHARD]
        maps = many_heatmaps(
            lab,
            [
                (model_id, photo_id, firsts[photo_id], one.method, one.key)
                for photo_id in chunk
                for one in (settings, COMPARED)
            ],
        )
        rows = []
        for photo_id in chunk:
            key = (model_id, photo_id, firsts[photo_id])
            heatmap = maps.get((*key, settings.method, settings.key))
            cam = maps.get((*key, COMPARED.method, COMPARED.key))
            try:
                measures = measured(
                    identifier,
                    lab.read_photo(photos[photo_id]),
                    _crop(photos[photo_id]),
                    embeddings[photo_id],
                    firsts[photo_id],
                    gallery,
                    heatmap,
                    None if cam is None else cam.values,
                )
            except WhalecoreError as error:
                pace.advance(message=str(error))
                continue
            rows.append(
                {
                    "model_id": model_id,
                    "photo_id": photo_id,
                    "crop": photos[photo_id]["crop"],
                    "settings": None if heatmap is None else settings.key,
                    **asdict(measures),
                }
            )
            pace.advance()
        lab.write("evidence", rows)
        gathered += len(rows)
    return gathered


def _candidates(lab: Lab, model_id: str) -> dict[str, list[Candidate]]:
    """By photo, the first candidate first."""
    found = defaultdict(list)
    for row in sorted(lab.rows("scores", model_id=model_id), key=lambda row: row["rank"]):
        found[row["photo_id"]].append(
            Candidate(row["rank"], row["individual"], row["score"], row["logit"])
        )
    return dict(found)


def _crop(row: dict) -> Crop:
    box = Box(*(row[f"crop_{edge}"] for edge in ("x0", "y0", "x1", "y1")))
    confidence = row["crop_confidence"]
    return Crop(box, row["crop_source"], 1.0 if confidence is None else confidence)
