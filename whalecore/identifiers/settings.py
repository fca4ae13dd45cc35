"""How an identifier is trained, and the presets."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from whalecore.errors import SettingsError
from whalecore.identifiers.augment import AUGMENTATIONS
from whalecore.identifiers.later_settings import LATER
from whalecore.identifiers.network import FULL_WIDTH, check_shape
from whalecore.photos.crop import MARGIN

NOT_NEGATIVE = (
    *("low_resolution_epochs", "triplet", "arcface", "focal", "triplet_margin", "arcface_margin"),
    *("focusing", "weight_decay", "warm_up", "strength", "crop_margin", "seed"),
    *("new_whale_share", "margin_warm_up", "average"),
)


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides what comes out of a training.

    Attributes
    ----------
    architecture : str
        ``resnet18``, ``resnet34``, ``resnet50`` or ``resnet101``.
    network_width : int
        Channels of ``layer1``; below 64 the network is slimmer and faster.
    height, width : int
        The network's input, in pixels.
    weights : str
        ``auto`` (ImageNet where the machine can reach it, else chance), ``imagenet``, ``none`` or
        the path of a ``.safetensors`` file.
    low_resolution_epochs, epochs : int
        Passes at half the input size (5 times cheaper), then at the full size. One pass shows
        ``batch_photos`` photos of every individual.
    batch_individuals, batch_photos : int
        Individuals in a batch and photos of each.
    new_whale_share : float
        Share of the individuals in a batch whose places photos of unknown animals take, where
        there are such photos. No two of them count as the same animal; they only show what is
        none of the known individuals.
    triplet, arcface, focal : float
        Weights of the three losses.
    triplet_margin : float
        Distance by which the farthest photo of the same individual should be nearer than the
        nearest photo of another one; embeddings have length 1.
    arcface_margin : float
        Angle in radians that is added between a photo and its individual's direction.
    margin_warm_up : float
        Share of the work during which that angle rises from 0; from chance, a full margin at once
        can keep a network from finding its way.
    scale : float
        Logit of a cosine of 1.
    focusing : float
        Exponent of the focal loss: photos that are already right count less.
    hardest : float
        Share of a batch's photos that count in the focal loss, those with the largest one.
    mirrored : bool
        Mirror images of the photos count as further individuals.
    learning_rate, weight_decay : float
        Of AdamW.
    warm_up : float
        Share of the work during which the learning rate rises; then it falls along a cosine.
    average : float
        Epochs that the moving average of the weights looks back; that average is what identifies.
        0 for the weights of the last moment.
    augmentation : str
        Random changes to the photos, ``simple`` or ``full``: see `augment`.
    strength : float
        Of the random changes to the photos; 1 is usual, 0 none.
    crop_margin : float
        Share by which boxes are widened, on each side.
    seed : int
    """

    architecture: str = "resnet18"
    network_width: int = FULL_WIDTH
    height: int = 128
    width: int = 256
    weights: str = "auto"
    low_resolution_epochs: int = 30
    epochs: int = 6
    batch_individuals: int = 16
    batch_photos: int = 4
    triplet: float = 1.0
    arcface: float = 1.0
    focal: float = 1.0
    triplet_margin: float = 0.3
    arcface_margin: float = 0.3
    scale: float = 24.0
    focusing: float = 2.0
    mirrored: bool = False
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    strength: float = 1.0
    crop_margin: float = MARGIN
    seed: int = 0
    new_whale_share: float = 0.0
    margin_warm_up: float = 0.0
    hardest: float = 1.0
    average: float = 0.0
    augmentation: str = "simple"

    def __post_init__(self) -> None:
        check_shape(self.architecture, 2, self.network_width)
        at_least = {
            "height": 32,
            "width": 32,
            "epochs": 1,
            "batch_individuals": 2,
            "batch_photos": 2,
            "hardest": 0.05,
        } | dict.fromkeys(NOT_NEGATIVE, 0)
        at_most = {
            "height": 4096,
            "width": 4096,
            "new_whale_share": 0.75,
            "margin_warm_up": 1,
            "hardest": 1,
            "arcface_margin": 1.5,
            "seed": 2**63 - 1,
        }
        for name, least in at_least.items():
            self._check(name, getattr(self, name) >= least, f"at least {least}")
        for name, most in at_most.items():
            self._check(name, getattr(self, name) <= most, f"at most {most}")
        for name in ("learning_rate", "scale"):
            self._check(name, getattr(self, name) > 0, "above 0")
        kinds = ", ".join(AUGMENTATIONS)
        self._check("augmentation", self.augmentation in AUGMENTATIONS, f"one of {kinds}")
        if not self.arcface + self.focal > 0:
            raise SettingsError(
                "The losses arcface and focal are both switched off, and the triplet loss alone "
                "trains no scores: give one of them a weight above 0."
            )

    def _check(self, name: str, allowed: bool, rule: str) -> None:
        if not allowed:
            raise SettingsError(f"The setting {name} is {getattr(self, name)}, but must be {rule}.")

    @property
    def key(self) -> str:
        """The settings as text: two trainings with the same key and photos are the same.

        Settings that came later stand in it only where they change something, so that models
        trained before are not trained again.
        """
        chosen = {
            name: value
            for name, value in asdict(self).items()
            if name not in LATER or value != LATER[name]
        }
        return json.dumps(chosen, sort_keys=True)


PRESETS = {
    "laptop": TrainingSettings(learning_rate=2e-3),
    "paper": TrainingSettings(
        architecture="resnet101",
        height=256,
        width=512,
        low_resolution_epochs=0,
        epochs=60,
        mirrored=True,
        learning_rate=3e-4,
        new_whale_share=0.25,
        margin_warm_up=0.1,
        hardest=0.75,
        average=2.0,
        augmentation="full",
    ),
    "demo": TrainingSettings(
        network_width=28, weights="none", low_resolution_epochs=0, epochs=48, learning_rate=2e-3
    ),
}
"""``laptop``: minutes on 2 cores; ``paper``: needs a GPU; ``demo``: for drawings, small file."""


def preset(name: str, **changes: object) -> TrainingSettings:
    """A preset's settings, some of them changed.

    Raises
    ------
    SettingsError
        For an unknown preset.
    """
    if name not in PRESETS:
        raise SettingsError(f"The preset '{name}' is unknown: choose one of {', '.join(PRESETS)}.")
    return replace(PRESETS[name], **changes)
