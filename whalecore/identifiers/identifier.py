"""An identifier: network, preprocessing, list of individuals and fingerprint as one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.identifiers.fingerprint import fingerprint
from whalecore.identifiers.network import Network
from whalecore.photos.crop import cut
from whalecore.photos.marks import MarkSettings, SharedMarks
from whalecore.types import LAYERS, TOP, Box, Candidate, Crop, Photo, Prediction

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

MarkCounter = Callable[[Photo, Box, Sequence[str], np.ndarray], Mapping[str, SharedMarks]]


class AnyIdentifier(Protocol):
    """What the layers above ask of an identifier; another kind of network can stand behind it."""

    model_id: str
    individuals: tuple[str, ...]
    height: int
    width: int
    margin: float
    temperature: float
    device: torch.device
    listed: str
    locate: Callable[[Photo], Crop]

    def prepare(self, photo: Photo, box: Box) -> Tensor:
        """The network's input (3, height, width), normalised."""

    def logits(self, images: Tensor) -> Tensor:
        """Raw scores (B, individuals)."""

    def embed(self, images: Tensor) -> Tensor:
        """Embeddings (B, embedding size) of length 1."""

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities (B, individuals)."""

    def activations(
        self, images: Tensor, layers: Sequence[str], output: str = "logits"
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Outputs of blocks, and what was computed from them, differentiable."""


def whole_photo(photo: Photo) -> Crop:
    """The crop of a photo whose fluke nobody has located."""
    return Crop(photo.whole, "whole", 0.0)


