"""Presets: everything a lab needs to know to run the main job, under one name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from whalecore.errors import SettingsError
from whalecore.identifiers.settings import TrainingSettings
from whalecore.identifiers.settings import preset as training_preset
from whalecore.photos.detector_training import DetectorSettings
from whalecore.photos.marks import MarkSettings
from whalecore.types import LAYERS, GradCamSettings, OcclusionSettings


@dataclass(frozen=True)
class Preset:
    """How a lab is computed.

    Attributes
    ----------
    training : TrainingSettings
    detector : DetectorSettings
    weight_storage : str
        ``float32`` or ``float16``.
    folds : int
        Models to train, each leaving out another fold of the lab's photos; with 1,
        only the photos of fold 0 get scores.
    occlusion : OcclusionSettings
    gradcam : tuple of GradCamSettings
    limit : int or None
        Photos to explain per model, drawn at random; None for all.
    minutes : float or None
        Time for occlusion maps; None for as long as it takes.
    clusters : int
        K of the spectral clustering.
    marks : MarkSettings or None
        Whether marks that photos share count beside the network; their weight is measured.
    """

    name: str
    training: TrainingSettings
    detector: DetectorSettings
    weight_storage: str
    folds: int
    occlusion: OcclusionSettings
    gradcam: tuple[GradCamSettings, ...]
    limit: int | None
    minutes: float | None
    clusters: int = 30
    marks: MarkSettings | None = field(default_factory=MarkSettings)


ALL_LAYERS = tuple(GradCamSettings(layer) for layer in LAYERS)


def preset(
    name: str,
    weights: str | None = None,
    folds: int | None = None,
    limit: int | None = None,
    minutes: float | None = None,
    training: Mapping[str, object] | None = None,
) -> Preset:
    """A preset by name, with what the user chose differently.

    Parameters
    ----------
    training : mapping of str to object, optional
        Settings of the training, by name.

    Raises
    ------
    SettingsError
        If there is no such preset, the weights file does not exist, or a setting is not allowed.
    """
    choices = {
        "laptop": Preset(
            "laptop",
            training_preset("laptop"),
            DetectorSettings(),
            "float32",
            folds=1,
            occlusion=OcclusionSettings(patch=16, stride=8),
            gradcam=ALL_LAYERS,
            limit=320,
            minutes=40.0,
        ),
        "paper": Preset(
            "paper",
            training_preset("paper"),
            DetectorSettings(steps=4000),
            "float32",
            folds=4,
            occlusion=OcclusionSettings(patch=5, stride=4),
            gradcam=ALL_LAYERS,
            limit=None,
            minutes=None,
        ),
        "demo": Preset(
            "demo",
            training_preset("demo"),
            DetectorSettings(),
            "float16",
            folds=1,
            occlusion=OcclusionSettings(patch=16, stride=8),
            gradcam=(GradCamSettings("layer4"),),
            limit=None,
            minutes=None,
            clusters=20,
            # Keypoints would make the folder that ships four times as large.
            marks=None,
        ),
    }
    if name not in choices:
        raise SettingsError(f"There is no preset '{name}': choose one of {', '.join(choices)}.")
    chosen = choices[name]
    if weights is not None:
        if weights not in ("auto", "imagenet", "none") and not Path(weights).is_file():
            raise SettingsError(
                f"--weights {weights} is neither a file nor one of auto, imagenet and none."
            )
        chosen = replace(chosen, training=replace(chosen.training, weights=weights))
    if training:
        chosen = replace(chosen, training=replace(chosen.training, **training))
    changes = {"folds": folds, "limit": limit, "minutes": minutes}
    return replace(chosen, **{key: value for key, value in changes.items() if value is not None})
