"""Heatmaps of known kinds for tests."""

import numpy as np

from whalecore.types import HeatmapSet


def planted_heatmaps(kinds=6, each=40, noise=0.1, rows=16, cols=32, seed=0):
    """Return maps (kinds * each, rows, cols) in random order, and the kind of each.

    A kind is two smooth spots at fixed places; each map moves them by about a cell and adds
    noise.
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :cols]
    spread = 2 * (rows / 7) ** 2
    patterns = np.zeros((kinds, rows, cols))
    for pattern in patterns:
        for _ in range(2):
            row, col = random.uniform(0, rows), random.uniform(0, cols)
            pattern += np.exp(-((y - row) ** 2 + (x - col) ** 2) / spread)
    kind = random.permutation(np.repeat(np.arange(kinds), each))
    moves = random.normal(size=(len(kind), 2)).round().astype(int)
    maps = [
        np.roll(patterns[number], move, (0, 1)) + noise * random.normal(size=(rows, cols))
        for number, move in zip(kind, moves, strict=True)
    ]
    return np.stack(maps).astype(np.float32), kind


def heatmap_set(values, correct, scores=None, settings="patch=5,stride=4,fill=0,target=logit"):
    """Maps as a lab hands them out, each of a photo of its own."""
    count = len(values)
    return HeatmapSet(
        model_ids=("m",) * count,
        method="osm",
        settings=settings,
        values=values,
        photo_ids=tuple(f"{number:016x}" for number in range(count)),
        individuals=("w0",) * count,
        ranks=np.ones(count, dtype=int),
        scores=np.full(count, 0.5, np.float32) if scores is None else scores,
        correct=correct,
    )


def with_copies(values, copies):
    """Each map several times, so that copies of one map do not lie side by side."""
    return np.tile(values, (copies, 1, 1))