class Identifier:
    """Names the most likely individuals of a photo.

    Always in evaluation mode and without gradients (except in :meth:`activations`).

    Parameters
    ----------
    network : Network
        Its head has one row per individual.
    individuals : sequence of str
    height, width : int
        The network's input, in pixels.
    mean, std : sequence of 3 float
        Of each channel, for pixel values from 0 to 1.
    margin : float
        Share by which a box is widened before the crop is cut.
    temperature : float
        Logits are divided by it before they become probabilities.
    metrics : mapping of str to float
        What was measured when the identifier was made.
    trained_at : datetime, optional
        Now when left out.
    locate : callable
        Finds the fluke on a photo; the whole photo unless set.
    mirrored_directions : Tensor of shape (embedding size, individuals), optional
        Directions of the individuals' mirror images, where they were learnt as further individuals.
    marks : MarkSettings, optional
        How marks shared with photos of the individuals count beside the network.
    count_marks : callable, optional
        Counts them, by individual: takes a photo, the box of the fluke, the individuals and the
        network's logits, by which it chooses whom to look at. Without it the network speaks alone,
        and scores that were weighed with marks are less sure than they might be.

    by_photos : bool
        Whether every individual's direction is the mean of its photos, not one that was learnt.

    Attributes
    ----------
    fingerprint : str
        SHA-256 of weights, individuals, preprocessing, temperature and how marks count: two
        identifiers share it only when they give the same scores.
    model_id : str
        Architecture and first 10 digits of the fingerprint.
    prepared_forms : dict
        Other forms of the same weights that layers above made and want to find again.
    listed : str
        Which individuals beside the trained ones can be named, as a digest; empty without any.
    """

    def __init__(
        self,
        network: Network,
        individuals: Sequence[str],
        height: int,
        width: int,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        margin: float = 0.05,
        temperature: float = 1.0,
        metrics: Mapping[str, float] | None = None,
        trained_at: datetime | None = None,
        locate: Callable[[Photo], Crop] = whole_photo,
        mirrored_directions: Tensor | None = None,
        marks: MarkSettings | None = None,
        count_marks: MarkCounter | None = None,
        by_photos: bool = False,
    ) -> None:
        if len(individuals) != network.individuals:
            raise SettingsError(
                f"{len(individuals)} individuals were listed for a network with "
                f"{network.individuals}: give one name per row of its head."
            )
        if not (temperature > 0 and np.isfinite(temperature)):
            raise SettingsError(f"The temperature {temperature} must be a number above 0.")
        if mirrored_directions is not None and (
            mirrored_directions.shape != network.directions.shape
        ):
            raise SettingsError(
                f"Directions of mirror images have shape {tuple(mirrored_directions.shape)}: give "
                f"one per individual, {tuple(network.directions.shape)}."
            )
        self.network = network.eval().requires_grad_(False)
        self.mirrored_directions = mirrored_directions
        self.individuals = tuple(individuals)
        self.height, self.width = int(height), int(width)
        self.mean = tuple(float(value) for value in mean)
        self.std = tuple(float(value) for value in std)
        self.margin = float(margin)
        self.temperature = float(temperature)
        self.metrics = dict(metrics or {})
        self.trained_at = trained_at or datetime.now(UTC).replace(microsecond=0)
        self.locate = locate
        self.marks = marks
        self.count_marks = count_marks
        self.by_photos = by_photos
        self.prepared_forms: dict[str, object] = {}
        self.listed = ""
        self.fingerprint = fingerprint(self)
        self.model_id = f"{self.architecture}-{self.fingerprint[:10]}"

    @property
    def architecture(self) -> str:
        return self.network.architecture

    @property
    def device(self) -> torch.device:
        return self.network.directions.device

    def prepare(self, photo: Photo, box: Box) -> Tensor:
        """Cut the box out of a photo and normalise it: float32 (3, height, width)."""
        crop = cut(photo, box, self.height, self.width, margin=self.margin)
        return self.normalise(torch.from_numpy(crop[None]))[0]

    def normalise(self, crops: Tensor) -> Tensor:
        """uint8 crops (B, height, width, 3) as the network's input, float32 (B, 3, H, W)."""
        return normalise(crops.to(self.device), self.mean, self.std)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Raw scores (B, individuals) of prepared images (B, 3, height, width)."""
        return self.network(self._on_device(images))[1]

    @torch.no_grad()
    def embed(self, images: Tensor) -> Tensor:
        """Embeddings (B, embedding size), of length 1, of prepared images."""
        return self.network(self._on_device(images))[0]

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities: softmax of logits divided by the temperature."""
        return torch.softmax(logits / self.temperature, dim=-1)

    def activations(
        self, images: Tensor, layers: Sequence[str], output: str = "logits"
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Outputs of blocks and what follows from them, for ``torch.autograd.grad``.

        Parameters
        ----------
        images : Tensor of shape (B, 3, height, width)
        layers : sequence of str
            Some of ``layer1`` .. ``layer4``.
        output : str
            ``logits``, or ``embedding`` (for similarities between photos).

        Returns
        -------
        dict of str to Tensor (B, C, h, w), and Tensor (B, individuals) or (B, embedding size)
            The second depends differentiably on each of the first.
        """
        unknown = [name for name in layers if name not in LAYERS]
        if unknown or not layers:
            raise SettingsError(
                f"The layers {list(layers)} cannot be looked at: choose from {', '.join(LAYERS)}."
            )
        if output not in ("logits", "embedding"):
            raise SettingsError(f"The output '{output}' is unknown: choose logits or embedding.")
        found = {}
        with torch.inference_mode(False), torch.enable_grad():
            values = self.network.stem(self._on_device(images))
            for name in LAYERS:
                values = self.network.get_submodule(name)(values)
                if name in layers:
                    if not values.requires_grad:
                        # The weights are frozen: the graph starts at the first block asked for.
                        values = values.detach().requires_grad_(True)
                    found[name] = values
            embedding = self.network.embedding(values)
            return found, embedding if output == "embedding" else self.network.logits(embedding)

    def identify(self, photo: Photo, k: int = TOP, crop: Crop | None = None) -> Prediction:
        """Name the ``k`` most likely individuals of a photo.

        Parameters
        ----------
        crop : Crop, optional
            Where the fluke is; ``locate`` is asked when it is left out.
        """
        crop = crop or self.locate(photo)
        logits, embeddings = self.identify_many([self.prepare(photo, crop.box)])
        shared = self.shared_marks(photo, crop.box, logits[0])
        candidates = self.candidates(logits[0], k, shared)
        return Prediction(
            photo.photo_id, self.model_id, crop, candidates, embeddings[0], self.listed
        )

    def identify_many(
        self, inputs: Sequence[Tensor] | Tensor | np.ndarray, batch: int = 64
    ) -> tuple[np.ndarray, np.ndarray]:
        """Logits and embeddings of many photos.

        Parameters
        ----------
        inputs : sequence of Tensor (3, height, width), or ndarray (N, height, width, 3) of uint8
            Prepared images, or crops.
        batch : int
            Photos per forward pass.

        Returns
        -------
        ndarray (N, individuals) and ndarray (N, embedding size), float32
        """
        logits, embeddings = [], []
        for start in range(0, len(inputs), batch):
            part = inputs[start : start + batch]
            if isinstance(part, np.ndarray):
                images = self.normalise(torch.from_numpy(np.ascontiguousarray(part)))
            else:
                images = part if isinstance(part, Tensor) else torch.stack(list(part))
            with torch.no_grad():
                embedding, logit = self.network(self._on_device(images))
            embeddings.append(embedding.float().cpu().numpy())
            logits.append(logit.float().cpu().numpy())
        if not logits:
            return (
                np.empty((0, len(self.individuals)), np.float32),
                np.empty((0, self.network.embedding_size), np.float32),
            )
        return np.concatenate(logits), np.concatenate(embeddings)

    def shared_marks(self, photo: Photo, box: Box, logits: np.ndarray) -> Mapping[str, SharedMarks]:
        """Marks that a photo shares with those who are likely by the network or by their marks.

        Parameters
        ----------
        logits : ndarray of shape (individuals,)
            Of the network.

        Returns
        -------
        mapping of str to SharedMarks
            By individual; empty where marks do not count.
        """
        if self.count_marks is None or self.marks is None or not self.marks.weight:
            return {}
        return self.count_marks(photo, box, self.individuals, logits)

    def with_marks(self, logits: np.ndarray, strengths: Mapping[str, float]) -> np.ndarray:
        """One photo's logits (individuals,), raised by what shared marks are worth.

        Parameters
        ----------
        strengths : mapping of str to float
            Of shared marks, by individual; none for those that are left out.
        """
        if not strengths or self.marks is None:
            return logits
        values = np.array([strengths.get(name, 0) for name in self.individuals], logits.dtype)
        # In units of a logit, which the temperature divides.
        return logits + self.marks.weight * self.temperature * values

    def candidates(
        self, logits: np.ndarray, k: int = TOP, shared: Mapping[str, SharedMarks] | None = None
    ) -> tuple[Candidate, ...]:
        """The ``k`` most likely individuals of one photo, best first.

        Parameters
        ----------
        logits : ndarray of shape (individuals,)
            Of the network.
        shared : mapping of str to SharedMarks, optional
            By individual; their worth is part of the candidates' logits.
        """
        shared = shared or {}
        logits = self.with_marks(logits, strengths_of(shared))
        scores = self.scores(torch.from_numpy(logits)).numpy()
        return ranked(self.individuals, scores, logits, k, shared)

    def replaced(
        self,
        network: Network | None = None,
        temperature: float | None = None,
        mirrored_directions: Tensor | None = None,
        marks: MarkSettings | None = None,
        by_photos: bool | None = None,
    ) -> Identifier:
        """The same identifier with something else that scores depend on, hence fingerprint."""
        return Identifier(
            network or self.network,
            self.individuals,
            self.height,
            self.width,
            self.mean,
            self.std,
            self.margin,
            self.temperature if temperature is None else temperature,
            self.metrics,
            self.trained_at,
            self.locate,
            self.mirrored_directions if mirrored_directions is None else mirrored_directions,
            marks or self.marks,
            self.count_marks,
            self.by_photos if by_photos is None else by_photos,
        )

    def _on_device(self, images: Tensor) -> Tensor:
        """On the network's device, channels last (twice as fast on processors)."""
        return images.to(self.device, torch.float32, memory_format=torch.channels_last)


def ranked(
    individuals: Sequence[str],
    scores: np.ndarray,
    logits: np.ndarray,
    k: int,
    shared: Mapping[str, SharedMarks],
) -> tuple[Candidate, ...]:
    """The ``k`` individuals with the largest logits, best first; equals in the list's order."""
    found = []
    for rank, row in enumerate(np.argsort(-logits, kind="stable")[:k], start=1):
        name = individuals[row]
        one = Candidate(rank, name, float(scores[row]), float(logits[row]))
        if name in shared:
            one = replace(
                one, marks=shared[name].marks, matched_photo=shared[name].photo_id or None
            )
        found.append(one)
    return tuple(found)


def strengths_of(shared: Mapping[str, SharedMarks]) -> dict[str, float]:
    """By individual, how much marks speak for it."""
    return {name: one.strength for name, one in shared.items()}


def normalise(crops: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """uint8 crops (B, H, W, 3) to float32 (B, 3, H, W), mean 0 and deviation 1 per channel."""
    images = crops.permute(0, 3, 1, 2).float().div_(255)
    shape = (1, 3, 1, 1)
    means = torch.tensor(mean, device=crops.device).view(shape)
    return images.sub_(means).div_(torch.tensor(std, device=crops.device).view(shape))
