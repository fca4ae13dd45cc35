"""Train the identifier of one fold, and weigh its network and matching marks."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from whalecore.errors import TooFewError, WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.photos.crop import cut
from whalecore.types import Box
from whalecore.workflow.directions import better_directed
from whalecore.workflow.presets import Preset
from whalecore.workflow.progress import Pace, Report, silent, warnings_as_notes
from whalecore.workflow.weigh import weighed

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import Identifier

LEAST_INDIVIDUALS = 2


def train_identifier(lab: Lab, preset: Preset, fold: int = 0, report: Report = silent) -> str:
    """Train on all photos with an individual outside `fold`; judge on `fold`.

    The same call after an interruption goes on from the last finished epoch; a
    model that was trained from the same photos, labels, crops and settings is
    not trained again.

    Parameters
    ----------
    lab : Lab
    preset : Preset
    fold : int
        The part of the lab that this model never sees.

    Returns
    -------
    str
        The model's identity.

    Raises
    ------
    LabError
        If there is too little to learn from.
    """
    from whalecore.identifiers.history import as_text
    from whalecore.identifiers.training import train

    read_at = datetime.now(UTC)
    photos = lab.photos(reviewed=False).dropna(subset=["fold", "crop_x0"])
    with_individual = photos[photos["individual"].notna()].sort_values("photo_id")
    taught = with_individual[with_individual["fold"] != fold]
    individuals = tuple(sorted(taught["individual"].unique()))
    if len(individuals) < LEAST_INDIVIDUALS:
        raise TooFewError(
            f"The lab has {len(individuals)} individual(s) to learn from and at least "
            f"{LEAST_INDIVIDUALS} are needed: import photos whose individuals are known."
        )
    named = lab.photos()
    named = named[named["individual"].notna()]
    new_whales = _new_whales(photos[~photos["photo_id"].isin(named["photo_id"])], preset, fold)
    key = _training_key(taught, new_whales, preset, fold)
    with lab.claim(f"train-{key}"):
        done = [row for row in lab.rows("models") if _key_of(row) == key]
        held = with_individual[
            (with_individual["fold"] == fold)
            & (with_individual["part"] == "validation")
            & with_individual["individual"].isin(individuals)
        ]
        if done:
            return _with_marks_weighed(lab, done, taught, held, preset, report)
        crops, learned = _read_crops(lab, taught, preset, "read photos for training", report)
        individuals = tuple(sorted(set(learned["individual"])))
        held = held[held["individual"].isin(individuals)]
        held_crops, held = _read_crops(lab, held, preset, "read photos for validation", report)
        held_labels = _labels(individuals, held)
        new_crops, _ = _read_crops(lab, new_whales, preset, "read photos of new whales", report)
        curves = [()]
        labels = _labels(individuals, learned)
        with warnings_as_notes(report):
            identifier = train(
                crops,
                labels,
                individuals,
                preset.training,
                lab.folder / "training" / key,
                validation=(held_crops, held_labels) if len(held_labels) else None,
                progress=report,
                new_whales=new_crops,
                record=curves.append,
            )
        identifier = better_directed(identifier, crops, labels, held_crops, held_labels, report)
        ids, gallery = list(held["photo_id"]), _gallery(learned)
        identifier = weighed(
            lab, identifier, ids, held_crops, held_labels, gallery, preset.marks, report
        )
        identifier = _keep(lab, identifier, preset.weight_storage)
        row = _model_row(lab, identifier, taught, preset, fold, key)
        row |= {"curves": as_text(curves[-1]), "photos_read_at": read_at}
        lab.write("models", [row])
        shutil.rmtree(lab.folder / "training" / key, ignore_errors=True)
    return identifier.model_id


def _with_marks_weighed(
    lab: Lab,
    done: list[dict],
    taught: pd.DataFrame,
    held: pd.DataFrame,
    preset: Preset,
    report: Report,
) -> str:
    """Of models with the same training the one in which marks count, if they shall.

    A model from before marks counted, or were looked for in this way, becomes another one, since
    its scores change.
    """
    newest = max(done, key=lambda row: row["trained_at"])
    if preset.marks is None:
        return newest["model_id"]
    identifier = lab.identifier(newest["model_id"])
    if identifier.marks and replace(identifier.marks, weight=preset.marks.weight) == preset.marks:
        return newest["model_id"]
    held = held[held["individual"].isin(identifier.individuals)]
    crops, held = _read_crops(lab, held, preset, "read photos for validation", report)
    labels = _labels(identifier.individuals, held)
    found = weighed(
        lab,
        identifier,
        list(held["photo_id"]),
        crops,
        labels,
        _gallery(taught),
        preset.marks,
        report,
    )
    if found.marks == identifier.marks:
        return newest["model_id"]
    found = _keep(lab, found, preset.weight_storage)
    # It learned from what the other learned from, and yet it is the newer one.
    moment = newest["trained_at"] + timedelta(microseconds=1)
    lab.write("models", [newest | _identity(found) | {"trained_at": moment}])
    return found.model_id


def _keep(lab: Lab, identifier: Identifier, precision: str) -> Identifier:
    """Save among the lab's models; what is given back is what a reader gets."""
    from whalecore.identifiers.checkpoint import save_identifier

    # The stored weights may be rounded, and the identity belongs to what is stored.
    unnamed = lab.folder / "models" / f".{identifier.model_id}"
    kept = save_identifier(identifier, unnamed, precision)
    target = lab.model_folder(kept.model_id)
    if target.is_dir():
        # Left by a run that ended before the model was listed; it holds the same weights.
        shutil.rmtree(unnamed)
    else:
        os.replace(unnamed, target)
    return kept


