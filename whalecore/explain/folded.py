"""A residual network as plain convolutions: batch normalisation folded in, one list of blocks."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock, Bottleneck

from whalecore.explain import winograd
from whalecore.explain.spans import AxisShape, Window
from whalecore.identifiers.network import Network
from whalecore.types import LAYERS


@dataclass(eq=False)
class FoldedConv:
    """A convolution with the batch normalisation behind it folded in.

    Attributes
    ----------
    weight : Tensor of shape (outputs, inputs / groups, kernel, kernel), channels last
    bias : Tensor of shape (outputs,)
    """

    weight: Tensor
    bias: Tensor
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    _transformed: Tensor | None = field(default=None, repr=False)

    def __call__(self, values: Tensor) -> Tensor:
        """The whole map, bias included."""
        return functional.conv2d(
            values, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )

    def window(self, axis: int) -> Window:
        """Along rows (0) or columns (1)."""
        kernel = self.dilation[axis] * (self.weight.shape[2 + axis] - 1) + 1
        return Window(kernel, self.stride[axis], self.padding[axis])

    @property
    def multiply_adds(self) -> int:
        """Of one cell of the output."""
        return self.weight.numel()

    @property
    def three_by_three(self) -> bool:
        """Whether `winograd.convolve` can compute it."""
        return (
            self.weight.shape[2:] == (3, 3)
            and self.stride == self.dilation == (1, 1)
            and self.groups == 1
            and self.weight.device.type == "cpu"
            and self.weight.dtype == torch.float32
        )

    @property
    def pointwise(self) -> bool:
        """Whether every output cell looks at one input cell: a product of matrices."""
        return (
            self.weight.shape[2:] == (1, 1)
            and self.stride == (1, 1)
            and self.padding == (0, 0)
            and self.groups == 1
        )

    @property
    def transformed(self) -> Tensor:
        """The kernel as `winograd.convolve` takes it; kept, since its making takes long."""
        if self._transformed is None:
            self._transformed = winograd.transformed_kernel(self.weight)
        return self._transformed


@dataclass(frozen=True, eq=False)
class FoldedBlock:
    """A residual block: convolutions with rectifiers between, and a shortcut around them."""

    convs: tuple[FoldedConv, ...]
    shortcut: FoldedConv | None

    def __call__(self, values: Tensor) -> Tensor:
        """The block's output for whole maps (B, C, h, w)."""
        return self.before_rectifiers(values)[-1].clamp(min=0)

    def before_rectifiers(self, values: Tensor) -> list[Tensor]:
        """The values before each convolution's rectifier; the last holds the shortcut too."""
        entry, found = values, []
        for conv in self.convs:
            found.append(conv(values))
            values = found[-1].clamp(min=0)
        found[-1] = found[-1] + (entry if self.shortcut is None else self.shortcut(entry))
        return found


@dataclass(frozen=True, eq=False)
class FoldedHead:
    """What makes logits of the last map's averages, in double precision.

    A covered pixel may change them by less than float32 rounds them.

    Attributes
    ----------
    layers : Module
        Of float64.
    """

    layers: nn.Module

    def __call__(self, pooled: Tensor) -> Tensor:
        """Logits (B, individuals), float64, of averages (B, C) of any number type."""
        return self.layers(pooled.double())

    @property
    def nbytes(self) -> int:
        """Of its weights."""
        kept = (*self.layers.parameters(), *self.layers.buffers())
        return sum(one.nbytes for one in kept)


@dataclass(frozen=True, eq=False)
class FoldedNetwork:
    """A residual network from the photo to the logits.

    Attributes
    ----------
    stem : FoldedConv
        Followed by a rectifier and a maximum over ``pool``.
    layers : tuple of int
        Blocks of each of ``layer1`` to ``layer4``.
    head : FoldedHead
    """

    stem: FoldedConv
    pool: tuple[Window, Window]
    blocks: tuple[FoldedBlock, ...]
    layers: tuple[int, ...]
    head: FoldedHead

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.stem.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Number type of weights and maps."""
        return self.stem.weight.dtype

    @property
    def convolutions(self) -> list[FoldedConv]:
        """All of them; a block's shortcut comes behind its own."""
        found = [self.stem]
        for block in self.blocks:
            found += [*block.convs, *([block.shortcut] if block.shortcut else [])]
        return found

    def pooled_stem(self, images: Tensor) -> Tensor:
        """What the first block gets for photos (B, 3, H, W)."""
        return self.highest(self.stem(images).clamp(min=0))

    def highest(self, values: Tensor) -> Tensor:
        """The maximum over ``pool``."""
        down, across = self.pool
        return functional.max_pool2d(
            values,
            (down.kernel, across.kernel),
            (down.stride, across.stride),
            (down.padding, across.padding),
        )

    def logits(self, images: Tensor) -> Tensor:
        """Logits (B, individuals), float64, of photos (B, 3, H, W)."""
        return self.logits_from(self.pooled_stem(images.to(self.dtype)), self.blocks)

    def logits_from(self, values: Tensor, blocks: tuple[FoldedBlock, ...]) -> Tensor:
        """Logits of what the first of the last few ``blocks`` gets."""
        for block in blocks:
            values = block(values)
        return self.head(values.mean(dim=(2, 3), dtype=torch.float64))

    def shape(self, axis: int, length: int) -> AxisShape:
        """The windows along rows (0) or columns (1)."""
        blocks = tuple(tuple(conv.window(axis) for conv in block.convs) for block in self.blocks)
        return AxisShape(length, self.stem.window(axis), self.pool[axis], blocks)


