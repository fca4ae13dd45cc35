"""Where the changed part of every layer lies: tiles that grow with the receptive field.

Arithmetic of one axis, without arrays. A patch over the photo changes a tile of each layer's
output; its place follows from the layer's kernel, stride and padding alone. The two axes do not
depend on each other, so rows and columns are planned apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Span:
    """The places of equally large tiles along one axis of a map.

    Attributes
    ----------
    start : int
        First cell of the first tile; negative where it hangs over the border.
    step : int
        From the start of one tile to the next; 0 where all tiles share one place.
    size : int
        Cells of a tile.
    count : int
        Number of tiles.
    """

    start: int
    step: int
    size: int
    count: int

    @property
    def end(self) -> int:
        """The cell behind the last tile."""
        return self.start + self.step * (self.count - 1) + self.size


@dataclass(frozen=True)
class Window:
    """Kernel, stride and padding of a convolution or pooling along one axis."""

    kernel: int
    stride: int
    padding: int

    def length(self, length: int) -> int:
        """Cells of the output for so many cells of input."""
        return (length + 2 * self.padding - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class AxisStep:
    """How a tile goes through one convolution or pooling along one axis.

    Attributes
    ----------
    span : Span
        Of the output tiles.
    before, after : int
        Zeros (of a pooling: clean values) to put around each input tile; a negative ``after``
        means that so many of its last cells are not needed.
    """

    span: Span
    before: int
    after: int


@dataclass(frozen=True)
class AxisBlock:
    """How a tile goes through one residual block along one axis.

    Attributes
    ----------
    entry : Span
        Tiles as the block takes them: those of the block before, or the one place that holds
        them all, where that is smaller.
    steps : tuple of AxisStep
        One per convolution of the residual branch.
    shortcut_first, shortcut_size, shortcut_offset : int
        The shortcut takes ``shortcut_size`` cells of the entry tile from ``shortcut_first`` on
        (every ``stride``-th) and adds them at ``shortcut_offset`` of the output tile.
    """

    entry: Span
    steps: tuple[AxisStep, ...]
    shortcut_first: int
    shortcut_size: int
    shortcut_offset: int


@dataclass(frozen=True)
class AxisPlan:
    """How the tiles of some patches go through the whole network along one axis."""

    patch: Span
    stem: AxisStep
    pool: AxisStep
    blocks: tuple[AxisBlock, ...]

    @property
    def last(self) -> Span:
        """Of the last block's output."""
        return self.blocks[-1].steps[-1].span


@dataclass(frozen=True)
class AxisShape:
    """Windows of a residual network along one axis.

    Attributes
    ----------
    length : int
        Pixels of the input.
    blocks : tuple of tuple of Window
        Of the residual branches.
    """

    length: int
    stem: Window
    pool: Window
    blocks: tuple[tuple[Window, ...], ...]

    @property
    def total_stride(self) -> int:
        """Pixels of the input per cell of the last map."""
        total = self.stem.stride * self.pool.stride
        for block in self.blocks:
            for window in block:
                total *= window.stride
        return total


def step_through(span: Span, window: Window, length: int) -> AxisStep:
    """Send tiles through a window.

    Parameters
    ----------
    span : Span
        Of the input; its step is a multiple of the window's stride.
    length : int
        Cells of the output map. Tiles that share one place are clipped to it.
    """
    first = -(-(span.start + window.padding - window.kernel + 1) // window.stride)
    last = (span.start + span.size - 1 + window.padding) // window.stride
    if span.step == 0:
        first, last = max(first, 0), min(last, length - 1)
    seen = window.stride * first - window.padding
    needed = window.stride * last - window.padding + window.kernel
    return AxisStep(
        Span(first, span.step // window.stride, last - first + 1, span.count),
        before=span.start - seen,
        after=needed - (span.start + span.size),
    )


def settled(span: Span, length: int) -> Span:
    """The one place on the map that holds all the tiles."""
    start = max(span.start, 0)
    return Span(start, 0, min(span.end, length) - start, span.count)


def plan_axis(shape: AxisShape, patch: Span) -> AxisPlan:
    """Plan the tiles of some patches; kept, because photos share their plans.

    Parameters
    ----------
    shape : AxisShape
    patch : Span
        Of the patches on the input. At least one of them touches the input.
    """
    return _plan_axis(shape, patch)


@lru_cache(maxsize=4096)
def _plan_axis(shape: AxisShape, patch: Span) -> AxisPlan:
    if patch.count == 1:
        patch = Span(patch.start, 0, patch.size, 1)
        patch = settled(patch, shape.length)
    length = shape.stem.length(shape.length)
    stem = step_through(patch, shape.stem, length)
    length = shape.pool.length(length)
    pool = step_through(stem.span, shape.pool, length)
    span = pool.span
    blocks = []
    for windows in shape.blocks:
        block = _plan_block(span, windows, length)
        if span.step:
            # All tiles in one place save nothing until they have grown to about that size.
            alternative = _plan_block(settled(span, length), windows, length)
            if _cells(alternative) <= _cells(block):
                block = alternative
        blocks.append(block)
        span = block.steps[-1].span
        for window in windows:
            length = window.length(length)
    return AxisPlan(patch, stem, pool, tuple(blocks))


def _plan_block(entry: Span, windows: tuple[Window, ...], length: int) -> AxisBlock:
    span, steps, stride = entry, [], 1
    for window in windows:
        length = window.length(length)
        steps.append(step_through(span, window, length))
        span = steps[-1].span
        stride *= window.stride
    first = -(-entry.start // stride)
    last = (entry.start + entry.size - 1) // stride
    return AxisBlock(
        entry, tuple(steps), stride * first - entry.start, last - first + 1, first - span.start
    )


def _cells(block: AxisBlock) -> int:
    return sum(step.span.size for step in block.steps)
