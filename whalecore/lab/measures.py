"""The evidence that needs the picture, the network or a heatmap: measured alike for all photos."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.photos.crop import clip, widen
from whalecore.photos.visible import cut_off, fluke_mask, visible_share
from whalecore.reliability.change import changing_share, shares_of_parts
from whalecore.reliability.evidence import Measures
from whalecore.reliability.heatmap_quality import agreement, balance, compactness, inside
from whalecore.reliability.nearest import nearest_evidence
from whalecore.types import (
    Computing,
    Crop,
    EmbeddingSet,
    GradCamSettings,
    Heatmap,
    OcclusionSettings,
    Photo,
    settings_from_key,
)

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier

COMPARED = GradCamSettings("layer4")
"""Grad-CAM that an occlusion map is compared with."""


def measured(
    identifier: AnyIdentifier,
    photo: Photo,
    crop: Crop,
    embedding: np.ndarray,
    individual: str,
    gallery: EmbeddingSet,
    heatmap: Heatmap | None = None,
    cam: np.ndarray | None = None,
    computing: Computing | None = None,
) -> Measures:
    """Measure a photo, of the lab or not.

    Parameters
    ----------
    identifier : Identifier
    photo : Photo
    crop : Crop
    embedding : ndarray of shape (features,)
    individual : str
        The first candidate.
    gallery : EmbeddingSet
        Of the identifier; the photo itself, if it is in there, is left out.
    heatmap : Heatmap, optional
        Occlusion map of the first candidate; nothing is said about heatmaps without it.
    cam : ndarray of shape (rows, cols), optional
        Its Grad-CAM of ``layer4``; computed where it is not given.
    computing : Computing, optional
        By what means an occlusion map is computed.

    Returns
    -------
    Measures

    Raises
    ------
    PhotoError
        When the box lies outside the photo.
    """
    box = clip(widen(crop.box, identifier.margin), photo)
    mask = fluke_mask(photo, crop, identifier.margin)
    found = Measures()
    # Where no fluke was found, the box is the photo and says nothing about a fluke.
    if crop.source != "whole":
        found = Measures(
            visible=visible_share(mask, box.width / box.height),
            cut_off=cut_off(crop.box, photo.height, photo.width),
        )
    others = gallery.without(photo.photo_id)
    nearest = nearest_evidence(embedding, others.values, others.individuals, individual)
    if nearest is not None:
        found = replace(found, nearest_distance=nearest[0], nearest_agreement=nearest[1])
    if heatmap is None:
        return found
    values = np.asarray(heatmap.values, np.float32)[None]
    changing = changing_share(values) if (values > 0).any() else np.array([np.nan])
    cams, coarse = _other_maps(identifier, photo, crop, individual, heatmap, cam, computing)
    return replace(
        found,
        compactness=_known(compactness(values)),
        inside_fluke=_known(inside(values, mask[None])),
        balance=_known(balance(values)),
        cam_agreement=_known(agreement(values, cams)),
        patch_agreement=_known(agreement(values, coarse)),
        changing_share=_known(changing),
        **shares_of_parts(values[0]),
    )


def doubled(settings: OcclusionSettings) -> OcclusionSettings:
    """Twice the patch and stride, every position computed."""
    return replace(settings, patch=2 * settings.patch, stride=2 * settings.stride, accuracy=1.0)


def _other_maps(
    identifier: AnyIdentifier,
    photo: Photo,
    crop: Crop,
    individual: str,
    heatmap: Heatmap,
    cam: np.ndarray | None,
    computing: Computing | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Grad-CAM and the occlusion map of twice the patch and stride, (1, rows, cols) each."""
    # Here, so that a lab can be read without loading torch.
    from whalecore.explain.gradcam import grad_cam
    from whalecore.explain.occlusion import finished_maps

    prepared = identifier.prepare(photo, crop.box)
    if cam is None:
        cam = grad_cam(identifier, prepared, individual, COMPARED.layer)
    settings = doubled(settings_from_key(heatmap.settings))
    coarse = finished_maps(identifier, prepared, individual, settings, computing)
    return np.asarray(cam)[None], coarse.values


def _known(values: np.ndarray) -> float | None:
    """The only value, or None where it is not a number."""
    value = float(values[0])
    return None if np.isnan(value) else value
