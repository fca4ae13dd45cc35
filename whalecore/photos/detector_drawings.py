"""Trains the detector that ships: on drawn flukes alone, so that it needs no photo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from whalecore.photos.detector import FlukeDetector, squeeze
from whalecore.photos.detector_training import DetectorSettings, train_detector
from whalecore.photos.synthetic import CollectionSettings, Drawing, draw_collection
from whalecore.types import Progress

COLLECTION = CollectionSettings(
    individuals=250, photos=750, new_individuals=0, new_photos=0, spoilt_share=0.04, seed=7001
)
"""Many individuals, few photos of each; a seed that no demonstration uses."""

TRAINED_ON = "drawings of flukes, no photographs"

_LEAST_SHARE = 0.01
_CUTS = 2


def train_on_drawings(
    settings: DetectorSettings | None = None,
    collection: CollectionSettings = COLLECTION,
    progress: Callable[[Progress], None] | None = None,
) -> FlukeDetector:
    """Draw a collection and fit a detector to it.

    Parameters
    ----------
    settings : DetectorSettings, optional
    collection : CollectionSettings, optional
        What is drawn.
    progress : callable, optional
        Called with a :class:`whalecore.types.Progress` per drawing and per training step.
    """
    drawings = draw_collection(collection)
    if progress is not None:
        drawings = _told(drawings, collection.photos, progress)
    pictures, boxes = pictures_of(drawings, collection.seed)
    return train_detector(pictures, boxes, settings, None, progress, TRAINED_ON)


def pictures_of(drawings: Iterable[Drawing], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Each drawing as a whole and cut to the fluke's surroundings, as catalogues often are.

    Drawings on which next to nothing of the fluke can be seen are left out.

    Returns
    -------
    pictures : ndarray of shape (pictures, HEIGHT, WIDTH, 3), uint8
    boxes : ndarray of shape (pictures, 4), float32
        As shares of width and height.
    """
    rng = np.random.default_rng(seed)
    pictures, boxes = [], []
    for drawing in drawings:
        height, width = drawing.pixels.shape[:2]
        found = drawing.box
        edges = np.array([found.x0, found.y0, found.x1, found.y1])
        if drawing.masks["fluke"].mean() < _LEAST_SHARE:
            continue
        for view in (np.array([0, 0, width, height]), *_cuts(edges, height, width, rng)):
            x0, y0, x1, y1 = view
            pictures.append(squeeze(drawing.pixels[y0:y1, x0:x1]))
            size = np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
            boxes.append((edges - np.array([x0, y0, x0, y0])) / size)
    return np.stack(pictures), np.stack(boxes).astype(np.float32)


def _cuts(
    edges: np.ndarray, height: int, width: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Whole-pixel rectangles around a box, mostly close to it."""
    x0, y0, x1, y1 = edges
    side = np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
    for _ in range(_CUTS):
        room = side * rng.exponential([0.05, 0.15, 0.05, 0.15])
        wide = edges + room * np.array([-1, -1, 1, 1])
        yield np.clip(np.rint(wide), 0, [width, height, width, height]).astype(int)


def _told(
    drawings: Iterable[Drawing], total: int, progress: Callable[[Progress], None]
) -> Iterator[Drawing]:
    for done, drawing in enumerate(drawings, start=1):
        yield drawing
        progress(Progress("draw flukes", done, total))
