"""Occlusion maps of a network whose later blocks are replaced by their gradient.

The change that a patch causes is exact up to a chosen block; from there on the outputs are taken
to change as their gradient at the clean photo says. That costs a fraction of an exact map, and
resembles it most in its fine structure, which comes from the early blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from whalecore.explain.delta import PaddedMap, block_changes, overhang
from whalecore.explain.engines import ExactEngine, evenly
from whalecore.explain.folded import FoldedNetwork
from whalecore.explain.spans import AxisPlan, Span

Outputs = Callable[[Tensor], Tensor]
"""Logits (B, individuals) to the outputs that are explained (B, maps)."""


class LinearisedMaps:
    """How outputs change where places are covered, to first order: as many places as wanted.

    Parameters
    ----------
    engine : ExactEngine
        Of the same, single photo.
    images : Tensor of shape (1, 3, height, width)
    depth : int
        Blocks that are exact; 0 for the stem alone.
    outputs : callable
        Differentiable.
    at_once : int, optional
        Outputs whose gradients are computed together; all when left out.

    Attributes
    ----------
    changes : Tensor of shape (maps, rows, cols), float32
        0 at positions that were not computed.
    """

    def __init__(
        self,
        engine: ExactEngine,
        images: Tensor,
        depth: int,
        outputs: Outputs,
        at_once: int | None = None,
    ) -> None:
        images = images.to(engine.network.dtype)
        gradients = _gradients(engine.network, images, depth, outputs, at_once)
        self._engine, self._depth = engine, depth
        self._slopes = _padded(engine, gradients, depth)
        self._done: set[tuple[int, int]] = set()
        self.changes = torch.zeros(len(gradients), *engine.grid.shape, device=images.device)

    def compute(self, phases: Sequence[tuple[int, int]]) -> None:
        """Compute the positions of some phases, each once."""
        with torch.inference_mode():
            for phase in phases:
                if phase not in self._done:
                    self._compute(phase)
                    self._done.add(phase)

    def _compute(self, phase: tuple[int, int]) -> None:
        depth = self._depth
        for rows, cols, down, across in self._engine.tiling.chunks(phase):
            tiles = _changes_at(self._engine, down, across, depth)
            slope = self._slopes.tiles(_span(down, depth), _span(across, depth))
            for number, one in enumerate(slope):
                self.changes[number, evenly(rows), evenly(cols)] = (
                    (one * tiles.view(one.shape)).sum(dim=(2, 3, 4)).float()
                )


def _gradients(
    network: FoldedNetwork, images: Tensor, depth: int, outputs: Outputs, at_once: int | None
) -> Tensor:
    """Of each output with respect to a block's output; shape (maps, rows, cols, channels)."""
    with torch.no_grad():
        values = network.pooled_stem(images)
        for block in network.blocks[:depth]:
            values = block(values)
        count = outputs(network.logits_from(values, network.blocks[depth:])).shape[1]
    found = []
    with torch.inference_mode(False), torch.enable_grad():
        for some in torch.arange(count).split(at_once or count):
            # One copy per output, so that one backward pass serves them all.
            copies = values.expand(len(some), -1, -1, -1).clone(memory_format=torch.channels_last)
            copies = copies.clone().requires_grad_()
            own = outputs(network.logits_from(copies, network.blocks[depth:]))
            first = int(some[0])
            found += torch.autograd.grad(own.diagonal(first).sum(), copies)
    return torch.cat(found).permute(0, 2, 3, 1).contiguous()


def _padded(engine: ExactEngine, gradients: Tensor, depth: int) -> PaddedMap:
    sides = []
    for axis in (0, 1):
        spans = [_span(plan, depth) for plan in engine.tiling.plans(axis)]
        sides.append(overhang(spans, gradients.shape[1 + axis]))
    down, across = sides
    padded = functional.pad(gradients, (0, 0, *across, *down)).contiguous()
    return PaddedMap(padded, (down[0], across[0]))


def _changes_at(engine: ExactEngine, rows: AxisPlan, cols: AxisPlan, depth: int) -> Tensor:
    changes = block_changes(engine.network, engine.clean_pass, rows, cols)
    for _ in range(depth):
        next(changes)
    return next(changes)


def _span(plan: AxisPlan, depth: int) -> Span:
    return plan.blocks[depth - 1].steps[-1].span if depth else plan.pool.span
