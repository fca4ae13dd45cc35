"""How much arithmetic the engine takes: to choose the cheapest way, and to compare with clocks.

Counted in multiply-adds. The constants say what other work costs in their place; they were
measured on a processor with AVX2 and change only the speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from whalecore.explain import winograd
from whalecore.explain.folded import FoldedConv, FoldedNetwork
from whalecore.explain.spans import AxisPlan, Span, plan_axis

PER_TRANSFORMED_VALUE = 130
"""A value brought to or from Winograd's points."""

PER_VALUE = 60
"""A value that goes through a rectifier."""

PER_WEIGHT = 32
"""A weight fetched from memory, once per convolution however many tiles it serves."""

PER_CALL = 4e6
"""A convolution with what belongs to it, however small."""


def by_winograd(conv: FoldedConv, tiles: int, rows: int, cols: int) -> bool:
    """Whether the faster algorithm pays for so many output tiles of so many cells."""
    if not conv.three_by_three:
        return False
    fours = tiles * -(-rows // 4) * -(-cols // 4)
    return _winograd_work(conv, fours, 1) < _plain_work(conv, tiles * rows * cols, 1)


def multiply_adds(network: FoldedNetwork, height: int, width: int) -> float:
    """Multiply-adds of all convolutions for one whole photo."""
    rows, cols = _whole(network, height, width)
    return tile_multiply_adds(network, [rows], [cols])


def tile_multiply_adds(
    network: FoldedNetwork, rows: Iterable[AxisPlan], cols: Iterable[AxisPlan]
) -> float:
    """Multiply-adds of the tiles of every pair of a row plan and a column plan.

    What plain convolutions of the tiles would take, without their zeros.
    """
    return _work(network, list(rows), list(cols), count_all=False)


def estimated_work(
    network: FoldedNetwork, rows: Sequence[AxisPlan], cols: Sequence[AxisPlan]
) -> float:
    """Like `tile_multiply_adds`, with the better algorithm and everything around it."""
    return _work(network, rows, cols, count_all=True)


def brute_force_work(network: FoldedNetwork, height: int, width: int, batch: int) -> float:
    """Estimated multiply-adds per position of whole photos, so many together."""
    rows = plan_axis(network.shape(0, height), Span(0, 0, height, batch))
    cols = plan_axis(network.shape(1, width), Span(0, 0, width, 1))
    return estimated_work(network, [rows], [cols]) / batch


def largest_map(network: FoldedNetwork, height: int, width: int) -> int:
    """Values of the largest output of a convolution for one whole photo."""
    rows, cols = _whole(network, height, width)
    return max(
        conv.weight.shape[0] * down.size * across.size
        for conv, down, across in zip(
            _convolutions(network), _spans(network, rows), _spans(network, cols), strict=True
        )
    )


def _whole(network: FoldedNetwork, height: int, width: int) -> tuple[AxisPlan, AxisPlan]:
    """Plans of a patch that covers the photo."""
    rows, cols = (
        plan_axis(network.shape(axis, length), Span(0, 0, length, 1))
        for axis, length in enumerate((height, width))
    )
    return rows, cols


def _work(network, rows, cols, count_all: bool) -> float:
    """Sum over convolutions; the axes are independent, so each is summed for itself."""
    total = 0.0
    by_row = [_spans(network, plan) for plan in rows]
    by_col = [_spans(network, plan) for plan in cols]
    calls = len(by_row) * len(by_col)
    for number, conv in enumerate(_convolutions(network)):
        down = [spans[number] for spans in by_row]
        across = [spans[number] for spans in by_col]
        cells = _total(down, 1) * _total(across, 1)
        if not count_all:
            total += conv.multiply_adds * cells
            continue
        work = _plain_work(conv, cells, calls)
        if conv.three_by_three:
            fours = _total(down, 4) * _total(across, 4)
            work = min(work, _winograd_work(conv, fours, calls))
        total += work + PER_VALUE * conv.weight.shape[0] * cells + PER_CALL * calls
    return total


def _total(spans: list[Span], unit: int) -> int:
    return sum(span.count * -(-span.size // unit) for span in spans)


def _plain_work(conv: FoldedConv, cells: int, calls: int) -> float:
    return conv.multiply_adds * (cells + PER_WEIGHT * calls)


def _winograd_work(conv: FoldedConv, fours: int, calls: int) -> float:
    """For so many tiles of 4 x 4 outputs."""
    outputs, inputs = conv.weight.shape[:2]
    weights = outputs * inputs
    per_four = 1.15 * weights + PER_TRANSFORMED_VALUE * (outputs + inputs)
    return winograd.POINTS * (fours * per_four + PER_WEIGHT * weights * calls)


def _convolutions(network: FoldedNetwork) -> list[FoldedConv]:
    found = [network.stem]
    for block in network.blocks:
        found += [*block.convs, *([block.shortcut] if block.shortcut else [])]
    return found


def _spans(network: FoldedNetwork, plan: AxisPlan) -> list[Span]:
    """Output tiles of each of `_convolutions`."""
    found = [plan.stem.span]
    for block, axis in zip(network.blocks, plan.blocks, strict=True):
        found += [step.span for step in axis.steps]
        if block.shortcut:
            found.append(Span(0, 0, axis.shortcut_size, axis.entry.count))
    return found
