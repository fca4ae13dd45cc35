"""How much memory the exact engine needs, known before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whalecore.explain import winograd
from whalecore.explain.delta import Margins
from whalecore.explain.folded import FoldedConv, FoldedNetwork
from whalecore.explain.spans import AxisPlan, AxisShape
from whalecore.explain.tiling import Tiling
from whalecore.explain.work import largest_map

WINOGRAD_PARTS = 4
"""Of `winograd.WORKING_BYTES`, alive together: patches, points, products and values."""

MAKING = 4
"""Of the size of the largest map: tensors on the way to the clean maps, not kept."""


def room_needed(network: FoldedNetwork, tiling: Tiling, photos: int) -> int:
    """Bytes that the exact engine of some photos takes at most, beside all weights.

    These are `weight_bytes`. What libraries use inside one operation is not counted.
    """
    making = MAKING * photos * largest_map(network, *tiling.size) * network.dtype.itemsize
    return clean_bytes(network, tiling, photos) + max(making, tile_bytes(network, tiling, photos))


def weight_bytes(network: FoldedNetwork) -> int:
    """What is kept of a network for all photos, beside its own weights.

    Folded weights, kernels in Winograd's form, and the head in double precision.
    """
    size = network.head.nbytes
    for conv in network.convolutions:
        size += conv.weight.nbytes + conv.bias.nbytes
        if conv.three_by_three:
            size += winograd.POINTS * 4 * conv.weight[:, :, 0, 0].numel()
    return size


def clean_bytes(network: FoldedNetwork, tiling: Tiling, photos: int) -> int:
    """What is kept of clean photos: the tensors of `whalecore.explain.delta.CleanPass`."""
    stem = len(network.stem.weight)
    # Cover, stem, highest, pooled, inside; then two maps for each rectifier.
    channels = [3, stem, stem, stem, 1]
    channels += [2 * len(conv.weight) for block in network.blocks for conv in block.convs]
    lengths = [_lengths(*one) for one in zip(tiling.shapes, tiling.margins, strict=True)]
    cells = sum(down * across * deep for down, across, deep in zip(*lengths, channels, strict=True))
    features = 8 * len(network.blocks[-1].convs[-1].weight)
    return photos * (cells * network.dtype.itemsize + features)


def tile_bytes(network: FoldedNetwork, tiling: Tiling, photos: int) -> int:
    """The most that the tiles of one chunk of patches take while they go through the network."""
    down, across = (_largest(tiling.plans(axis)) for axis in (0, 1))
    most = 0
    for number, (conv, row, col) in enumerate(
        zip(_convolutions(network), down, across, strict=True)
    ):
        each = photos * row.count * col.count * network.dtype.itemsize
        entry, taken, given = (
            each * rows * cols * channels
            for rows, cols, channels in zip(row.cells, col.cells, conv.channels, strict=True)
        )
        if number == 0:
            # What is pooled, the same in order, and 8 bytes for where each highest value was.
            most = (2 + 8 // network.dtype.itemsize) * entry + taken + given
        # The block's entry; what the convolution takes, and a copy with zeros around it; what it
        # gives, and the same once more while it is put in order or the shortcut is added.
        working = _winograd_bytes(conv.conv, row.cells[2], col.cells[2])
        most = max(most, entry + 2 * taken + 2 * given + working)
    return most


@dataclass(frozen=True)
class _Step:
    """A convolution along one axis: tiles, and cells of the block's entry, of input and output."""

    count: int
    cells: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class _Channelled:
    """A convolution with the channels of the block's entry, of its input and its output."""

    conv: FoldedConv
    channels: tuple[int, int, int]


def _convolutions(network: FoldedNetwork) -> list[_Channelled]:
    stem = len(network.stem.weight)
    found = [_Channelled(network.stem, (stem, stem, stem))]
    entry = stem
    for block in network.blocks:
        taken = entry
        for conv in block.convs:
            found.append(_Channelled(conv, (entry, taken, len(conv.weight))))
            taken = len(conv.weight)
        entry = taken
    return found


def _largest(plans: Sequence[AxisPlan]) -> list[_Step]:
    """The largest step of all plans, for each of `_convolutions`."""
    steps = zip(*(_steps(plan) for plan in plans), strict=True)
    return [
        _Step(
            max(one.count for one in alike),
            tuple(max(sizes) for sizes in zip(*(one.cells for one in alike), strict=True)),
        )
        for alike in steps
    ]


def _steps(plan: AxisPlan) -> list[_Step]:
    stem = plan.stem.span.size
    halo = stem + plan.pool.before + plan.pool.after
    found = [_Step(plan.patch.count, (plan.pool.span.size, halo, stem))]
    for block in plan.blocks:
        taken = block.entry.size
        for step in block.steps:
            found.append(_Step(plan.patch.count, (block.entry.size, taken, step.span.size)))
            taken = step.span.size
    return found


def _winograd_bytes(conv: FoldedConv, rows: int, cols: int) -> int:
    if not conv.three_by_three:
        return 0
    one = 4 * winograd.POINTS * -(-rows // 4) * -(-cols // 4) * max(conv.weight.shape[:2])
    return WINOGRAD_PARTS * max(winograd.WORKING_BYTES, one)


def _lengths(shape: AxisShape, margins: Margins) -> list[int]:
    """Cells of every kept map along one axis, its margins included."""
    stem = shape.stem.length(shape.length)
    pooled = length = shape.pool.length(stem)
    found = [
        shape.length + sum(margins.cover),
        stem + sum(margins.stem),
        stem + sum(margins.highest),
        pooled + sum(margins.pooled),
        pooled + sum(margins.pooled),
    ]
    for windows, around in zip(shape.blocks, margins.blocks, strict=True):
        for window, sides in zip(windows, around, strict=True):
            length = window.length(length)
            found.append(length + sum(sides))
    return found
