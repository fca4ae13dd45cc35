"""What is measured, on what, and where: an untrained identifier, a drawing, a computer."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from whalecore.identifiers.identifier import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Identifier,
    normalise,
)
from whalecore.identifiers.network import FULL_WIDTH, build_network, choose_device
from whalecore.photos.crop import cut
from whalecore.photos.synthetic import CollectionSettings, draw_collection
from whalecore.types import Photo

INDIVIDUALS = 50

DRAWINGS = 4
"""Pictures that the batch normalisations take their averages from."""

BRANCH_WEIGHT = 0.2
"""How much each block adds to what goes around it, chosen by trial: with 1, random layers amplify
the rounding of brute force itself to more than 1e-4 of a map's range."""


def untrained_identifier(
    architecture: str,
    height: int,
    width: int,
    channels: int = FULL_WIDTH,
    device: str = "auto",
) -> Identifier:
    """An identifier with weights from chance whose values have the size of a trained one's.

    Parameters
    ----------
    architecture : str
        Such as ``resnet50``.
    height, width : int
        Of its input.
    channels : int
        Of ``layer1``; fewer than 64 make a slim network.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(architecture, INDIVIDUALS, channels)
    network = network.to(choose_device(device))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            # Without momentum one pass sets the averages to those of its pictures.
            module.momentum = None
        if isinstance(module, BasicBlock | Bottleneck):
            last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
            nn.init.constant_(last.weight, BRANCH_WEIGHT)
    pictures = torch.stack([_picture(photo, height, width) for photo in drawn_photos(DRAWINGS)])
    with torch.no_grad():
        network.train()(pictures.to(network.directions.device))
    names = [f"individual {number}" for number in range(1, INDIVIDUALS + 1)]
    return Identifier(network, names, height, width)


def drawn_photos(count: int) -> list[Photo]:
    """The first drawings of a collection, always the same."""
    drawings = islice(draw_collection(CollectionSettings(spoilt_share=0)), count)
    return [Photo(drawing.name, drawing.name, drawing.pixels) for drawing in drawings]


def prepared_drawing(identifier: Identifier) -> Tensor:
    """A drawing as the identifier's input (3, height, width), on its device."""
    photo = drawn_photos(1)[0]
    return identifier.prepare(photo, photo.whole).to(identifier.device)


def machine(device: torch.device | None = None) -> str:
    """The computer in a few words."""
    words = [_processor(), f"{torch.get_num_threads()} of {os.cpu_count()} cores"]
    if device is not None and device.type == "cuda":
        words.append(torch.cuda.get_device_name(device))
    return ", ".join([*words, f"torch {torch.__version__}"])


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was given, so that a clock can be read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def timed(device: torch.device, work: Callable):
    """What some work returns, and its seconds."""
    wait_for(device)
    started = time.perf_counter()
    result = work()
    wait_for(device)
    return result, time.perf_counter() - started


def _picture(photo: Photo, height: int, width: int) -> Tensor:
    crop = torch.from_numpy(cut(photo, photo.whole, height, width)[None])
    return normalise(crop, IMAGENET_MEAN, IMAGENET_STD)[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
