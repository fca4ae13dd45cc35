"""Train the identifier of one fold and calibrate its temperature."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict

import numpy as np
import pandas as pd

from whalecore.errors import TooFewError, WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.photos.crop import cut
from whalecore.reliability.temperature import fit_temperature
from whalecore.types import Box
from whalecore.workflow.presets import Preset
from whalecore.workflow.progress import Pace, Report, silent

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
    from whalecore.identifiers.checkpoint import save_identifier
    from whalecore.identifiers.history import as_text
    from whalecore.identifiers.identifier import with_temperature
    from whalecore.identifiers.training import train

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
        for model in lab.rows("models"):
            if json.loads(model["settings"])["training_key"] == key:
                return model["model_id"]
        crops, names = _read_crops(lab, taught, preset, "read photos for training", report)
        individuals = tuple(sorted(set(names)))
        number = {individual: index for index, individual in enumerate(individuals)}
        labels = np.array([number[name] for name in names], np.int64)
        held = with_individual[
            (with_individual["fold"] == fold)
            & (with_individual["part"] == "validation")
            & with_individual["individual"].isin(individuals)
        ]
        held_crops, names = _read_crops(lab, held, preset, "read photos for validation", report)
        held_labels = np.array([number[name] for name in names], np.int64)
        new_crops, _ = _read_crops(lab, new_whales, preset, "read photos of new whales", report)
        curves = [()]
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
        temperature = 1.0
        if len(held_labels):
            logits, _ = identifier.identify_many(held_crops)
            temperature = fit_temperature(logits, held_labels)
        # The stored weights may be rounded, and the identity belongs to what is stored.
        unnamed = lab.folder / "models" / f".{key}"
        identifier = save_identifier(
            with_temperature(identifier, temperature), unnamed, preset.weight_storage
        )
        target = lab.model_folder(identifier.model_id)
        if target.is_dir():
            # Left by a run that ended between these two lines; it holds the same weights.
            shutil.rmtree(unnamed)
        else:
            os.replace(unnamed, target)
        row = _model_row(lab, identifier, taught, preset, fold, key)
        lab.write("models", [row | {"curves": as_text(curves[-1])}])
        shutil.rmtree(lab.folder / "training" / key, ignore_errors=True)
    return identifier.model_id


def _read_crops(
    lab: Lab, photos: pd.DataFrame, preset: Preset, step: str, report: Report
) -> tuple[np.ndarray, list[str]]:
    """Crops uint8 (photos, height, width, 3) of the photos that can be read, and their names."""
    height, width = preset.training.height, preset.training.width
    crops = np.empty((len(photos), height, width, 3), np.uint8)
    names: list[str] = []
    if photos.empty:
        return crops, names
    pace = Pace(step, len(photos), report)
    for row in photos.itertuples():
        try:
            photo = lab.read_photo(row._asdict())
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        box = Box(row.crop_x0, row.crop_y0, row.crop_x1, row.crop_y1)
        crops[len(names)] = cut(photo, box, height, width, preset.training.crop_margin)
        names.append(row.individual)
        pace.advance()
    return crops[: len(names)], names


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


def _model_row(lab, identifier, taught, preset, fold, key) -> dict:
    return {
        "model_id": identifier.model_id,
        "architecture": identifier.architecture,
        "input_height": identifier.height,
        "input_width": identifier.width,
        "individuals": list(identifier.individuals),
        "fingerprint": identifier.fingerprint,
        "temperature": identifier.temperature,
        "fold": fold,
        "folds": lab.info.folds,
        "photos_trained": len(taught),
        "settings": json.dumps(
            {**asdict(preset.training), "preset": preset.name, "training_key": key}, default=str
        ),
        "metrics": json.dumps(identifier.metrics),
    }
