"""Heatmaps that are asked for by name: of any photo of the lab, for one individual.

They show a candidate's own photo as the model sees it, also where the model learned from it, and
count in nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from whalecore.errors import LabError
from whalecore.lab.gallery import extended
from whalecore.lab.grids import StoredHeatmap
from whalecore.types import HeatmapSettings, Photo, Prediction

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.lab import Lab

LEARNED, BEYOND, UNSCORED = "learned", "beyond", "unscored"
"""Why a heatmap counts in nothing: the model learned from the photo, the individual is not among
its first five, or the model has not scored it."""


def model_of(model_id: str) -> str:
    """The model itself, of the name that heatmaps of a longer list of individuals are kept under.

    See `whalecore.types.Prediction.heatmap_model`.
    """
    return model_id.partition(".")[0]


def uncounted(lab: Lab, model_id: str, photo_id: str, individual: str) -> str | None:
    """Why the heatmaps of a model for an individual on a photo count in nothing.

    Returns
    -------
    str or None
        ``learned``, ``beyond`` or ``unscored``; None where they count, because the model scored
        the photo without having learned from it and the individual is among the candidates.
    """
    candidates = lab.candidates(model_id, photo_id)
    if any(one.individual == individual for one in candidates):
        return None
    if candidates:
        return BEYOND
    return LEARNED if photo_id in lab.learned(model_of(model_id)) else UNSCORED


def named_heatmap(
    lab: Lab,
    model_id: str,
    photo_id: str,
    individual: str,
    settings: HeatmapSettings,
) -> StoredHeatmap | None:
    """The heatmap of a model for an individual on a photo, whatever list it chose among, or None.

    That of the trained list comes first.
    """
    options = lab.heatmap_options(photo_id)
    options = options[
        (options["individual"] == individual)
        & (options["settings"] == settings.key)
        & (options["model_id"].map(model_of) == model_of(model_id))
    ]
    for found in sorted(options["model_id"], key=len):
        heatmap = lab.heatmap(found, photo_id, individual, settings.method, settings)
        if heatmap is not None:
            return heatmap
    return None


def named_prediction(
    lab: Lab, identifier: AnyIdentifier, photo: Photo, individual: str
) -> tuple[AnyIdentifier, Prediction]:
    """What a model says of one individual on a photo of the lab, which never answers for itself.

    Returns
    -------
    identifier
        The one that was asked: the trained list alone, or with further individuals where the
        individual is one of those.
    Prediction
        With the individual as the only candidate, of its true rank and score.

    Raises
    ------
    LabError
        Where the model cannot name the individual.
    """
    if individual not in identifier.individuals:
        identifier = extended(lab, identifier, {photo.photo_id}, as_scored=False)
    if individual not in identifier.individuals:
        raise LabError(
            f"The model cannot say what speaks for {individual} on this photo, because it knows "
            "no other photo of that individual: name one more of its photos, or train again."
        )
    crop = lab.crop(photo.photo_id)
    whole = identifier.identify(photo, k=len(identifier.individuals), crop=crop)
    own = tuple(one for one in whole.candidates if one.individual == individual)
    return identifier, replace(whole, candidates=own)
