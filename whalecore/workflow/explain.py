"""Compute heatmaps: only what is missing, for a random sample where time is short."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from whalecore.errors import LabError, WhalecoreError
from whalecore.lab.assess import heatmap_rows
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapSettings
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent


def explain_photos(
    lab: Lab,
    settings: Sequence[HeatmapSettings],
    limit: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    report: Report = silent,
) -> int:
    """Explain the top 5 of the lab's scored photos with each of `settings`.

    Photos are taken in a random order that depends on `seed` alone, so that
    whatever part is finished is a random sample of the whole; the order is the
    same at every call, and more can be added at any time.

    Parameters
    ----------
    limit : int, optional
        Photos that shall be explained in all, those of earlier calls included.
    minutes : float, optional
        No photo is begun after this time.

    Returns
    -------
    int
        Number of photos for which something was computed now.
    """
    scored = [
        (photo_id, model["model_id"])
        for model in newest_models(lab)
        for (photo_id,) in lab.computed_keys("scores", ["photo_id"], model_id=model["model_id"])
    ]
    scored.sort(key=lambda pair: _draw(seed, pair[0]))
    models = sorted({model_id for _, model_id in scored})
    done = {
        (model_id, one): _explained(lab, model_id, one) for model_id in models for one in settings
    }
    missing = {
        pair: wanted
        for pair in scored[:limit]
        if (wanted := [one for one in settings if pair[0] not in done[pair[1], one]])
    }
    if not missing:
        return 0
    for model_id in models:
        _record_sample(lab, model_id, settings, len(scored), limit, minutes, seed)
    explained = _explain_pairs(lab, missing, minutes, report)
    lab.compact()
    return explained


def explain_photo(
    lab: Lab, photo_id: str, settings: HeatmapSettings, report: Report = silent
) -> None:
    """Explain one photo of the lab, if that is not done already.

    Raises
    ------
    LabError
        If the photo has no honest score, so that there is nothing to explain.
    """
    scores = lab.scores(photo_id=photo_id)
    if scores.empty:
        raise LabError(
            "This photo has no score from a model that did not learn from it, so there is "
            "nothing to explain: choose a photo with scores, or upload a new one on Identify."
        )
    model_id = scores["model_id"].iloc[0]
    _explain_one(lab, lab.identifier(model_id), photo_id, [settings], report)


def _explain_pairs(lab, missing, minutes, report) -> int:
    """Explain (photo, model) pairs in order until the time is over."""
    identifiers = {}
    pace = Pace("explain photos", len(missing), report)
    for (photo_id, model_id), wanted in missing.items():
        if minutes is not None and pace.seconds > 60 * minutes:
            break
        if model_id not in identifiers:
            identifiers[model_id] = lab.identifier(model_id)
        try:
            _explain_one(lab, identifiers[model_id], photo_id, wanted, silent)
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        pace.advance()
    return pace.done


def _explain_one(lab, identifier, photo_id, settings, report) -> None:
    with lab.claim(f"explain-{identifier.model_id}-{photo_id}"):
        wanted = [
            one
            for one in settings
            if not _explained(lab, identifier.model_id, one, photo_id=photo_id)
        ]
        if not wanted:
            return
        photo = lab.read_photo(photo_id)
        prediction = identifier.identify(photo, crop=lab.crop(photo_id))
        rows = [
            row
            for one in wanted
            for row in heatmap_rows(identifier, photo, prediction, one, report)
        ]
        lab.write("heatmaps", rows)


def _explained(lab, model_id, settings, **equal) -> set[str]:
    """Photos whose heatmaps, of their present crop, are there."""
    keys = lab.computed_keys(
        "heatmaps",
        ["photo_id"],
        model_id=model_id,
        method=settings.method,
        settings=settings.key,
        **equal,
    )
    return {key[0] for key in keys}


def _record_sample(lab, model_id, settings, population, limit, minutes, seed) -> None:
    """Remember how the photos were chosen, so that a part is known to be one."""
    lab.write(
        "samples",
        [
            {
                "model_id": model_id,
                "method": one.method,
                "settings": one.key,
                "population": population,
                "photo_limit": limit,
                "minutes": minutes,
                "seed": seed,
            }
            for one in settings
        ],
    )


def _draw(seed: int, photo_id: str) -> str:
    return hashlib.sha256(f"{seed} {photo_id}".encode()).hexdigest()
