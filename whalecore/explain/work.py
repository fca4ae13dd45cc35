"""How much arithmetic the engine takes: to choose the cheapest way, and to compare with clocks.

Counted in multiply-adds. What other work costs in their place changes only the speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from whalecore.explain import winograd
from whalecore.explain.folded import FoldedConv, FoldedNetwork
from whalecore.explain.spans import AxisPlan, Span, plan_axis


@dataclass(frozen=True)
class Costs:
    """What other work costs, in multiply-adds.

    Attributes
    ----------
    transformed_value : float
        A value brought to or from Winograd's points.
    value : float
        A value that goes through a rectifier.
    weight : float
        A weight fetched from memory, once per convolution however many tiles it serves.
    call : float
        A convolution with what belongs to it, however small.
    """

    transformed_value: float
    value: float
    weight: float
    call: float


PROCESSOR = Costs(transformed_value=130, value=60, weight=32, call=4e6)
"""Measured on a processor with AVX2, to choose among plans."""

GPU = Costs(transformed_value=inf, value=800, weight=100, call=2.5e9)
"""Reckoned for 200 TFLOP/s, which are 1e14 multiply-adds a second, and 4 TB/s of memory.

A value is read and written with the clean ones in 32 bytes, a weight read in 4; a convolution is
about five launches of 5 microseconds. Winograd's way is the processor's alone.
"""


def costs_on(device: str) -> Costs:
    """Those of a kind of device, such as ``cpu`` or ``cuda``."""
    return GPU if device == "cuda" else PROCESSOR


def by_winograd(conv: FoldedConv, tiles: int, rows: int, cols: int) -> bool:
    """Whether the faster algorithm pays for so many output tiles of so many cells."""
    if not conv.three_by_three:
        return False
    fours, cells = tiles * -(-rows // 4) * -(-cols // 4), tiles * rows * cols
    return _winograd_work(conv, fours, 1, PROCESSOR) < _plain_work(conv, cells, 1, PROCESSOR)


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
    return _work(network, list(rows), list(cols), None)


def estimated_work(
    network: FoldedNetwork,
    rows: Sequence[AxisPlan],
    cols: Sequence[AxisPlan],
    costs: Costs = PROCESSOR,
) -> float:
    """Like `tile_multiply_adds`, with the better algorithm and everything around it."""
    return _work(network, rows, cols, costs)


def brute_force_work(
    network: FoldedNetwork, height: int, width: int, batch: int, costs: Costs = PROCESSOR
) -> float:
    """Estimated multiply-adds per position of whole photos, so many together."""
    rows = plan_axis(network.shape(0, height), Span(0, 0, height, batch))
    cols = plan_axis(network.shape(1, width), Span(0, 0, width, 1))
    return estimated_work(network, [rows], [cols], costs) / batch


def largest_map(network: FoldedNetwork, height: int, width: int) -> int:
    """Values of the largest output of a convolution for one whole photo."""
    rows, cols = _whole(network, height, width)
    return max(
        conv.weight.shape[0] * down.size * across.size
        for conv, down, across in zip(
            network.convolutions, _spans(network, rows), _spans(network, cols), strict=True
        )
    )


def _whole(network: FoldedNetwork, height: int, width: int) -> tuple[AxisPlan, AxisPlan]:
    """Plans of a patch that covers the photo."""
    rows, cols = (
        plan_axis(network.shape(axis, length), Span(0, 0, length, 1))
        for axis, length in enumerate((height, width))
    )
    return rows, cols


def _work(network, rows, cols, costs: Costs | None) -> float:
    """Sum over convolutions; the axes are independent, so each is summed for itself."""
    total = 0.0
    by_row = [_spans(network, plan) for plan in rows]
    by_col = [_spans(network, plan) for plan in cols]
    calls = len(by_row) * len(by_col)
    for number, conv in enumerate(network.convolutions):
        down = [spans[number] for spans in by_row]
        across = [spans[number] for spans in by_col]
        cells = _total(down, 1) * _total(across, 1)
        if costs is None:
            total += conv.multiply_adds * cells
            continue
        work = _plain_work(conv, cells, calls, costs)
        if conv.three_by_three:
            fours = _total(down, 4) * _total(across, 4)
            work = min(work, _winograd_work(conv, fours, calls, costs))
        total += work + costs.value * conv.weight.shape[0] * cells + costs.call * calls
    return total


def _total(spans: list[Span], unit: int) -> int:
    return sum(span.count * -(-span.size // unit) for span in spans)


def _plain_work(conv: FoldedConv, cells: int, calls: int, costs: Costs) -> float:
    return conv.multiply_adds * (cells + costs.weight * calls)


def _winograd_work(conv: FoldedConv, fours: int, calls: int, costs: Costs) -> float:
    """For so many tiles of 4 x 4 outputs."""
    outputs, inputs = conv.weight.shape[:2]
    weights = outputs * inputs
    per_four = 1.15 * weights + costs.transformed_value * (outputs + inputs)
    return winograd.POINTS * (fours * per_four + costs.weight * weights * calls)


def _spans(network: FoldedNetwork, plan: AxisPlan) -> list[Span]:
    """Output tiles of each of the network's convolutions."""
    found = [plan.stem.span]
    for block, axis in zip(network.blocks, plan.blocks, strict=True):
        found += [step.span for step in axis.steps]
        if block.shortcut:
            found.append(Span(0, 0, axis.shortcut_size, axis.entry.count))
    return found
