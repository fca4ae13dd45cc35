"""Frozen settings and results that all layers share.

Settings are part of the key under which results are cached: two settings with
the same ``key`` give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from whalecore.errors import SettingsError

TOP = 5
"""Number of candidates kept per photo."""

LAYERS = ("layer1", "layer2", "layer3", "layer4")
"""Blocks of a residual network that Grad-CAM can look at."""


@dataclass(frozen=True)
class Box:
    """A rectangle on an upright photo, in pixels; x1 and y1 are exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x1 > self.x0 and self.y1 > self.y0):
            raise SettingsError(
                f"The box ({self.x0:g}, {self.y0:g}, {self.x1:g}, {self.y1:g}) is empty: "
                "its right and lower edge must lie beyond its left and upper edge."
            )

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def key(self) -> str:
        """Short text that two boxes share only when they are the same to a tenth of a pixel."""
        return ",".join(f"{edge:.1f}" for edge in (self.x0, self.y0, self.x1, self.y1))


@dataclass(frozen=True)
class Crop:
    """The fluke's box and where it comes from.

    Attributes
    ----------
    box : Box
        In pixels of the upright photo.
    source : str
        ``corrected`` (by hand), ``given`` (with the collection), ``detector`` or ``whole``
        (no box could be found: the whole photo).
    confidence : float
        The detector's own estimate that the box is right, 0 to 1; 1 for boxes by hand.
    """

    box: Box
    source: str
    confidence: float = 1.0


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright photo in memory.

    Attributes
    ----------
    photo_id : str
        First 16 hexadecimal digits of the SHA-256 of the file's bytes.
    name : str
        File name, for people.
    pixels : ndarray of shape (height, width, 3), uint8
        RGB, EXIF orientation applied.
    taken_at : datetime or None
        Camera time, without time zone.
    latitude, longitude : float or None
        Degrees, north and east positive.
    """

    photo_id: str
    name: str
    pixels: np.ndarray
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def whole(self) -> Box:
        """The box that covers the whole photo."""
        return Box(0.0, 0.0, float(self.width), float(self.height))


@dataclass(frozen=True)
class Candidate:
    """One of the most likely individuals of a photo.

    ``score`` is a calibrated probability (0 to 1), ``logit`` the raw score before it. ``marks`` is
    how many matching marks the individual's best matching photo has, ``matched_photo`` that photo;
    None where its photos were not looked at, or nothing matches.
    """

    rank: int
    individual: str
    score: float
    logit: float
    marks: int | None = None
    matched_photo: str | None = None


@dataclass(frozen=True, eq=False)
class Prediction:
    """What an identifier says about one photo.

    Attributes
    ----------
    candidates : tuple of Candidate
        By falling score, rank 1 first.
    embedding : ndarray of shape (features,), float32
        Of length 1.
    listed : str
        Which individuals beside the trained ones took part, as a digest; empty without any.
    """

    photo_id: str
    model_id: str
    crop: Crop
    candidates: tuple[Candidate, ...]
    embedding: np.ndarray
    listed: str = ""

    @property
    def individuals(self) -> tuple[str, ...]:
        return tuple(candidate.individual for candidate in self.candidates)

    @property
    def heatmap_model(self) -> str:
        """The ``model_id`` that heatmaps of this prediction are kept under.

        A score is a share of the whole list, so maps made with another list are other maps.
        """
        return f"{self.model_id}.{self.listed}" if self.listed else self.model_id


FAST = ((2, 0.99), (4, 0.97))
"""Accuracies of fast maps that are offered, and up to which stride in pixels.

