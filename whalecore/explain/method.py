"""The one interface behind which every explanation method stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.explain.gradcam import grad_cam
from whalecore.explain.occlusion import finished_maps
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import (
    GradCamSettings,
    HeatmapSettings,
    OcclusionSettings,
    Photo,
    Progress,
)

ReportProgress = Callable[[Progress], None]


class Method(Protocol):
    """Makes the heatmaps of one photo."""

    def maps(
        self,
        identifier: AnyIdentifier,
        photo: Photo | torch.Tensor,
        individuals: Sequence[str],
        settings: HeatmapSettings,
        progress: ReportProgress | None = None,
    ) -> np.ndarray:
        """Return the maps, shape (individuals, rows, cols), float32."""
        ...


class Occlusion:
    """Occlusion sensitivity maps behind the common interface."""

    def maps(
        self,
        identifier: AnyIdentifier,
        photo: Photo | torch.Tensor,
        individuals: Sequence[str],
        settings: OcclusionSettings,
        progress: ReportProgress | None = None,
    ) -> np.ndarray:
        return finished_maps(
            identifier, photo, tuple(individuals), settings, progress=progress
        ).values


class GradCam:
    """Grad-CAM maps behind the common interface."""

    def maps(
        self,
        identifier: AnyIdentifier,
        photo: Photo | torch.Tensor,
        individuals: Sequence[str],
        settings: GradCamSettings,
        progress: ReportProgress | None = None,
    ) -> np.ndarray:
        maps = grad_cam(identifier, photo, tuple(individuals), settings.layer)
        if progress is not None:
            progress(Progress("gradcam", 1, 1, 0.0))
        return maps


def method_for(settings: HeatmapSettings) -> Method:
    """Return the method that understands these settings.

    Raises
    ------
    SettingsError
        If no method does.
    """
    methods: dict[type, Method] = {OcclusionSettings: Occlusion(), GradCamSettings: GradCam()}
    if type(settings) not in methods:
        raise SettingsError(
            f"No explanation method has settings of the kind '{type(settings).__name__}': "
            "use OcclusionSettings or GradCamSettings."
        )
    return methods[type(settings)]
