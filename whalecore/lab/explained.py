"""The heatmaps of one photo: read where the lab holds them, else computed and kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from whalecore.errors import LabError
from whalecore.lab.grids import StoredHeatmap, heatmap_of
from whalecore.lab.growing import growing_heatmaps, heatmap_rows, occlusion_rows
from whalecore.types import (
    Computing,
    GradCamSettings,
    HeatmapSettings,
    OcclusionMaps,
    OcclusionSettings,
    Photo,
    Prediction,
    Report,
    settings_from_key,
    silent,
)

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.lab import Lab

USUAL = OcclusionSettings(patch=16, stride=8)
"""Heatmaps of a lab without clusters."""

KEPT_EVERY = 5.0
"""Seconds of work on heatmaps that a sudden end may cost."""

Growing = Callable[[OcclusionMaps, Prediction], None]
"""What is told of heatmaps on the way, and of the candidates they belong to."""


def unseen(maps: OcclusionMaps, prediction: Prediction) -> None:
    """For somebody who does not look at heatmaps on the way."""


@dataclass(frozen=True, eq=False)
class Explaining:
    """How heatmaps that are not there are computed.

    Attributes
    ----------
    computing : Computing or None
        By what means.
    report : callable
        Called with the progress.
    growing : callable
        Called with the candidates' occlusion maps after each level, coarse to fine, and with the
        candidates.
    """

    computing: Computing | None = None
    report: Report = silent
    growing: Growing = unseen


def heatmaps_of(
    lab: Lab,
    identifier: AnyIdentifier,
    photo: Photo,
    prediction: Prediction,
    settings: HeatmapSettings,
    explaining: Explaining,
) -> dict[str, StoredHeatmap]:
    """The heatmaps of all candidates, by individual.

    A fast occlusion map that is too far from the exact one is computed exactly.
    """
    found = _stored(lab, prediction, settings)
    if settings.method == "gradcam":
        return found or _grad_cams(lab, identifier, photo, prediction, settings)
    found = found or _computed(lab, identifier, photo, prediction, settings, explaining)
    if settings.exact:
        return found
    least = lab.info.least_correlation
    if all(
        one.computed == one.values.size or (one.correlation or 0.0) >= least
        for one in found.values()
    ):
        return found
    exact = replace(settings, accuracy=1.0)
    return heatmaps_of(lab, identifier, photo, prediction, exact, explaining)


def settings_of(lab: Lab, clustering_id: str | None) -> OcclusionSettings:
    """The occlusion maps that are shown of a new photo: such as were clustered, or usual ones."""
    parts = lab.representation(clustering_id).parts if clustering_id else ()
    clustered = (settings_from_key(part.settings) for part in parts if part.method == "osm")
    return next(clustered, USUAL)


def _grad_cams(
    lab: Lab,
    identifier: AnyIdentifier,
    photo: Photo,
    prediction: Prediction,
    settings: GradCamSettings,
) -> dict[str, StoredHeatmap]:
    """By individual, from one pass through the network."""
    # Here, so that a lab can be read without loading torch.
    from whalecore.explain.gradcam import grad_cam

    prepared = identifier.prepare(photo, prediction.crop.box)
    maps = grad_cam(identifier, prepared, prediction.individuals, settings.layer)
    rows = heatmap_rows(prediction, settings, maps)
    # Only kept to be quicker next time: a lab that cannot be written to still answers.
    with suppress(LabError):
        lab.write("heatmaps", rows)
    return {row["individual"]: heatmap_of(row) for row in rows}


def _stored(
    lab: Lab, prediction: Prediction, settings: HeatmapSettings
) -> dict[str, StoredHeatmap] | None:
    """The heatmaps that the lab holds of all candidates; None where one is missing."""
    found = {
        individual: lab.heatmap(
            prediction.heatmap_model,
            prediction.photo_id,
            individual,
            settings.method,
            settings,
        )
        for individual in prediction.individuals
    }
    crop = prediction.crop.box.key
    return found if all(one and one.crop == crop for one in found.values()) else None


def _computed(
    lab: Lab,
    identifier: AnyIdentifier,
    photo: Photo,
    prediction: Prediction,
    settings: OcclusionSettings,
    explaining: Explaining,
) -> dict[str, StoredHeatmap]:
    def keep(table, rows) -> None:
        # Only kept to be quicker next time: a lab that cannot be written to still answers.
        with suppress(LabError):
            lab.write(table, rows)

    for maps in growing_heatmaps(
        lab,
        identifier,
        photo,
        prediction,
        settings,
        explaining.computing,
        explaining.report,
        KEPT_EVERY,
        keep,
    ):
        explaining.growing(maps, prediction)
    rows = occlusion_rows(prediction, settings, maps)
    return {row["individual"]: heatmap_of(row) for row in rows}
