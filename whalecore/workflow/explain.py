"""Compute heatmaps: only what is missing, for a random sample where time is short."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import product

from whalecore.errors import LabError, TooFewError, WhalecoreError
from whalecore.explain.gradcam_batches import grad_cams_in_batches
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.growing import (
    growing_heatmaps,
    heatmap_rows,
    occlusion_rows,
    unfinished_rows,
)
from whalecore.lab.lab import Lab
from whalecore.types import (
    Computing,
    GradCamSettings,
    HeatmapSettings,
    OcclusionMaps,
    OcclusionSettings,
    Photo,
    Prediction,
    Progress,
)
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Pace, Report, silent

BATCH = 16
"""Photos whose Grad-CAM comes from one forward pass, where the memory allows so many."""

TOGETHER = {"cuda": 8}
"""Photos whose occlusion maps share batches, by kind of device; elsewhere one."""

KEPT_EVERY = 20.0
"""Seconds of work on one photo that a sudden end may cost, beside the level it is at."""

SHOWN_KEPT_EVERY = 10.0
"""The same, of a photo that somebody is looking at."""

PATIENCE = 10.0
"""Seconds to wait for somebody else who explains the same photo, and may just be stopping."""


@dataclass(frozen=True)
class Explained:
    """What a call came to.

    Attributes
    ----------
    photos : int
        For which something was computed.
    failed : tuple of str
        One sentence for each photo that could not be explained.
    """

    photos: int
    failed: tuple[str, ...] = ()


def explain_photos(
    lab: Lab,
    settings: Sequence[HeatmapSettings],
    limit: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    report: Report = silent,
    computing: Computing | None = None,
) -> Explained:
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
    computing : Computing, optional
        By what means heatmaps are computed.

    Returns
    -------
    Explained
        A photo that fails does not keep others from being explained.

    Raises
    ------
    TooFewError
        If no photo has a score yet.
    SettingsError
        If a patch is larger than the longer side of a model's input.
    """
    newest = newest_models(lab)
    for model, one in product(newest, settings):
        if isinstance(one, OcclusionSettings):
            one.check_fits(model["input_height"], model["input_width"])
    scored = [
        (photo_id, model["model_id"])
        for model in newest
        for (photo_id,) in lab.computed_keys("scores", ["photo_id"], model_id=model["model_id"])
    ]
    if not scored:
        raise TooFewError(
            f"The lab '{lab.name}' has no scored photo to explain: give the command train, and "
            "then score, first."
        )
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
        return Explained(0)
    for model_id in models:
        _record_sample(lab, model_id, settings, len(scored), limit, minutes, seed)
    explained = _explain_pairs(lab, missing, minutes, report, computing)
    lab.compact()
    return explained


def explain_photo(
    lab: Lab,
    photo_id: str,
    settings: HeatmapSettings,
    report: Report = silent,
    computing: Computing | None = None,
    identifier: Identifier | None = None,
    model_id: str | None = None,
) -> None:
    """Explain one photo of the lab, if that is not done already; parameters of `explain_growing`.

    Raises
    ------
    LabError
        If the photo has no honest score, so that there is nothing to explain.
    """
    if isinstance(settings, OcclusionSettings):
        growing = explain_growing(lab, photo_id, settings, computing, report, identifier, model_id)
        for _ in growing:
            pass
        return
    identifier = identifier or lab.identifier(model_id or _judge(lab, photo_id))
    report(Progress("grad-cam", 0, 1))
    wanted = {photo_id: [settings]}
    for error in _explain_by_grad_cam(lab, identifier, wanted, computing, PATIENCE).values():
        raise error
    report(Progress("grad-cam", 1, 1, 0.0))


def explain_growing(
    lab: Lab,
    photo_id: str,
    settings: OcclusionSettings,
    computing: Computing | None = None,
    report: Report = silent,
    identifier: Identifier | None = None,
    model_id: str | None = None,
    guided: bool = False,
) -> Iterator[OcclusionMaps]:
    """Compute the occlusion maps of one photo of the lab, coarse to fine.

    Goes on where an earlier call stopped and keeps what it has after every level, so that even a
    sudden end costs at most the level at hand; see `whalecore.lab.growing.growing_heatmaps`.
    Nothing is computed where the maps are there.

    Parameters
    ----------
    identifier : Identifier, optional
        That of the photo's scores, to spare loading it again.
    model_id : str, optional
        One of the models that scored the photo; by default the newest one.
    guided : bool
        For somebody who watches; see `whalecore.explain.occlusion.growing_maps`.

    Yields
    ------
    OcclusionMaps
        After each level; the last one is finished. Stop at any, by closing the generator.

    Raises
    ------
    LabError
        If the photo has no honest score, or another process explains it.
    """
    model_id = model_id or _judge(lab, photo_id)
    if identifier is None or identifier.model_id != model_id:
        identifier = lab.identifier(model_id)
    with lab.claim(claim_of(model_id, photo_id), wait=PATIENCE):
        if not _explained(lab, model_id, settings, photo_id=photo_id):
            photo, prediction = _looked_at(lab, identifier, photo_id)
            yield from growing_heatmaps(
                lab,
                identifier,
                photo,
                prediction,
                settings,
                computing,
                report,
                SHOWN_KEPT_EVERY,
                doubled=True,
                guided=guided,
            )


