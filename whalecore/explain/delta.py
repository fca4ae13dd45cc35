"""Exact occlusion by carrying only what a patch changes.

For a covered patch the change of every layer's output is zero outside a tile around the patch.
A convolution is linear, so the tile is convolved without bias, zeros around it; a rectifier
turns the change d of a value P into relu(P + d) - relu(P); pooling over positions is linear.
The clean values P are kept once per photo. Outside the map they are minus infinity, which the
rectifier turns into no change, so that tiles may hang over the border.

The idea of incremental inference is Krypton's (Nakandala et al., SIGMOD 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from whalecore.explain import winograd
from whalecore.explain.folded import FoldedConv, FoldedNetwork
from whalecore.explain.spans import AxisPlan, AxisShape, AxisStep, Span
from whalecore.explain.work import by_winograd


@dataclass(frozen=True, eq=False)
class PaddedMap:
    """A clean map with a margin, from which tiles are read without copying.

    Attributes
    ----------
    values : Tensor of shape (photos, rows, cols, channels), contiguous
        Margin included.
    margin : (int, int)
        Cells above and left of the map.
    """

    values: Tensor
    margin: tuple[int, int]

    def tiles(self, rows: Span, cols: Span) -> Tensor:
        """A view of shape (photos, rows.count, cols.count, rows.size, cols.size, channels)."""
        for axis, span in ((0, rows), (1, cols)):
            first, end = span.start + self.margin[axis], span.end + self.margin[axis]
            if first < 0 or end > self.values.shape[1 + axis]:
                # A view does not look where it ends: it would show other memory.
                raise IndexError(f"the tiles {span} leave a map of {tuple(self.values.shape)}")
        photos, down, across, channel = self.values.stride()
        return self.values.as_strided(
            (
                len(self.values),
                rows.count,
                cols.count,
                rows.size,
                cols.size,
                self.values.shape[3],
            ),
            (photos, rows.step * down, cols.step * across, down, across, channel),
            self.values.storage_offset()
            + (rows.start + self.margin[0]) * down
            + (cols.start + self.margin[1]) * across,
        )


@dataclass(frozen=True, eq=False)
class Rectified:
    """Clean values before a rectifier, in the form its change needs.

    relu(P + d) - relu(P) = max(d + min(P, 0), -relu(P)): two passes over a tile.
    """

    below: PaddedMap
    minus: PaddedMap

    def change_(self, tiles: Tensor, rows: Span, cols: Span) -> Tensor:
        """Turn changes before the rectifier into changes behind it, in place."""
        below, minus = self.below.tiles(rows, cols), self.minus.tiles(rows, cols)
        grid = tiles.view(below.shape)
        grid.add_(below)
        torch.maximum(grid, minus, out=grid)
        return tiles


@dataclass(frozen=True, eq=False)
class CleanPass:
    """Everything the tiles of some photos are compared with.

    Attributes
    ----------
    cover : PaddedMap
        What covering a pixel adds to it.
    stem : PaddedMap
        The stem before its rectifier.
    highest, pooled, inside : PaddedMap
        The stem behind its rectifier, behind its pooling, and 1 inside that map.
    blocks : tuple of tuple of Rectified
        Per block and convolution.
    features : Tensor of shape (photos, channels), float64
        Averages over positions.
    cells : int
        Positions of the last map.
    """

    cover: PaddedMap
    stem: PaddedMap
    highest: PaddedMap
    pooled: PaddedMap
    inside: PaddedMap
    blocks: tuple[tuple[Rectified, ...], ...]
    features: Tensor
    cells: int


@dataclass(frozen=True)
class Margins:
    """How far tiles hang over each map: (before, after) along one axis."""

    cover: tuple[int, int]
    stem: tuple[int, int]
    highest: tuple[int, int]
    pooled: tuple[int, int]
    blocks: tuple[tuple[tuple[int, int], ...], ...]


def margins_of(shape: AxisShape, plans: list[AxisPlan]) -> Margins:
    """The margins that tiles of all these plans need along one axis."""
    stem_length = shape.stem.length(shape.length)
    length = shape.pool.length(stem_length)
    blocks = []
    for number, windows in enumerate(shape.blocks):
        margins = []
        for place, window in enumerate(windows):
            length = window.length(length)
            spans = [plan.blocks[number].steps[place].span for plan in plans]
            margins.append(overhang(spans, length))
        blocks.append(tuple(margins))
    return Margins(
        overhang([plan.patch for plan in plans], shape.length),
        overhang([plan.stem.span for plan in plans], stem_length),
        overhang([_halo(plan) for plan in plans], stem_length),
        overhang([plan.pool.span for plan in plans], shape.pool.length(stem_length)),
        tuple(blocks),
    )


def clean_pass(
    network: FoldedNetwork, images: Tensor, fill: float, rows: Margins, cols: Margins
) -> CleanPass:
    """Send photos through the network once and keep what tiles are compared with.

    Parameters
    ----------
    images : Tensor of shape (photos, 3, height, width)
        Prepared; of the network's number type.
    fill : float
        Value of a covered pixel.
    """
    images = images.contiguous(memory_format=torch.channels_last)

    def padded(values: Tensor, down, across, outside: float) -> PaddedMap:
        sides = (0, 0, *across, *down)
        cells = values.permute(0, 2, 3, 1)
        return PaddedMap(
            functional.pad(cells, sides, value=outside).contiguous(), (down[0], across[0])
        )

    def rectified(values: Tensor, down, across) -> Rectified:
        return Rectified(
            padded(values.clamp(max=0), down, across, float("-inf")),
            padded(-values.clamp(min=0), down, across, 0.0),
        )

    stem = network.stem(images)
    highest = stem.clamp(min=0)
    values = pooled = network.highest(highest)
    blocks = []
    for number, block in enumerate(network.blocks):
        before = block.before_rectifiers(values)
        values = before[-1].clamp(min=0)
        kept = zip(before, rows.blocks[number], cols.blocks[number], strict=True)
        blocks.append(tuple(rectified(*one) for one in kept))
    return CleanPass(
        padded(fill - images, rows.cover, cols.cover, 0.0),
        padded(stem, rows.stem, cols.stem, float("-inf")),
        padded(highest, rows.highest, cols.highest, 0.0),
        padded(pooled, rows.pooled, cols.pooled, 0.0),
        padded(torch.ones_like(pooled[:, :1]), rows.pooled, cols.pooled, 0.0),
        tuple(blocks),
        values.mean(dim=(2, 3), dtype=torch.float64),
        prod(values.shape[2:]),
    )


def block_changes(
    network: FoldedNetwork, clean: CleanPass, rows: AxisPlan, cols: AxisPlan
) -> Iterator[Tensor]:
    """Send the tiles of a chunk of patches through the network, block by block.

    Yields
    ------
    Tensor of shape (photos * rows.patch.count * cols.patch.count, height, width, channels)
        The change of each block's output, the pooled stem's first; the next step may reuse
        its memory.
    """
    tiles = _through_stem(network, clean, rows, cols)
    yield tiles
    down, across = rows.pool.span, cols.pool.span
    for block, kept, by_row, by_col in zip(
        network.blocks, clean.blocks, rows.blocks, cols.blocks, strict=True
    ):
        tiles = entry = _settle(tiles, down, by_row.entry, across, by_col.entry)
        for place, conv in enumerate(block.convs):
            row, col = by_row.steps[place], by_col.steps[place]
            tiles = _convolved(conv, tiles, row, col)
            if place == len(block.convs) - 1:
                _add_shortcut(tiles, entry, block.shortcut, by_row, by_col)
            kept[place].change_(tiles, row.span, col.span)
        yield tiles
        down, across = by_row.steps[-1].span, by_col.steps[-1].span


def changed_features(
    network: FoldedNetwork, clean: CleanPass, rows: AxisPlan, cols: AxisPlan
) -> Tensor:
    """Averages over positions of the last map for a chunk of covered patches.

    Returns
    -------
    Tensor of shape (photos, rows.patch.count, cols.patch.count, channels), float64
        So that a small change is not rounded where it is added to the clean photo's averages.
    """
    for last in block_changes(network, clean, rows, cols):
        tiles = last
    changes = tiles.sum(dim=(1, 2), dtype=torch.float64) / clean.cells
    changes = changes.view(-1, rows.patch.count, cols.patch.count, changes.shape[-1])
    return clean.features[:, None, None] + changes


def _through_stem(network, clean, rows: AxisPlan, cols: AxisPlan) -> Tensor:
    patches = clean.cover.tiles(rows.patch, cols.patch)
    tiles = _convolved(network.stem, patches.reshape(-1, *patches.shape[3:]), rows.stem, cols.stem)
    clean_tiles = clean.stem.tiles(rows.stem.span, cols.stem.span)
    changed = tiles.view(clean_tiles.shape).add_(clean_tiles).clamp_(min=0)
    # A copy even where the tiles are the whole map: the clean values must outlive it.
    halo = clean.highest.tiles(_halo(rows), _halo(cols))
    halo = halo.clone(memory_format=torch.contiguous_format)
    place = []
    for axis, step in ((3, rows.pool), (4, cols.pool)):
        size = min(changed.shape[axis], halo.shape[axis] - step.before)
        changed = changed.narrow(axis, 0, size)
        place.append(slice(step.before, step.before + size))
    halo[:, :, :, place[0], place[1]] = changed
    down, across = network.pool
    highest = functional.max_pool2d(
        halo.flatten(0, 2).permute(0, 3, 1, 2),
        (down.kernel, across.kernel),
        (down.stride, across.stride),
    )
    tiles = highest.permute(0, 2, 3, 1).contiguous()
    before = clean.pooled.tiles(rows.pool.span, cols.pool.span)
    inside = clean.inside.tiles(rows.pool.span, cols.pool.span)
    tiles.view(before.shape).sub_(before).mul_(inside)
    return tiles


def _convolved(conv: FoldedConv, tiles: Tensor, rows: AxisStep, cols: AxisStep) -> Tensor:
    height, width = rows.span.size, cols.span.size
    if by_winograd(conv, len(tiles), height, width):
        before = (rows.before, cols.before)
        return winograd.convolve(tiles, conv.transformed, height, width, before).contiguous()
    if conv.pointwise:
        return functional.linear(tiles, conv.weight.flatten(1))
    padding = (rows.before, cols.before)
    if padding != (rows.after, cols.after) or min(padding) < 0:
        sides = (0, 0, cols.before, cols.after, rows.before, rows.after)
        tiles, padding = functional.pad(tiles, sides), (0, 0)
    result = functional.conv2d(
        tiles.permute(0, 3, 1, 2),
        conv.weight,
        None,
        conv.stride,
        padding,
        conv.dilation,
        conv.groups,
    )
    return result.permute(0, 2, 3, 1).contiguous()


def _add_shortcut(tiles, entry, shortcut, rows, cols) -> None:
    """Add the change that goes around the block, in place."""
    stride = (1, 1) if shortcut is None else shortcut.stride
    taken = entry[
        :,
        rows.shortcut_first :: stride[0],
        cols.shortcut_first :: stride[1],
    ][:, : rows.shortcut_size, : cols.shortcut_size]
    if shortcut is not None:
        taken = functional.linear(taken, shortcut.weight.flatten(1))
    tiles[
        :,
        rows.shortcut_offset : rows.shortcut_offset + rows.shortcut_size,
        cols.shortcut_offset : cols.shortcut_offset + cols.shortcut_size,
    ] += taken


def _settle(tiles: Tensor, rows: Span, new_rows: Span, cols: Span, new_cols: Span) -> Tensor:
    """Copy tiles into one place that holds them all, along the axes where that changes."""
    if rows != new_rows:
        tiles = _settle_axis(tiles, rows, new_rows, 1, rows.count, cols.count)
    if cols != new_cols:
        tiles = _settle_axis(tiles, cols, new_cols, 2, rows.count, cols.count)
    return tiles


def _settle_axis(tiles, old: Span, new: Span, axis: int, down: int, across: int) -> Tensor:
    shape = [*tiles.shape]
    shape[axis] = new.size
    source = tiles.view(-1, down, across, *tiles.shape[1:])
    target = tiles.new_zeros(shape)
    grid = target.view(-1, down, across, *shape[1:])
    for number in range(old.count):
        start = old.start + number * old.step
        first, end = max(start, new.start), min(start + old.size, new.start + new.size)
        if first < end:
            part = source.select(axis, number).narrow(axis + 1, first - start, end - first)
            grid.select(axis, number).narrow(axis + 1, first - new.start, end - first).copy_(part)
    return target


def _halo(plan: AxisPlan) -> Span:
    """The cells that pooling looks at."""
    stem, step = plan.stem.span, plan.pool
    return Span(
        stem.start - step.before, stem.step, stem.size + step.before + step.after, stem.count
    )


def overhang(spans: list[Span], length: int) -> tuple[int, int]:
    """Cells by which tiles lie before and behind a map."""
    return (
        max(0, *(-span.start for span in spans)),
        max(0, *(span.end - length for span in spans)),
    )
