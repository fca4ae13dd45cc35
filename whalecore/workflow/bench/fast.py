"""The fast mode on one whole map, judged by brute force at places that it did not compute.

The maps of untrained networks are too rough for it: it would go on until every place is computed.
So the map is taken as it is when the fast mode first asks itself how good it is. It costs what most
maps of a trained network cost, which are good enough then, and is less like the exact one.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from whalecore.explain.engines import ReferenceEngine
from whalecore.explain.occlusion import growing_maps
from whalecore.identifiers.identifier import Identifier
from whalecore.types import Computing, OcclusionMaps, OcclusionSettings
from whalecore.workflow.bench.subject import timed
from whalecore.workflow.bench.turns import OwnEngine

STRIDE, ACCURACY = 1, 0.97
"""Of the map: where positions lie close, most of them can be left out."""

SAMPLE = 128
"""Positions by which the map is judged."""


def measure_fast(
    identifier: Identifier, prepared: Tensor, columns: Tensor, patch: int, computing: Computing
) -> tuple[float, OcclusionMaps, np.ndarray]:
    """Compute a fast map until its error is known for the first time.

    Returns
    -------
    float
        Seconds per position, computed or not.
    OcclusionMaps
    ndarray of shape (individuals, rows, cols)
        By brute force at a sample of the positions that were not computed; NaN elsewhere.
    """
    settings = OcclusionSettings(patch, STRIDE, accuracy=ACCURACY)
    names = [identifier.individuals[column] for column in columns.tolist()]

    def estimated() -> OcclusionMaps:
        growing = growing_maps(identifier, prepared, names, settings, computing)
        return next(maps for maps in growing if maps.correlation)

    maps, seconds = timed(identifier.device, estimated)
    exact = OcclusionSettings(patch, STRIDE)
    oracle = OwnEngine(ReferenceEngine(identifier, prepared[None], exact, 1), identifier, columns)
    for row, col in left_out(maps):
        oracle.look_at(np.array([row]), np.array([col]))
    return seconds / maps.computed.size, maps, oracle.drops


def left_out(maps: OcclusionMaps) -> np.ndarray:
    """A random sample (places, 2) of the positions that were not computed, always the same."""
    places = np.argwhere(~maps.computed)
    return np.random.default_rng(0).permutation(places)[:SAMPLE]