Fast maps of larger strides are the exact ones: the coarsest grid that is tried has positions 8
pixels apart, and must leave every second one out.
"""


LARGEST_SEED = 2**31 - 1
"""Libraries take no larger one, and some add to it."""

TARGETS = ("probability", "logit")
"""What an occlusion map may be of."""


@dataclass(frozen=True)
class OcclusionSettings:
    """How an occlusion sensitivity map is made.

    Attributes
    ----------
    patch : int
        Side of the square that is covered, in pixels of the model's input.
    stride : int
        Distance of neighbouring positions, in pixels of the model's input.
    fill : float
        Value the patch is filled with, after normalisation; 0 is the data set's mean.
    target : str
        ``probability`` (the paper) or ``logit`` (does not saturate).
    accuracy : float
        Wanted correlation with the exact map. 1 computes every position; less computes some,
        estimates the others, and measures on a random sample of positions how good that is. Only
        small strides leave positions to be estimated, see `saves`.
    """

    patch: int = 5
    stride: int = 4
    fill: float = 0.0
    target: str = "probability"
    accuracy: float = 1.0

    method = "osm"

    def __post_init__(self) -> None:
        if self.patch < 1 or self.stride < 1:
            raise SettingsError(
                f"Patch {self.patch} and stride {self.stride} must both be at least 1 pixel."
            )
        if self.stride > self.patch:
            raise SettingsError(
                f"Stride {self.stride} is larger than patch {self.patch}: strips of the photo "
                "would never be covered; choose a stride of at most the patch."
            )
        if self.target not in TARGETS:
            raise SettingsError(
                f"The occlusion target '{self.target}' is unknown: choose 'probability' or 'logit'."
            )
        if not 0.5 <= self.accuracy <= 1:
            raise SettingsError(
                f"The accuracy {self.accuracy:g} is not possible: choose a correlation with the "
                "exact map between 0.5 and 1, where 1 computes every position."
            )

    def check_fits(self, height: int, width: int) -> None:
        """Refuse a patch that is larger than the longer side of a network's input.

        Raises
        ------
        SettingsError
            If the patch is larger than the longer side, in pixels.
        """
        if self.patch > max(height, width):
            raise SettingsError(
                f"A patch of {self.patch} pixels is larger than the network's whole input of "
                f"{height} x {width} pixels: choose one of at most {max(height, width)}."
            )

    @property
    def exact(self) -> bool:
        """Whether every position is computed."""
        return self.accuracy == 1

    @property
    def saves(self) -> bool:
        """Whether positions may be left out; else a map that shall be fast is the exact one."""
        return not self.exact and self.stride <= FAST[-1][0]

    @property
    def fast(self) -> OcclusionSettings | None:
        """Those of the fast map of the same places that is offered; None where none saves."""
        offered = (accuracy for stride, accuracy in FAST if self.stride <= stride)
        return next((replace(self, accuracy=accuracy) for accuracy in offered), None)

    @property
    def key(self) -> str:
        fill = _written(self.fill)
        exact = f"patch={self.patch},stride={self.stride},fill={fill},target={self.target}"
        return exact if self.exact else f"{exact},accuracy={_written(self.accuracy)}"


def _written(number: float) -> str:
    """A number with all digits that it takes to read the same one again."""
    return repr(float(number)).removesuffix(".0")


@dataclass(frozen=True)
class GradCamSettings:
    """Which block of the network Grad-CAM looks at."""

    layer: str = "layer4"

    method = "gradcam"

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise SettingsError(
                f"The layer '{self.layer}' is unknown: choose one of {', '.join(LAYERS)}."
            )

    @property
    def key(self) -> str:
        return f"layer={self.layer}"


HeatmapSettings = OcclusionSettings | GradCamSettings


def settings_from_key(key: str) -> HeatmapSettings:
    """The settings that a ``key`` was made from, or that a person wrote in its place.

    Only patch and stride, or the layer, must be named; what is left out has its usual value, so
    that ``patch=16,stride=8`` is ``patch=16,stride=8,fill=0,target=probability``.

    Raises
    ------
    SettingsError
        When the text is no key, or names settings that are not allowed.
    """
    named = [part.partition("=") for part in key.split(",")]
    values = {name.strip(): value.strip() for name, _, value in named}
    try:
        if len(values) < len(named):
            raise ValueError("a setting is named twice")
        if set(values) == {"layer"}:
            return GradCamSettings(values["layer"])
        read = {name: OCCLUSION_FIELDS[name](value) for name, value in values.items()}
        return OcclusionSettings(read.pop("patch"), read.pop("stride"), **read)
    except (KeyError, ValueError) as reason:
        raise SettingsError(
            f"The heatmap settings '{key[:60]}' cannot be read: write patch and stride, and if you "
            "wish fill, target and accuracy, such as 'patch=16,stride=8' or "
            "'patch=16,stride=8,target=logit', or the layer of Grad-CAM, such as 'layer=layer4'."
        ) from reason


OCCLUSION_FIELDS: dict[str, Callable[[str], int | float | str]] = {
    "patch": int,
    "stride": int,
    "fill": float,
    "target": str,
    "accuracy": float,
}
"""What each part of an occlusion map's key is read as."""