def _judge(lab: Lab, photo_id: str) -> str:
    """The model whose scores of a photo count."""
    scores = lab.scores(photo_id=photo_id)
    if scores.empty:
        raise LabError(
            "This photo has no score from a model that did not learn from it, so there is "
            "nothing to explain: choose a photo with scores, or upload a new one on Identify."
        )
    return scores["model_id"].iloc[0]


def _explain_pairs(lab, missing, minutes, report, computing) -> Explained:
    """Explain (photo, model) pairs in order, some photos at a time, until the time is over."""
    identifiers: dict[str, Identifier] = {}
    pace = Pace("explain photos", len(missing), report)
    pairs, failed = list(missing), []
    for first in range(0, len(pairs), BATCH):
        if minutes is not None and pace.seconds > 60 * minutes:
            break
        # Model by model, so that what is made ready for one can be given up for the next.
        batch = sorted(pairs[first : first + BATCH], key=lambda pair: pair[1])
        by_model: dict[str, dict[str, list[GradCamSettings]]] = {}
        for photo_id, model_id in batch:
            if model_id not in identifiers:
                identifiers[model_id] = lab.identifier(model_id)
            cams = [one for one in missing[photo_id, model_id] if isinstance(one, GradCamSettings)]
            if cams:
                by_model.setdefault(model_id, {})[photo_id] = cams
        errors = {
            (photo_id, model_id): error
            for model_id, wanted in by_model.items()
            for photo_id, error in _explain_by_grad_cam(
                lab, identifiers[model_id], wanted, computing
            ).items()
        }
        maps = {
            pair: [one for one in missing[pair] if isinstance(one, OcclusionSettings)]
            for pair in batch
        }
        for place, pair in enumerate(batch):
            if maps[pair] and minutes is not None and pace.seconds > 60 * minutes:
                break
            try:
                if pair in errors:
                    raise errors[pair]
                identifier = identifiers[pair[1]]
                _give_up(one for one in identifiers.values() if one is not identifier)
                alike = [
                    photo_id
                    for photo_id, model_id in batch[place:]
                    if model_id == pair[1] and (photo_id, model_id) not in errors
                ]
                _explain_together(lab, identifier, alike, maps[pair], computing)
                _explain_by_occlusion(lab, identifier, pair[0], maps[pair], computing)
            except WhalecoreError as error:
                failed.append(str(error))
                pace.advance(message=failed[-1])
                continue
            pace.advance()
    return Explained(pace.done - len(failed), tuple(failed))


def _give_up(identifiers: Iterable[Identifier]) -> None:
    """Free the memory of what networks were made ready with: each may take all that is allowed."""
    for one in identifiers:
        one.prepared_forms.clear()


def _explain_by_occlusion(lab, identifier, photo_id, settings, computing) -> None:
    if not settings:
        return
    with lab.claim(claim_of(identifier.model_id, photo_id)):
        wanted = [
            one
            for one in settings
            if not _explained(lab, identifier.model_id, one, photo_id=photo_id)
        ]
        if not wanted:
            return
        photo, prediction = _looked_at(lab, identifier, photo_id)
        for one in wanted:
            for _ in growing_heatmaps(
                lab, identifier, photo, prediction, one, computing, silent, KEPT_EVERY
            ):
                pass


def _explain_together(lab, identifier, photo_ids, settings, computing) -> None:
    """Make the occlusion maps of several photos at once, where the device is made for that.

    What is in the way - a photo that cannot be read, is explained by somebody else or was begun
    earlier - is left to `_explain_by_occlusion`. Where the memory is short, the photos follow one
    another.
    """
    at_once = TOGETHER.get(identifier.device.type, 1)
    for one in settings:
        if one.exact and at_once > 1:
            _explain_at_once(lab, identifier, photo_ids, at_once, one, computing)