def _key_of(model: dict) -> str:
    return json.loads(model["settings"])["training_key"]


def _labels(individuals: Sequence[str], photos: pd.DataFrame) -> np.ndarray:
    row_of = {individual: row for row, individual in enumerate(individuals)}
    return np.array([row_of[name] for name in photos["individual"]], np.int64)


def _gallery(learned: pd.DataFrame) -> dict[str, list[str]]:
    return learned.groupby("individual")["photo_id"].agg(list).to_dict()


def _read_crops(
    lab: Lab, photos: pd.DataFrame, preset: Preset, step: str, report: Report
) -> tuple[np.ndarray, pd.DataFrame]:
    """Crops uint8 (photos, height, width, 3) of the photos that can be read, and these photos."""
    height, width = preset.training.height, preset.training.width
    crops = np.empty((len(photos), height, width, 3), np.uint8)
    if photos.empty:
        return crops, photos
    read: list[int] = []
    pace = Pace(step, len(photos), report)
    for place, row in enumerate(photos.itertuples()):
        try:
            photo = lab.read_photo(row._asdict())
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        box = Box(row.crop_x0, row.crop_y0, row.crop_x1, row.crop_y1)
        crops[len(read)] = cut(photo, box, height, width, preset.training.crop_margin)
        read.append(place)
        pace.advance()
    return crops[: len(read)], photos.iloc[read]


def _new_whales(photos: pd.DataFrame, preset: Preset, fold: int) -> pd.DataFrame:
    """Photos without any name outside `fold`, where the settings learn from such photos."""
    unknown = photos["individual"].isna() & (photos["fold"] != fold)
    chosen = photos[unknown & (preset.training.new_whale_share > 0)]
    return chosen.assign(individual="unknown").sort_values("photo_id")


def _training_key(taught: pd.DataFrame, new_whales: pd.DataFrame, preset: Preset, fold: int) -> str:
    parts = [preset.training.key, str(fold)]
    parts += [
        f"{row.photo_id} {row.individual} {row.crop_x0:.1f} {row.crop_y0:.1f} "
        f"{row.crop_x1:.1f} {row.crop_y1:.1f}"
        for part in (taught, new_whales)
        for row in part.itertuples()
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _identity(identifier: Identifier) -> dict:
    """What tells models of one training apart."""
    return {
        "model_id": identifier.model_id,
        "fingerprint": identifier.fingerprint,
        "temperature": identifier.temperature,
        "mark_weight": identifier.marks.weight if identifier.marks else None,
    }


def _model_row(lab, identifier, taught, preset, fold, key) -> dict:
    return _identity(identifier) | {
        "architecture": identifier.architecture,
        "input_height": identifier.height,
        "input_width": identifier.width,
        "individuals": list(identifier.individuals),
        "fold": fold,
        "folds": lab.info.folds,
        "photos_trained": len(taught),
        "settings": json.dumps(
            {**asdict(preset.training), "preset": preset.name, "training_key": key}, default=str
        ),
        "metrics": json.dumps(identifier.metrics),
    }