LEAST_MEMORY = 16
"""MiB."""


@dataclass(frozen=True)
class Computing:
    """By what means heatmaps are computed; says what they cost, not what they are.

    Attributes
    ----------
    engine : str
        ``reference`` (brute force), ``exact`` (only what a patch changes) or ``auto``: exact for
        the networks that it understands, reference for others.
    precision : str
        ``float32``, or faster on a GPU and a little less exact: ``tf32`` or ``bfloat16``; the
        deviation is measured and kept with the maps. Brute force is always of float32.
    memory : int or None
        Most that the heatmaps computed together may take beside the network, in MiB: of occlusion
        maps what is kept of the clean photo and what is computed together. What does not fit is
        computed with fewer places or photos together, or by brute force, which keeps nothing. None
        leaves it to the device: half of what a GPU has free when the work begins, 2,048 on a
        processor.
    """

    engine: str = "auto"
    precision: str = "float32"
    memory: int | None = None

    def __post_init__(self) -> None:
        for name, allowed in (
            ("engine", ("auto", "reference", "exact")),
            ("precision", ("float32", "tf32", "bfloat16")),
        ):
            if getattr(self, name) not in allowed:
                raise SettingsError(
                    f"The {name} '{getattr(self, name)}' is unknown: choose one of "
                    f"{', '.join(allowed)}."
                )
        if self.memory is not None and self.memory < LEAST_MEMORY:
            raise SettingsError(
                f"A memory of {self.memory} MiB is too little: allow at least {LEAST_MEMORY}."
            )


@dataclass(frozen=True, eq=False)
class OcclusionMaps:
    """Occlusion sensitivity maps of one photo, finished or on the way.

    Attributes
    ----------
    individuals : tuple of str
    values : ndarray of shape (individuals, rows, cols), float32
        Score of the photo minus score with the patch covered; estimated where not computed.
    computed : ndarray of shape (rows, cols), bool
        Positions that were really computed.
    engine : str
        What computed them: ``exact`` or ``reference``, with the precision where it is not
        float32, such as ``exact bfloat16``.
    correlation : tuple of float, or None
        Of each individual's map with the exact one, judged by a random sample of positions; None
        where nothing is estimated.
    deviation : tuple of float, or None
        Of each individual's map: the largest difference on that sample, or, of maps of lower
        precision, from float32; in units of the score. None where the values are exact in
        float32.
    """

    individuals: tuple[str, ...]
    values: np.ndarray
    computed: np.ndarray
    engine: str
    correlation: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None

    @property
    def precision(self) -> str:
        """That of the arithmetic, as in `Computing`."""
        return self.engine.partition(" ")[2] or "float32"

    @property
    def complete(self) -> bool:
        """Whether every position was computed."""
        return bool(self.computed.all())


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Values of one method for one photo and one individual.

    Attributes
    ----------
    method : str
        ``osm`` or ``gradcam``.
    settings : str
        The settings' ``key``.
    rank : int
        b of "top b": 1 to 5.
    score : float
        The individual's score for the whole photo.
    values : ndarray of shape (rows, cols), float32
        The method's own grid, not enlarged.
    """

    photo_id: str
    model_id: str
    crop: str
    individual: str
    method: str
    settings: str
    rank: int
    score: float
    values: np.ndarray


@dataclass(frozen=True)
class HeatmapPart:
    """One of the maps that describe a heatmap: its method and its settings' ``key``."""

    method: str
    settings: str

    def __str__(self) -> str:
        return f"{self.method} {self.settings}"


@dataclass(frozen=True)
class Representation:
    """What describes a heatmap when heatmaps are compared.

    Attributes
    ----------
    parts : tuple of HeatmapPart
        Maps of the same photo and individual; the first one is the heatmap that is shown.
    signed : bool
        Whether support and evidence against are kept apart.
    aligned : bool
        Whether heatmaps that lie more on the right are mirrored.
    """

    parts: tuple[HeatmapPart, ...]
    signed: bool = False
    aligned: bool = False