def _explain_at_once(lab, identifier, photo_ids, at_once, settings, computing) -> None:
    """The first few photos whose maps are missing, if the very first one's are."""
    from whalecore.explain.together import maps_growing_together

    model_id = identifier.model_id
    done = _explained(lab, model_id, settings) | _begun(lab, model_id, settings)
    missing = [photo_id for photo_id in photo_ids if photo_id not in done]
    if missing[:1] != photo_ids[:1] or len(missing) < 2:
        return
    with ExitStack() as claims:
        looked_at = []
        for photo_id in missing[:at_once]:
            with suppress(WhalecoreError):
                claims.enter_context(lab.claim(claim_of(model_id, photo_id)))
                # Somebody else may have explained it a moment ago.
                if not _explained(lab, model_id, settings, photo_id=photo_id):
                    looked_at.append(_looked_at(lab, identifier, photo_id))
        predictions = [prediction for _, prediction in looked_at]
        if len(predictions) < 2:
            return
        prepared = [identifier.prepare(photo, one.crop.box) for photo, one in looked_at]
        individuals = [prediction.individuals for prediction in predictions]
        newest = kept = None
        finished, kept_at = False, time.monotonic()

        def keep(table: str, rows_of) -> None:
            pairs = zip(predictions, newest, strict=True)
            lab.write(table, [row for one, maps in pairs for row in rows_of(one, settings, maps)])

        try:
            for newest in maps_growing_together(
                identifier, prepared, individuals, settings, computing
            ):
                finished = all(one.complete for one in newest)
                if not finished and time.monotonic() - kept_at >= KEPT_EVERY:
                    keep("unfinished_heatmaps", unfinished_rows)
                    kept, kept_at = newest, time.monotonic()
        finally:
            if finished:
                keep("heatmaps", occlusion_rows)
            elif newest is not kept:
                keep("unfinished_heatmaps", unfinished_rows)


def _explain_by_grad_cam(
    lab: Lab,
    identifier: Identifier,
    wanted: dict[str, list[GradCamSettings]],
    computing: Computing | None = None,
    patience: float = 0.0,
) -> dict[str, WhalecoreError]:
    """Explain photos of one model together; returns why some could not be."""
    model_id, errors = identifier.model_id, {}
    predictions, prepared = [], []
    with ExitStack() as claims:
        for photo_id, settings in wanted.items():
            try:
                claims.enter_context(lab.claim(claim_of(model_id, photo_id), wait=patience))
                if all(_explained(lab, model_id, one, photo_id=photo_id) for one in settings):
                    continue
                photo, prediction = _looked_at(lab, identifier, photo_id)
                prepared.append(identifier.prepare(photo, prediction.crop.box))
            except WhalecoreError as error:
                errors[photo_id] = error
                continue
            predictions.append(prediction)
        if not predictions:
            return errors
        layers = {one.layer: one for found in predictions for one in wanted[found.photo_id]}
        individuals = [prediction.individuals for prediction in predictions]
        maps = grad_cams_in_batches(identifier, prepared, individuals, list(layers), computing)
        rows = [
            row
            for layer, settings in layers.items()
            for prediction, cams in zip(predictions, maps[layer], strict=True)
            if settings in wanted[prediction.photo_id]
            for row in heatmap_rows(prediction, settings, cams)
        ]
        lab.write("heatmaps", rows)
    return errors


def _looked_at(lab: Lab, identifier: Identifier, photo_id: str) -> tuple[Photo, Prediction]:
    """A photo and what was said of it; nothing is asked again, so that maps fit the scores."""
    photo = lab.read_photo(photo_id)
    crop = lab.crop(photo_id) or identifier.locate(photo)
    candidates = lab.candidates(identifier.model_id, photo_id)
    if not candidates:
        raise LabError(
            f"The photo {photo.name} has no score of its present crop: give the command score "
            "first."
        )
    embedding = identifier.embed(identifier.prepare(photo, crop.box)[None])[0]
    values = embedding.float().cpu().numpy()
    return photo, Prediction(photo_id, identifier.model_id, crop, candidates, values)


def claim_of(model_id: str, photo_id: str) -> str:
    """What is claimed by whoever explains a photo."""
    return f"explain-{model_id}-{photo_id}"


def _explained(lab, model_id, settings, **equal) -> set[str]:
    """Photos of which the heatmaps of all candidates, of the present crop, are there."""
    key = ["photo_id", "individual"]
    there = lab.scored_heatmaps(
        key, model_id=model_id, method=settings.method, settings=settings.key, **equal
    )
    wanted = lab.computed_keys("scores", key, model_id=model_id, **equal)
    return {photo_id for photo_id, _ in wanted} - {photo_id for photo_id, _ in wanted - there}


def _begun(lab, model_id, settings) -> set[str]:
    """Photos with an unfinished map."""
    keys = lab.computed_keys(
        "unfinished_heatmaps", ["photo_id"], model_id=model_id, settings=settings.key
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
