"""Finds the fluke on a whole photo, and says how sure it is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from whalecore.errors import CheckpointError
from whalecore.files import write_bytes
from whalecore.photos.box_network import BoxNetwork, mirrored, ordered, overlap
from whalecore.photos.crop import clip
from whalecore.types import Box, Crop, Photo

HEIGHT, WIDTH = 96, 192
"""Size of the picture the detector looks at, in pixels."""

BELIEVABLE = 0.4
"""Least confidence at which a box is used; below it the crop is the whole photo."""

SHIPPED = Path(__file__).with_name("fluke_detector.safetensors")
"""Detector trained on drawings alone, for labs that know no boxes."""

_KIND = "whalecore fluke detector 1"


def prepare(photo: Photo) -> np.ndarray:
    """Squeeze a whole photo to the picture the detector looks at.

    Returns
    -------
    ndarray of shape (HEIGHT, WIDTH, 3), uint8
    """
    return squeeze(photo.pixels)


def squeeze(pixels: np.ndarray) -> np.ndarray:
    """Pixels (height, width, 3) uint8 resized, with smoothing, to (HEIGHT, WIDTH, 3) uint8."""
    image = Image.fromarray(pixels)
    return np.array(image.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, reducing_gap=2.0))


def relative(box: Box, photo: Photo) -> np.ndarray:
    """The part of a box that lies on the photo, as shares of its width and height: float32 (4,).

    Raises
    ------
    PhotoError
        When no part of it does.
    """
    box = clip(box, photo)
    edges = np.array([box.x0, box.y0, box.x1, box.y1])
    size = np.array([photo.width, photo.height, photo.width, photo.height])
    return (edges / size).astype(np.float32)


class FlukeDetector:
    """A trained network with what is needed to use it and to tell it from others.

    Parameters
    ----------
    network : BoxNetwork
        Its weights are rounded to half precision, as they are stored, so that a detector
        and its copy read from a file find the same boxes.
    trained_on : str
        What it learned from, in plain words.
    believable : float, default 0.4
        Least confidence at which a box is used.
    """

    def __init__(
        self, network: BoxNetwork, trained_on: str, believable: float = BELIEVABLE
    ) -> None:
        halves = {name: _half(values) for name, values in network.state_dict().items()}
        network.load_state_dict(halves)
        self.network = network.eval()
        self.trained_on = trained_on
        self.believable = believable

    @property
    def fingerprint(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of all weights."""
        digest = hashlib.sha256()
        for name, values in sorted(self.network.state_dict().items()):
            digest.update(name.encode())
            digest.update(_half(values).contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def locate(self, photos: Sequence[Photo]) -> list[Crop]:
        """Find the fluke on each photo.

        Returns
        -------
        list of Crop
            ``source`` is ``detector``, or ``whole`` (the whole photo) where the confidence is
            below ``believable``; ``confidence`` is the detector's own in both cases.
        """
        if not photos:
            return []
        boxes, confidence = self.boxes(np.stack([prepare(photo) for photo in photos]))
        return [
            self.crop(photo.height, photo.width, box, float(sure))
            for photo, box, sure in zip(photos, boxes, confidence, strict=True)
        ]

    def boxes(self, pictures: np.ndarray, batch: int = 64) -> tuple[np.ndarray, np.ndarray]:
        """Draw a box on each picture that :func:`prepare` made.

        Parameters
        ----------
        pictures : ndarray of shape (photos, HEIGHT, WIDTH, 3), uint8
        batch : int, default 64
            Pictures looked at together.

        Returns
        -------
        boxes : ndarray of shape (photos, 4), float32
            x0, y0, x1, y1 as shares of width and height.
        confidence : ndarray of shape (photos,), float32
            0 to 1, higher where a better fit is to be expected.
        """
        found = [self._look(pictures[at : at + batch]) for at in range(0, len(pictures), batch)]
        if not found:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        return (
            torch.cat([boxes for boxes, _ in found]).numpy(),
            torch.cat([confidence for _, confidence in found]).numpy(),
        )

    @torch.inference_mode()
    def _look(self, pictures: np.ndarray) -> tuple[Tensor, Tensor]:
        """Boxes and confidence, averaged over each picture and its mirror image."""
        seen = as_tensor(pictures)
        straight, fit, _ = self.network(seen)
        reverse, fit_in_mirror, _ = self.network(seen.flip(3))
        reverse = mirrored(reverse)
        expected_fit = (fit.sigmoid() + fit_in_mirror.sigmoid()) / 2
        # A box that moves when the photo is mirrored deserves less belief.
        agreement = overlap(ordered(straight), ordered(reverse)).sqrt()
        return ordered((straight + reverse) / 2), expected_fit * agreement

    def crop(self, height: int, width: int, box: np.ndarray, confidence: float) -> Crop:
        """What :meth:`boxes` found on one photo, in the photo's own pixels.

        Parameters
        ----------
        height, width : int
            Size of the whole photo, in pixels.
        box : ndarray of shape (4,)
            As shares of width and height.
        confidence : float
        """
        if confidence < self.believable:
            return Crop(Box(0.0, 0.0, float(width), float(height)), "whole", confidence)
        x0, y0, x1, y1 = (float(edge) for edge in box)
        return Crop(Box(x0 * width, y0 * height, x1 * width, y1 * height), "detector", confidence)

    def save(self, path: Path) -> None:
        """Write weights (half precision) and description to one safetensors file, or nothing."""
        weights = {
            name: _half(values).contiguous() for name, values in self.network.state_dict().items()
        }
        about = json.dumps({"trained_on": self.trained_on, "believable": self.believable})
        write_bytes(Path(path), save(weights, {"kind": _KIND, "about": about}))


def load_detector(path: Path = SHIPPED) -> FlukeDetector:
    """Read a detector that :meth:`FlukeDetector.save` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or holds something else.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            described = file.metadata() or {}
            names = list(file.keys())
            weights = {name: file.get_tensor(name) for name in names}
    except FileNotFoundError as error:
        raise CheckpointError(
            f"The fluke detector {path.name} is missing: train one, or build it from drawings."
        ) from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"The fluke detector {path.name} cannot be read as a safetensors file: train it again."
        ) from error
    if described.get("kind") != _KIND:
        raise CheckpointError(
            f"The file {path.name} is no fluke detector of this version: train one."
        )
    network = BoxNetwork()
    _check_weights(weights, network.state_dict(), path.name)
    network.load_state_dict(weights)
    return FlukeDetector(network, *_read_description(described.get("about", ""), path.name))


def _check_weights(weights: dict[str, Tensor], expected: dict[str, Tensor], name: str) -> None:
    if weights.keys() != expected.keys():
        raise CheckpointError(
            f"The fluke detector {name} holds the weights of another network: train it again."
        )
    for part, values in weights.items():
        if values.shape != expected[part].shape or values.dtype != _half(expected[part]).dtype:
            raise CheckpointError(
                f"The fluke detector {name} holds {part} in another shape: train it again."
            )
        if not bool(torch.isfinite(values).all()):
            raise CheckpointError(
                f"The fluke detector {name} holds numbers that are not finite: train it again."
            )


def _read_description(text: str, name: str) -> tuple[str, float]:
    try:
        about = json.loads(text)
        trained_on, believable = str(about["trained_on"]), float(about["believable"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"The fluke detector {name} lacks its description: train it again."
        ) from error
    if not (math.isfinite(believable) and 0 <= believable <= 1):
        raise CheckpointError(
            f"The fluke detector {name} asks for a confidence of {believable:g}, "
            "which must lie between 0 and 1: train it again."
        )
    return trained_on, believable


def _half(values: Tensor) -> Tensor:
    return values.half() if values.is_floating_point() else values


def as_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 (photos, height, width, 3) as float32 (photos, 3, height, width), 0 to 1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255