@dataclass(frozen=True, eq=False)
class HeatmapSet:
    """Heatmaps of one method and one setting, stacked.

    Attributes
    ----------
    values : ndarray of shape (heatmaps, rows, cols), float16
        As they are stored.
    model_ids, photo_ids, individuals : tuple of str
        One entry per heatmap.
    ranks : ndarray of shape (heatmaps,), int
    scores : ndarray of shape (heatmaps,), float32
    correct : ndarray of shape (heatmaps,), bool
        True where the heatmap's individual is the reference.
    """

    method: str
    settings: str
    values: np.ndarray
    model_ids: tuple[str, ...]
    photo_ids: tuple[str, ...]
    individuals: tuple[str, ...]
    ranks: np.ndarray
    scores: np.ndarray
    correct: np.ndarray

    def __len__(self) -> int:
        return len(self.photo_ids)


@dataclass(frozen=True, eq=False)
class EmbeddingSet:
    """Embeddings of many photos of one model, stacked.

    Attributes
    ----------
    photo_ids : tuple of str
    individuals : tuple of str or None
        Whom the catalogue names today.
    values : ndarray of shape (photos, features), float32
        Of length 1, but for the half precision in which they are stored.
    """

    photo_ids: tuple[str, ...]
    individuals: tuple[str | None, ...]
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.photo_ids)

    def without(self, photo_id: str) -> EmbeddingSet:
        """The same without one photo."""
        if photo_id not in self.photo_ids:
            return self
        kept = [place for place, name in enumerate(self.photo_ids) if name != photo_id]
        return EmbeddingSet(
            tuple(self.photo_ids[place] for place in kept),
            tuple(self.individuals[place] for place in kept),
            self.values[kept],
        )


@dataclass(frozen=True)
class AnswerSet:
    """The answers among which the right one is, with a chosen confidence.

    Attributes
    ----------
    confidence : float
        Share of all photos whose set holds the right answer; says nothing about one photo or one
        kind of photos.
    individuals : tuple of str
        The most probable first.
    new_whale : bool
        Whether an animal that is not yet known is among the answers.
    """

    confidence: float
    individuals: tuple[str, ...]
    new_whale: bool

    @property
    def size(self) -> int:
        return len(self.individuals) + self.new_whale


@dataclass(frozen=True)
class Quality:
    """What can be said about a photo without knowing the animal; each 0 to 1, higher is better.

    Attributes
    ----------
    sharpness : float
        How much fine detail the crop holds.
    exposure : float
        Share of the crop's pixels that are neither black nor burnt out.
    contrast : float
        Spread of the crop's brightness.
    fluke_share : float
        Share of the photo that the fluke's box covers.
    resolution : float
        Pixels of the crop against pixels of the model's input, at most 1.
    """

    sharpness: float
    exposure: float
    contrast: float
    fluke_share: float
    resolution: float


@dataclass(frozen=True)
class ClusterEvidence:
    """The cluster a heatmap falls into and what is known about that cluster.

    ``share_correct_low`` and ``share_correct_high`` are the 95 % Wilson interval;
    ``membership`` is the share of neighbouring heatmaps that lie in the same cluster. ``unlike``:
    the heatmap is farther from all clustered ones than is usual, so that the cluster, the nearest
    one, says nothing about it. ``stability``: share of the cluster's pairs that stay together when
    a part of the photos is clustered anew; None where that was not measured.
    """

    id: int
    share_correct: float
    share_correct_low: float
    share_correct_high: float
    mean_score: float
    heatmaps: int
    membership: float
    unlike: bool = False
    stability: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What the lab member should do, and why.

    ``verdict`` is ``reliable``, ``check``, ``new_whale`` or ``retake``. The probabilities are None
    where the lab has too few photos to estimate them.
    """

    verdict: str
    p_correct: float | None
    p_new_whale: float | None
    reasons: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Progress:
    """Where a long piece of work stands.

    Attributes
    ----------
    stage : int
        Which of the `stages` is at work, from 1; 0 for work that has none.
    stages : tuple of str
        All parts of the work, in order.
    """

    step: str
    done: int
    total: int
    seconds_left: float | None = None
    message: str = ""
    stage: int = 0
    stages: tuple[str, ...] = ()


Report = Callable[[Progress], None]
"""What long work calls with its progress."""


def silent(progress: Progress) -> None:
    """The report of somebody who does not want one."""
