"""The network: a residual network's blocks, an embedding of length 1 and a head of cosines."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet
from torchvision.models.resnet import BasicBlock, Bottleneck

from whalecore.errors import CheckpointError, SettingsError
from whalecore.identifiers.pretrained import read_weights
from whalecore.types import LAYERS

ARCHITECTURES = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
    "resnet152": (Bottleneck, (3, 8, 36, 3)),
    "wide_resnet50_2": (Bottleneck, (3, 4, 6, 3)),
    "resnext50_32x4d": (Bottleneck, (3, 4, 6, 3)),
}
"""Block and number of blocks in ``layer1`` to ``layer4``, as in torchvision."""

INSIDE_BLOCKS = {
    "wide_resnet50_2": {"width_per_group": 128},
    "resnext50_32x4d": {"groups": 32, "width_per_group": 4},
}
"""What torchvision calls the form of the blocks, where it is not the usual one."""

FULL_WIDTH = 64
"""Channels of ``layer1`` in torchvision's networks."""


class Network(nn.Module):
    """Photos in, embeddings and logits out.

    ``stem``, ``layer1`` .. ``layer4`` are torchvision's; the average over positions goes through
    a batch normalisation and is brought to length 1 (the embedding). A logit is the cosine
    between the embedding and the direction of an individual, times ``scale``.

    Parameters
    ----------
    architecture : str
        One of `ARCHITECTURES`.
    individuals : int
        Rows of the head.
    width : int
        Channels of ``layer1``: 64 is torchvision's network, less is a slimmer and faster one
        (``resnet18`` and ``resnet34`` only).
    scale : float
        Logit of a cosine of 1.
    """

    def __init__(
        self, architecture: str, individuals: int, width: int = FULL_WIDTH, scale: float = 24.0
    ) -> None:
        super().__init__()
        check_shape(architecture, individuals, width)
        self.architecture = architecture
        self.width = width
        self.scale = float(scale)
        body = _residual_network(architecture, width)
        self.stem = nn.Sequential(body.conv1, body.bn1, body.relu, body.maxpool)
        self.layer1, self.layer2 = body.layer1, body.layer2
        self.layer3, self.layer4 = body.layer3, body.layer4
        size = body.fc.in_features
        self.neck = nn.BatchNorm1d(size)
        self.directions = nn.Parameter(torch.empty(size, individuals))
        nn.init.normal_(self.directions, std=size**-0.5)

    @property
    def individuals(self) -> int:
        """Rows of the head."""
        return self.directions.shape[1]

    @property
    def embedding_size(self) -> int:
        """Length of the embedding."""
        return self.directions.shape[0]

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Outputs (B, C, h, w) of ``layer1`` .. ``layer4`` for images (B, 3, H, W)."""
        values = self.stem(images)
        found = {}
        for name in LAYERS:
            values = found[name] = self.get_submodule(name)(values)
        return found

    def embedding(self, layer4: Tensor) -> Tensor:
        """Embeddings (B, embedding_size) of length 1 from the output of ``layer4``.

        From here on the numbers are float32, also where the blocks ran in half precision.
        """
        with torch.autocast(layer4.device.type, enabled=False):
            return self.embedding_of_pooled(layer4.float().mean(dim=(2, 3)))

    def embedding_of_pooled(self, pooled: Tensor) -> Tensor:
        """Embeddings (B, embedding_size) of length 1 from averages over positions (B, C)."""
        return functional.normalize(self.neck(pooled), dim=1)

    def logits(self, embedding: Tensor) -> Tensor:
        """Logits (B, individuals): scale times cosine, between -scale and scale."""
        with torch.autocast(embedding.device.type, enabled=False):
            return self.scale * (embedding @ functional.normalize(self.directions, dim=0))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (B, embedding_size) and logits (B, individuals) of images (B, 3, H, W)."""
        embedding = self.embedding(self.features(images)["layer4"])
        return embedding, self.logits(embedding)


def share_blocks(network: Network, trained: Network) -> None:
    """Give a fresh module everything of a trained network but its head; nothing is copied."""
    network.architecture, network.width = trained.architecture, trained.width
    network.scale = trained.scale
    for name in ("stem", *LAYERS, "neck"):
        setattr(network, name, getattr(trained, name))
    network.train(trained.training)


