"""Honest scores: every photo is judged by a model that was not trained on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch

from whalecore.errors import WhalecoreError
from whalecore.explain.changing import embeddings_of_parts
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.gallery import LATER
from whalecore.lab.lab import Lab
from whalecore.photos.crop import cut
from whalecore.photos.marks import SharedMarks
from whalecore.reliability.change import changing_mask
from whalecore.types import Box
from whalecore.workflow.marks import find_marks
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent

PHOTOS_PER_SHARD = 256

TIPS_OF_EACH = 2
"""Newest photos of each individual whose tips are looked at alone."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Photos of a lab that a model has still to look at.

    Attributes
    ----------
    held_out, gallery : set of str
        Photos that the model never saw, and those that it was trained on.
    unscored, without_embedding : set of str
    tips : set of str
        Photos of the gallery whose tips are looked at alone.
    """

    held_out: set[str]
    gallery: set[str]
    unscored: set[str]
    without_embedding: set[str]
    tips: set[str]

    def role(self, photo_id: str) -> str:
        """What a photo's embedding is for."""
        if photo_id in self.held_out:
            return "held out"
        return "gallery" if photo_id in self.gallery else LATER


def score_photos(lab: Lab, report: Report = silent) -> int:
    """Write the top 5 of every photo of each model's held-out fold, and all embeddings.

    Photos of the folds a model was trained on get no score from it; with one
    model only, they have none, and ``status`` says so. Embeddings are written of both: the photos
    that the model was trained on are its gallery, what new photos are compared with; individuals
    that it was not trained on are known by theirs.

    Returns
    -------
    int
        Number of photos scored now.
    """
    scored = 0
    for model in newest_models(lab):
        _find_marks(lab, model, report)
        with lab.claim(f"score-{model['model_id']}"):
            plan = _plan(lab, model)
            scored += _look_at(lab, model, plan, plan.unscored, "score photos", report)
            rest = plan.without_embedding - plan.unscored
            _look_at(lab, model, plan, rest, "compare photos", report)
    return scored


def embed_photos(lab: Lab, report: Report = silent) -> int:
    """Write the embeddings that are missing of scored photos and of each model's gallery.

    Returns
    -------
    int
        Number of embeddings written now.
    """
    written = 0
    for model in newest_models(lab):
        with lab.claim(f"score-{model['model_id']}"):
            plan = _plan(lab, model)
            rest = plan.without_embedding - plan.unscored
            written += _look_at(lab, model, plan, rest, "compare photos", report)
    return written


def _find_marks(lab: Lab, model: dict, report: Report) -> None:
    """Marks of photos that came after those the model was made with."""
    if model["mark_weight"]:
        find_marks(lab, lab.identifier(model["model_id"]).marks.keypoints, report)


def _plan(lab: Lab, model: dict) -> Plan:
    cut_out = lab.photos(reviewed=False).dropna(subset=["crop_x0"])
    photos = cut_out.dropna(subset=["fold"])
    out = photos["fold"] == model["fold"]
    taught = photos["photo_id"].isin(lab.learned(model["model_id"]))
    learned = ~out & taught & photos["individual"].isin(model["individuals"])
    held_out, gallery = set(photos["photo_id"][out]), set(photos["photo_id"][learned])
    # Known by such photos alone; those that decisions name may have no fold.
    later = {
        photo_id
        for photo_id, role in lab.further_without_embedding(model["model_id"])
        if role == LATER
    }.intersection(cut_out["photo_id"])
    done = {
        table: {
            key[0] for key in lab.computed_keys(table, ["photo_id"], model_id=model["model_id"])
        }
        for table in ("scores", "embeddings")
    }
    # One that was named before it had a fold was looked at in another role.
    judged = lab.computed_keys(
        "embeddings", ["photo_id"], model_id=model["model_id"], role="held out"
    )
    return Plan(
        held_out,
        gallery,
        held_out - done["scores"],
        (held_out - {key[0] for key in judged}) | (gallery - done["embeddings"]) | later,
        set(
            photos[learned]
            .sort_values(["taken_at", "photo_id"], ascending=False, na_position="last")
            .groupby("individual")
            .head(TIPS_OF_EACH)["photo_id"]
        ),
    )


