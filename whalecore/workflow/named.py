"""Explain any photo of the lab for an individual that is asked for by name."""

from __future__ import annotations

from collections.abc import Iterator

from whalecore.errors import LabError
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.growing import growing_heatmaps, heatmap_rows
from whalecore.lab.lab import Lab
from whalecore.lab.named import model_of, named_heatmap, named_prediction, uncounted
from whalecore.types import (
    Computing,
    GradCamSettings,
    HeatmapSettings,
    OcclusionMaps,
    Progress,
    Report,
    silent,
)
from whalecore.workflow.explain import (
    PATIENCE,
    SHOWN_KEPT_EVERY,
    claim_of,
    explain_growing,
    explain_photo,
)


def explain_named(
    lab: Lab,
    photo_id: str,
    individual: str,
    model_id: str,
    settings: HeatmapSettings,
    computing: Computing | None = None,
    report: Report = silent,
    identifier: Identifier | None = None,
) -> Iterator[OcclusionMaps]:
    """Compute what of a photo speaks for one individual, also where the model learned from it.

    Where the model scored the photo and the individual is among its candidates, the heatmaps of
    all of them are computed, which count as any. Else this one alone, which counts in nothing; see
    `whalecore.lab.named`. Nothing is computed where it is there; what was stopped is continued.

    Parameters
    ----------
    model_id : str
        The model that is asked; it needs no score of the photo.
    identifier : Identifier, optional
        That model, to spare loading it again.

    Yields
    ------
    OcclusionMaps
        After each level, the last one finished; nothing of a Grad-CAM.

    Raises
    ------
    LabError
        If the model or the photo is unknown, the model cannot name the individual, or another
        process explains the photo.
    """
    model_id = model_of(model_id)
    if not lab.rows("models", model_id=model_id):
        raise LabError("The lab has no such model any more: open the photo again.")
    identifier = identifier or lab.identifier(model_id)
    if uncounted(lab, model_id, photo_id, individual) is None:
        if isinstance(settings, GradCamSettings):
            explain_photo(lab, photo_id, settings, report, identifier=identifier)
        else:
            yield from explain_growing(
                lab, photo_id, settings, computing, report, identifier, model_id
            )
        return
    with lab.claim(claim_of(model_id, photo_id), wait=PATIENCE):
        if named_heatmap(lab, model_id, photo_id, individual, settings) is not None:
            return
        photo = lab.read_photo(photo_id)
        asked, prediction = named_prediction(lab, identifier, photo, individual)
        if isinstance(settings, GradCamSettings):
            _explain_by_grad_cam(lab, asked, photo, prediction, settings, report)
            return
        yield from growing_heatmaps(
            lab,
            asked,
            photo,
            prediction,
            settings,
            computing,
            report,
            SHOWN_KEPT_EVERY,
            doubled=True,
        )


def _explain_by_grad_cam(lab, identifier, photo, prediction, settings, report) -> None:
    from whalecore.explain.gradcam import grad_cam

    report(Progress("grad-cam", 0, 1))
    prepared = identifier.prepare(photo, prediction.crop.box)
    maps = grad_cam(identifier, prepared, prediction.individuals, settings.layer)
    lab.write("heatmaps", heatmap_rows(prediction, settings, maps))
    report(Progress("grad-cam", 1, 1, 0.0))