def fold(network: nn.Module, dtype: torch.dtype = torch.float32) -> FoldedNetwork | None:
    """Fold a network in evaluation mode.

    Parameters
    ----------
    network : Network or torchvision.models.ResNet
    dtype : torch.dtype
        Number type of the folded weights.

    Returns
    -------
    FoldedNetwork or None
        None for a network that is built otherwise, or whose total strides along rows and columns
        are not the same power of 2: patches could not be computed together.
    """
    with torch.inference_mode(False), torch.no_grad():
        # Tensors made in inference mode could not be differentiated through later.
        return _fold(network, dtype)


def _fold(network: nn.Module, dtype: torch.dtype) -> FoldedNetwork | None:
    if isinstance(network, Network):
        conv, norm, rectifier, pool = network.stem
        head = _OwnHead(network)
    elif isinstance(network, ResNet):
        conv, norm, rectifier, pool = (
            network.conv1, network.bn1, network.relu, network.maxpool
        )  # fmt: skip
        head = deepcopy(network.fc).double().requires_grad_(False)
    else:
        return None
    layers = [list(network.get_submodule(name)) for name in LAYERS]
    blocks = [block for layer in layers for block in layer]
    if network.training or not (
        _plain(conv, norm, rectifier)
        and isinstance(pool, nn.MaxPool2d)
        and _pair(pool.dilation) == (1, 1)
        and not pool.ceil_mode
        and all(_plain_block(block) for block in blocks)
    ):
        return None
    sizes = zip(_pair(pool.kernel_size), _pair(pool.stride), _pair(pool.padding), strict=True)
    folded = FoldedNetwork(
        _folded(conv, norm, dtype),
        tuple(Window(*size) for size in sizes),
        tuple(_folded_block(block, dtype) for block in blocks),
        tuple(len(layer) for layer in layers),
        FoldedHead(head),
    )
    down, across = (folded.shape(axis, length=1).total_stride for axis in (0, 1))
    return folded if down == across and down.bit_count() == 1 else None


class _OwnHead(nn.Module):
    """The head of an identifier, whichever it has, in double precision: all but its blocks."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        bare = copy(network)
        bare._modules = {
            name: module
            for name, module in network._modules.items()
            if name not in ("stem", *LAYERS)
        }
        self.bare = deepcopy(bare).double().requires_grad_(False)

    def forward(self, pooled: Tensor) -> Tensor:
        return self.bare.logits(self.bare.embedding_of_pooled(pooled))


def _plain_block(block: nn.Module) -> bool:
    if type(block) not in (BasicBlock, Bottleneck):
        return False
    pairs = _conv_norm_pairs(block)
    if block.downsample is not None:
        if len(block.downsample) != 2:
            return False
        pairs.append(tuple(block.downsample))
        conv = block.downsample[0]
        if conv.kernel_size != (1, 1) or conv.padding != (0, 0) or conv.groups != 1:
            return False
    return all(_plain(conv, norm, block.relu) for conv, norm in pairs)


def _plain(conv: nn.Module, norm: nn.Module, rectifier: nn.Module) -> bool:
    return (
        isinstance(conv, nn.Conv2d)
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
        and isinstance(norm, nn.BatchNorm2d)
        and norm.track_running_stats
        and isinstance(rectifier, nn.ReLU)
    )


def _conv_norm_pairs(block: BasicBlock | Bottleneck) -> list[tuple[nn.Conv2d, nn.Module]]:
    pairs = [(block.conv1, block.bn1), (block.conv2, block.bn2)]
    return [*pairs, (block.conv3, block.bn3)] if isinstance(block, Bottleneck) else pairs


def _folded_block(block: BasicBlock | Bottleneck, dtype: torch.dtype) -> FoldedBlock:
    convs = tuple(_folded(conv, norm, dtype) for conv, norm in _conv_norm_pairs(block))
    shortcut = None if block.downsample is None else _folded(*block.downsample, dtype)
    return FoldedBlock(convs, shortcut)


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d, dtype: torch.dtype) -> FoldedConv:
    variance = norm.running_var.double() + norm.eps
    scale = variance.rsqrt() if norm.weight is None else norm.weight.double() * variance.rsqrt()
    shift = -norm.running_mean.double() * scale
    if norm.bias is not None:
        shift = shift + norm.bias.double()
    if conv.bias is not None:
        shift = shift + conv.bias.double() * scale
    weight = (conv.weight.double() * scale[:, None, None, None]).to(dtype)
    return FoldedConv(
        weight.detach().contiguous(memory_format=torch.channels_last),
        shift.to(dtype).detach(),
        conv.stride,
        conv.padding,
        conv.dilation,
        conv.groups,
    )


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
