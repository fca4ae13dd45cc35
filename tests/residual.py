"""Small identifiers whose occlusion maps are known, and the definition to compare engines with."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from whalecore.explain.engines import Engine
from whalecore.explain.occlusion import MapsInTheMaking
from whalecore.explain.patches import positions
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import Network, build_network
from whalecore.types import Box, Crop, OcclusionSettings


def shaken(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give every batch normalisation statistics of its own, and evaluation mode.

    A fresh network has means of 0 and variances of 1, which a wrong folding would survive.
    """
    generator = torch.Generator().manual_seed(seed)

    def between(low: float, high: float, like: Tensor) -> Tensor:
        return low + (high - low) * torch.rand(like.shape, generator=generator)

    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean.copy_(between(-0.3, 0.3, module.running_mean))
                module.running_var.copy_(between(0.6, 1.6, module.running_var))
                module.weight.copy_(between(0.6, 1.3, module.weight))
                module.bias.copy_(between(-0.3, 0.3, module.bias))
    return network.eval()


def residual_network(
    architecture: str = "resnet18", individuals: int = 3, channels: int = 8, seed: int = 0
) -> Network:
    """A network from chance; ``channels`` of layer1 count for resnet18 and resnet34 only."""
    torch.manual_seed(seed)
    width = channels if architecture in ("resnet18", "resnet34") else 64
    network = shaken(build_network(architecture, individuals, width), seed)
    # As after training, the embedding shows what photos differ in; patches then change logits
    # by more than float32 rounds them.
    with torch.no_grad():
        pooled = network.features(random_photos(8, 32, 64, seed + 2))["layer4"].mean(dim=(2, 3))
        network.neck.running_mean.copy_(pooled.mean(dim=0))
        network.neck.running_var.copy_(pooled.var(dim=0))
    return network


def residual_identifier(
    architecture: str = "resnet18",
    individuals: int = 3,
    height: int = 32,
    width: int = 64,
    channels: int = 8,
    seed: int = 0,
) -> Identifier:
    """An identifier of the individuals ``w0``, ``w1``, ..."""
    network = residual_network(architecture, individuals, channels, seed)
    return Identifier(network, [f"w{number}" for number in range(individuals)], height, width)


def in_double_precision(network: Network) -> Network:
    """A copy whose numbers have 53 bits instead of 24."""
    return copy.deepcopy(network).double()


def double_logits(network: Network, images: Tensor) -> Tensor:
    """Logits of a network in double precision, by its own layers."""
    pooled = network.features(images.double())["layer4"].mean(dim=(2, 3))
    return network.logits(network.embedding_of_pooled(pooled))


def random_photos(count: int, height: int, width: int, seed: int = 1) -> Tensor:
    """Prepared photos of normally distributed pixels."""
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(seed))


def covered_logits(
    network: Network,
    photos: Tensor,
    settings: OcclusionSettings,
    rows: Sequence[int] | None = None,
    cols: Sequence[int] | None = None,
) -> Tensor:
    """The definition of an engine, in double precision: (photos, rows, cols, individuals).

    Parameters
    ----------
    network : Network
        In double precision.
    rows, cols : sequence of int, optional
        Places of the map; otherwise all.
    """
    height, width = photos.shape[2:]
    down, across = positions(height, settings.stride), positions(width, settings.stride)
    found = []
    for photo in photos:
        for y in down if rows is None else down[rows]:
            covered = []
            for x in across if cols is None else across[cols]:
                top, left = y - (settings.patch - 1) // 2, x - (settings.patch - 1) // 2
                one = photo.clone()
                one[
                    :,
                    max(0, top) : max(0, top + settings.patch),
                    max(0, left) : max(0, left + settings.patch),
                ] = settings.fill
                covered.append(one)
            found.append(double_logits(network, torch.stack(covered)))
    return torch.stack(found).view(len(photos), -1, len(covered), found[0].shape[1])


def all_blocks(engine: Engine) -> Tensor:
    """What an engine computes for all phases: (photos, rows, cols, individuals), float64.

    Fails where a position is computed never or twice.
    """
    computed = np.zeros(engine.grid.shape, dtype=int)
    logits = engine.clean.new_full((len(engine.clean), *computed.shape, engine.clean.shape[1]), 0)
    for phases in engine.grid.phases_by_level():
        for phase in phases:
            for block in engine.blocks(phase):
                computed[np.ix_(block.rows, block.cols)] += 1
                logits[:, block.rows[:, None], block.cols] = block.logits
    assert (computed == 1).all()
    return logits


def furthest(actual: Tensor, expected: Tensor, clean: Tensor) -> float:
    """Largest deviation as a share of the range of the same map.

    Parameters
    ----------
    actual, expected : Tensor of shape (photos, rows, cols, individuals)
    clean : Tensor of shape (photos, individuals)
    """
    maps = clean[:, None, None] - expected
    ranges = maps.amax(dim=(1, 2)) - maps.amin(dim=(1, 2))
    return float(((actual - expected).abs().amax(dim=(1, 2)) / ranges).max())


class LinearIdentifier:
    """Its logits are sums of weights times pixels, so each occlusion value is known exactly.

    Weights and pixels are small whole numbers: float32 holds every sum without rounding.
    """

    device = torch.device("cpu")

    def __init__(self, height=9, width=11, individuals=3, seed=0):
        self.height, self.width = height, width
        self.individuals = tuple(f"w{number}" for number in range(individuals))
        generator = torch.Generator().manual_seed(seed)
        self.weights = torch.randint(-3, 4, (individuals, 3, height, width), generator=generator)
        self.batch_sizes = []
        self.recorded_gradients = []

    def locate(self, photo):
        return Crop(Box(1, 1, photo.width, photo.height), "given")

    def prepare(self, photo, box):
        x0, y0 = int(box.x0), int(box.y0)
        cut = photo.pixels[y0 : y0 + self.height, x0 : x0 + self.width]
        return torch.from_numpy(cut.copy()).permute(2, 0, 1).float()

    def logits(self, batch):
        self.batch_sizes.append(len(batch))
        self.recorded_gradients.append(torch.is_grad_enabled())
        return torch.einsum("nchw,kchw->nk", batch, self.weights.float())

    def scores(self, logits):
        return torch.softmax(logits / 50, dim=1)


class Mirroring(Identifier):
    """Its logits are the mean over the photo and its mirror image, not its network's own."""

    def logits(self, images: Tensor) -> Tensor:
        return (super().logits(images) + super().logits(images.flip(-1))) / 2


def positions_taken(monkeypatch):
    """A list that gets, for each batch of positions that maps take over, how many they are."""
    taken, take = [], MapsInTheMaking.take

    def counted(self, block):
        taken.append(block.logits[0, ..., 0].numel())
        take(self, block)

    monkeypatch.setattr(MapsInTheMaking, "take", counted)
    return taken
