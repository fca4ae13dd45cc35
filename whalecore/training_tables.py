"""How trainings went, as tables for people: curves, results, settings that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd

from whalecore.identifiers.later_settings import LATER

SETTING_WORDS = {
    "preset": "preset",
    "architecture": "network",
    "network_width": "channels of the first block",
    "height": "input height (pixels)",
    "width": "input width (pixels)",
    "weights": "start of the network",
    "low_resolution_epochs": "passes at half the size",
    "epochs": "passes at the full size",
    "batch_individuals": "individuals shown at a time",
    "batch_photos": "photos of each individual shown at a time",
    "new_whale_share": "share of unknown animals among them",
    "triplet": "weight of the triplet loss",
    "arcface": "weight of the ArcFace loss",
    "focal": "weight of the focal loss",
    "triplet_margin": "margin of the triplet loss",
    "arcface_margin": "margin of the ArcFace loss (radians)",
    "margin_warm_up": "share of the training in which that margin rises",
    "scale": "raw score of a perfect likeness",
    "focusing": "how little easy photos count in the focal loss",
    "hardest": "share of photos that count in the focal loss",
    "mirrored": "mirror images as further individuals",
    "learning_rate": "largest learning rate",
    "weight_decay": "shrinking of the weights",
    "warm_up": "share of the training in which the learning rate rises",
    "average": "passes over which the weights are averaged",
    "augmentation": "random changes to the photos",
    "strength": "strength of these changes",
    "crop_margin": "widening of the fluke's box",
    "seed": "seed of the random numbers",
}
"""Settings of a training in plain words, in the order in which they are shown."""

OTHERS = {
    "fold": "fold kept out",
    "photos_trained": "photos it learned from",
    "known": "individuals it can name",
    "marks": "weight of matching marks in the score",
}
COLUMNS = (
    *("run", "pass", "half_size", "loss", "learning_rate"),
    *("seconds", "photos_per_second", "top1", "map5"),
)


def with_curves(models: pd.DataFrame) -> list[str]:
    """Models of a lab whose curves were kept, the newest first."""
    return [row.model_id for row in models.itertuples() if _epochs(row)]


def curves(models: pd.DataFrame, chosen: Sequence[str]) -> pd.DataFrame:
    """The curves of some models, one row a pass.

    Returns
    -------
    DataFrame
        run (the model), pass, half_size, loss, learning_rate, seconds, photos_per_second, top1
        and map5 (missing where no photos of validation were looked at).
    """
    rows = [
        {**epoch, "run": model_id, "pass": epoch.get("number")}
        for model_id in chosen
        for epoch in _epochs(_model(models, model_id))
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in ("run", "half_size")]
    return frame.astype(dict.fromkeys(numbers, "float"))


def results(models: pd.DataFrame, chosen: Sequence[str]) -> pd.DataFrame:
    """What each training came to: a row a measure, a column a model."""
    found = {}
    for model_id in chosen:
        one = curves(models, [model_id])
        last = one.iloc[-1]
        found[model_id] = {
            "passes": f"{len(one)}",
            "loss of the last pass": f"{last['loss']:.3g}",
            "first candidate right, of validation photos": _share(last["top1"]),
            "MAP@5 of validation photos": _number(last["map5"]),
            "time": _duration(one["seconds"].sum()),
            "photos per second": f"{one['photos_per_second'].median():.3g}",
        }
    return pd.DataFrame(found).rename_axis("measure").reset_index()


def settings_of(models: pd.DataFrame, chosen: Sequence[str]) -> pd.DataFrame:
    """All settings of some models: setting, a column a model, and the name for ``--set``."""
    found = {model_id: _settings(_model(models, model_id)) for model_id in chosen}
    words = SETTING_WORDS | OTHERS
    rows = [
        {
            "setting": words[name],
            **{model_id: _written(values.get(name)) for model_id, values in found.items()},
            "name for --set": name if name in SETTING_WORDS and name != "preset" else "",
        }
        for name in words
    ]
    return pd.DataFrame(rows)


def differing(models: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Settings and numbers of photos that two trainings do not share, as `settings_of`."""
    table = settings_of(models, [first, second])
    return table[table[first] != table[second]].reset_index(drop=True)


def _settings(model: object) -> Mapping[str, object]:
    fold, photos = model.fold, model.photos_trained
    return {
        **LATER,
        **_json(model.settings, dict),
        "fold": None if pd.isna(fold) else int(fold),
        "photos_trained": None if pd.isna(photos) else int(photos),
        "known": len(model.individuals),
        "marks": _weight(getattr(model, "mark_weight", None)),
    }


def _weight(weight: float | None) -> str:
    return "they do not count" if weight is None or pd.isna(weight) else f"{weight:.2f}"


def _model(models: pd.DataFrame, model_id: str) -> object:
    return next(row for row in models.itertuples() if row.model_id == model_id)


def _epochs(model: object) -> list[dict]:
    found = _json(getattr(model, "curves", None), list)
    return [epoch for epoch in found if isinstance(epoch, dict)]


def _json(text: object, kind: type) -> dict | list:
    """What a column of JSON holds; nothing where it is empty or another kind of thing."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    return found if isinstance(found, kind) else kind()


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _share(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.0%}"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3f}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