def build_network(
    architecture: str,
    individuals: int,
    width: int = FULL_WIDTH,
    weights: str | Path = "none",
    scale: float = 24.0,
) -> Network:
    """Make a network, from chance or from weights learnt elsewhere.

    Parameters
    ----------
    weights : str or Path
        ``none`` (chance), ``imagenet`` (torchvision's, fetched or from its cache) or the path of
        a ``.safetensors`` file with the names of torchvision's network.

    Raises
    ------
    SettingsError
        For an unknown architecture, or a width that the weights do not have.
    CheckpointError
        When the weights cannot be had or do not fit.
    """
    network = Network(architecture, individuals, width, scale)
    if str(weights) == "none":
        return network
    if width != FULL_WIDTH:
        raise SettingsError(
            f"Width {width} has no weights learnt elsewhere: they exist for width "
            f"{FULL_WIDTH} only; choose that width or '--weights none'."
        )
    _take_over(network, read_weights(architecture, weights), weights)
    return network


def check_shape(architecture: str, individuals: int, width: int) -> None:
    """Refuse networks that do not exist.

    Raises
    ------
    SettingsError
        One sentence that names what is allowed.
    """
    if architecture not in ARCHITECTURES:
        raise SettingsError(
            f"The architecture '{architecture}' is unknown: choose one of "
            f"{', '.join(ARCHITECTURES)}."
        )
    if individuals < 2:
        raise SettingsError(
            f"{individuals} individual(s) cannot be told apart: an identifier needs photos of at "
            "least 2 named individuals."
        )
    slim = ARCHITECTURES[architecture][0] is BasicBlock
    if not (8 <= width <= FULL_WIDTH if slim else width == FULL_WIDTH):
        raise SettingsError(
            f"Width {width} is not possible for {architecture}: resnet18 and resnet34 take 8 to "
            f"{FULL_WIDTH}, the deeper ones {FULL_WIDTH} only."
        )


def choose_device(device: str = "auto") -> torch.device:
    """The device to compute on; ``auto`` takes a GPU where there is one."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device not in ("cpu", "cuda"):
        raise SettingsError(f"The device '{device}' is unknown: choose auto, cpu or cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("No GPU was found here: choose 'auto' or 'cpu'.")
    return torch.device(device)


def _residual_network(architecture: str, width: int) -> resnet.ResNet:
    """torchvision's network with ``width`` instead of 64 channels in ``layer1``."""
    block, depths = ARCHITECTURES[architecture]
    body = resnet.ResNet(block, list(depths), **INSIDE_BLOCKS.get(architecture, {}))
    if width == FULL_WIDTH:
        return body
    body.inplanes = width
    body.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
    body.bn1 = nn.BatchNorm2d(width)
    body.layer1 = body._make_layer(block, width, depths[0])
    body.layer2 = body._make_layer(block, 2 * width, depths[1], stride=2)
    body.layer3 = body._make_layer(block, 4 * width, depths[2], stride=2)
    body.layer4 = body._make_layer(block, 8 * width, depths[3], stride=2)
    body.fc = nn.Linear(8 * width * block.expansion, 1)
    for module in body.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return body


def _take_over(network: Network, found: dict[str, Tensor], source: str | Path) -> None:
    """Copy torchvision's weights into the blocks; its classifier ``fc`` is left out."""
    renamed = {}
    for name, values in found.items():
        for theirs, ours in (("conv1.", "stem.0."), ("bn1.", "stem.1.")):
            name = ours + name.removeprefix(theirs) if name.startswith(theirs) else name
        renamed[name] = values
    own = network.state_dict()
    wanted = [name for name in own if not name.startswith(("neck.", "directions"))]
    wrong = [
        name
        for name in wanted
        if not name.endswith("num_batches_tracked")
        and (name not in renamed or renamed[name].shape != own[name].shape)
    ]
    if wrong:
        raise CheckpointError(
            f"The weights '{source}' do not fit {network.architecture}: {wrong[0]} is missing or "
            "of another shape; give a file made for this architecture."
        )
    network.load_state_dict(
        {name: renamed[name] for name in wanted if name in renamed}, strict=False
    )
