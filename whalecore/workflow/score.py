"""Honest scores: every photo is judged by a model that was not trained on it."""

from __future__ import annotations

import numpy as np

from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.photos.crop import cut
from whalecore.types import Box
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent

PHOTOS_PER_SHARD = 256


def score_photos(lab: Lab, report: Report = silent) -> int:
    """Write the top 5 of every photo of each model's held-out fold.

    Photos of the folds a model was trained on get no score from it; with one
    model only, they have none, and ``status`` says so.

    Returns
    -------
    int
        Number of photos scored now.
    """
    scored = 0
    for model in newest_models(lab):
        with lab.claim(f"score-{model['model_id']}"):
            scored += _score_fold(lab, model, report)
    return scored


def _score_fold(lab: Lab, model: dict, report: Report) -> int:
    photos = lab.photos().dropna(subset=["fold", "crop_x0"])
    done = {key[0] for key in lab.computed_keys("scores", ["photo_id"], model_id=model["model_id"])}
    waiting = photos[(photos["fold"] == model["fold"]) & ~photos["photo_id"].isin(done)]
    if waiting.empty:
        return 0
    identifier = lab.identifier(model["model_id"])
    pace = Pace("score photos", len(waiting), report)
    for start in range(0, len(waiting), PHOTOS_PER_SHARD):
        rows, crops, keys = [], [], []
        for row in waiting.iloc[start : start + PHOTOS_PER_SHARD].itertuples():
            try:
                photo = lab.read_photo(row._asdict())
            except WhalecoreError as error:
                pace.advance(message=str(error))
                continue
            box = Box(row.crop_x0, row.crop_y0, row.crop_x1, row.crop_y1)
            crops.append(cut(photo, box, identifier.height, identifier.width, identifier.margin))
            keys.append((row.photo_id, box.key, row.individual))
            pace.advance()
        if not crops:
            continue
        logits, _ = identifier.identify_many(np.stack(crops))
        for (photo_id, crop, reference), logit in zip(keys, logits, strict=True):
            for candidate in identifier.candidates(logit):
                rows.append(
                    {
                        "model_id": model["model_id"],
                        "photo_id": photo_id,
                        "crop": crop,
                        "rank": candidate.rank,
                        "individual": candidate.individual,
                        "score": candidate.score,
                        "logit": candidate.logit,
                        "is_reference": candidate.individual == reference,
                        "origin": f"held out: fold {model['fold']} of {model['folds']}",
                    }
                )
        lab.write("scores", rows)
    return pace.done