def _look_at(lab: Lab, model: dict, plan: Plan, wanted: set[str], step: str, report: Report) -> int:
    """Write scores and embeddings, as far as they are missing, of the photos wanted."""
    if not wanted:
        return 0
    identifier = lab.identifier(model["model_id"])
    photos = lab.photos(reviewed=False)
    waiting = photos[photos["photo_id"].isin(wanted)]
    pace = Pace(step, len(waiting), report)
    asked = plan.unscored.intersection(waiting["photo_id"])
    count = asked and identifier.marks is not None and identifier.marks.weight > 0
    matching = Pace("match marks", len(asked), report) if count else None
    for start in range(0, len(waiting), PHOTOS_PER_SHARD):
        some = waiting.iloc[start : start + PHOTOS_PER_SHARD]
        rows = _readable(lab, identifier, some, pace)
        unread = asked.intersection(some["photo_id"]) - {photo_id for photo_id, *_ in rows}
        if matching is not None and unread:
            matching.advance(len(unread))
        if not rows:
            continue
        logits, embeddings = identifier.identify_many(np.stack([crop for *_, crop in rows]))
        counted = _counted(identifier, plan, rows, logits, matching)
        embedded, scored, shared = [], [], []
        tips = _tips(identifier, plan, rows)
        for (photo_id, box, reference, _), logit, embedding in zip(
            rows, logits, embeddings, strict=True
        ):
            key = {"model_id": model["model_id"], "photo_id": photo_id, "crop": box}
            if photo_id in plan.without_embedding:
                role = plan.role(photo_id)
                embedded.append(
                    {**key, "role": role, "values": embedding, "tips": tips.get(photo_id)}
                )
            if photo_id in plan.unscored:
                counts = counted.get(photo_id, {})
                if counts:
                    found = {name: one.strength for name, one in counts.items() if one.marks}
                    shared.append(
                        {**key, "individuals": list(found), "strengths": list(found.values())}
                    )
                origin = f"held out: fold {model['fold']} of {model['folds']}"
                scored += [
                    {
                        **key,
                        **asdict(candidate),
                        "is_reference": candidate.individual == reference,
                        "origin": origin,
                    }
                    for candidate in identifier.candidates(logit, shared=counts)
                ]
        lab.write("embeddings", embedded)
        # First, so that no score stands without what it was made of.
        lab.write("shared_marks", shared)
        lab.write("scores", scored)
    return pace.done


def _counted(
    identifier: Identifier, plan: Plan, rows: list[tuple], logits: np.ndarray, pace: Pace | None
) -> dict[str, dict[str, SharedMarks]]:
    """By photo to be scored: the marks it shares with individuals; empty where none count."""
    places = [place for place, (photo_id, *_) in enumerate(rows) if photo_id in plan.unscored]
    if pace is None or not places:
        return {}
    ids = [rows[place][0] for place in places]
    counted = {}
    found = identifier.count_marks.count_each(ids, identifier.individuals, logits[places])
    for photo_id, counts in zip(ids, found, strict=True):
        counted[photo_id] = counts
        pace.advance()
    return counted


def _tips(identifier: Identifier, plan: Plan, rows: list[tuple]) -> dict[str, np.ndarray]:
    """By photo: the embedding of the tips alone, for those in which they are looked at."""
    chosen = {photo_id: crop for photo_id, _, _, crop in rows if photo_id in plan.tips}
    if not chosen:
        return {}
    photos = identifier.normalise(torch.from_numpy(np.stack(list(chosen.values()))))
    mask = changing_mask(identifier.height, identifier.width)
    return dict(zip(chosen, embeddings_of_parts(identifier, photos, mask), strict=True))


def _readable(
    lab: Lab, identifier: Identifier, photos: pd.DataFrame, pace: Pace
) -> list[tuple[str, str, str | None, np.ndarray]]:
    """Photo, box, reference and crop of each photo that can be read."""
    found = []
    for row in photos.itertuples():
        try:
            photo = lab.read_photo(row._asdict())
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        box = Box(row.crop_x0, row.crop_y0, row.crop_x1, row.crop_y1)
        crop = cut(photo, box, identifier.height, identifier.width, identifier.margin)
        found.append((row.photo_id, box.key, row.individual, crop))
        pace.advance()
    return found
