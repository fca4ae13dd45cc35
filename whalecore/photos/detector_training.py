"""Trains the fluke detector from photos with known boxes."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from whalecore.errors import SettingsError
from whalecore.photos.box_network import BoxNetwork, overlap
from whalecore.photos.detector import BELIEVABLE, HEIGHT, WIDTH, FlukeDetector
from whalecore.photos.detector_views import changed
from whalecore.types import Progress


@dataclass(frozen=True)
class DetectorSettings:
    """How the detector is trained.

    Attributes
    ----------
    steps : int
        Number of batches; the time needed does not grow with the collection.
    batch : int
        Photos per step.
    learning_rate : float
        Highest learning rate, reached after a tenth of the steps, falling to 0 at the end.
    weight_decay : float
        Pull of all weights towards 0.
    empty_share : float
        Share of photos, among those with room beside the fluke, of which only that room is
        shown: from them the confidence learns to be low.
    seed : int
        First weights, order and views depend on it alone.
    """

    steps: int = 400
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    empty_share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 2 or self.batch < 2:
            raise SettingsError(
                f"The detector was given {self.steps} steps of {self.batch} photos: "
                "give at least 2 of each."
            )


def train_detector(
    pictures: np.ndarray,
    boxes: np.ndarray,
    settings: DetectorSettings | None = None,
    start: FlukeDetector | None = None,
    progress: Callable[[Progress], None] | None = None,
    trained_on: str = "photos with known boxes",
    believable: float = BELIEVABLE,
) -> FlukeDetector:
    """Fit a detector to photos with known boxes.

    The same call on the same machine, with the same number of threads, gives the same
    weights.

    Parameters
    ----------
    pictures : ndarray of shape (photos, HEIGHT, WIDTH, 3), uint8
        As made by :func:`whalecore.photos.detector.prepare`.
    boxes : ndarray of shape (photos, 4), float
        x0, y0, x1, y1 as shares of width and height.
    settings : DetectorSettings, optional
    start : FlukeDetector, optional
        A detector to go on from; it is left as it is.
    progress : callable, optional
        Called with a :class:`whalecore.types.Progress` after every step.
    trained_on : str, default 'photos with known boxes'
        Kept with the weights.
    believable : float, default 0.4
        Least confidence at which the detector's boxes will be used.

    Raises
    ------
    SettingsError
        If pictures and boxes do not fit together.
    """
    settings = settings or DetectorSettings()
    _check(pictures, boxes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = copy.deepcopy(start.network) if start else BoxNetwork()
    _fit(network, pictures, boxes, settings, progress or _say_nothing)
    return FlukeDetector(network, trained_on, believable)


def _check(pictures: np.ndarray, boxes: np.ndarray) -> None:
    if not len(pictures) or pictures.shape[1:] != (HEIGHT, WIDTH, 3):
        raise SettingsError(
            f"The detector was given pictures of shape {pictures.shape}: give at least one, "
            f"{HEIGHT} x {WIDTH} pixels in 3 colours."
        )
    if boxes.shape != (len(pictures), 4) or not np.isfinite(boxes).all():
        raise SettingsError(
            f"The detector was given boxes of shape {boxes.shape} for {len(pictures)} pictures: "
            "give four finite numbers for each picture."
        )
    if ((boxes < -0.05) | (boxes > 1.05)).any() or (boxes[:, 2:] <= boxes[:, :2]).any():
        raise SettingsError(
            "The detector was given a box that is empty or lies off its picture: give x0, y0, "
            "x1, y1 as shares of width and height, between 0 and 1."
        )


def _fit(
    network: BoxNetwork,
    pictures: np.ndarray,
    boxes: np.ndarray,
    settings: DetectorSettings,
    progress: Callable[[Progress], None],
) -> None:
    network.train()
    random = torch.Generator().manual_seed(settings.seed)
    photos = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    truth = torch.from_numpy(np.clip(boxes, 0, 1).astype(np.float32))
    optimiser = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    pace = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps, pct_start=0.1
    )
    began = time.monotonic()
    waiting = torch.empty(0, dtype=torch.long)
    for step in range(1, settings.steps + 1):
        while len(waiting) < settings.batch:
            waiting = torch.cat([waiting, torch.randperm(len(photos), generator=random)])
        chosen, waiting = waiting[: settings.batch], waiting[settings.batch :]
        views = changed(photos[chosen] / 255, truth[chosen], settings.empty_share, random)
        loss = _loss(network, *views)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        pace.step()
        left = (time.monotonic() - began) / step * (settings.steps - step)
        message = f"loss {loss.item():.2f}"
        progress(Progress("train detector", step, settings.steps, left, message))


def _loss(network: BoxNetwork, pictures: Tensor, truth: Tensor, empty: Tensor) -> Tensor:
    """Edges at the wrong place, boxes that fit badly, and fits that were misjudged."""
    found, judged, (columns, rows) = network(pictures)
    fit = overlap(found, truth)
    misplaced = _misplaced(columns, truth[:, 0::2]) + _misplaced(rows, truth[:, 1::2])
    distance = functional.smooth_l1_loss(found, truth, beta=0.02, reduction="none").sum(1)
    each = 0.25 * misplaced + 5 * distance + 2 * (1 - fit)
    filled = (~empty).float()
    expected = fit.detach() * filled
    return (each * filled).sum() / filled.sum().clamp(
        min=1
    ) + functional.binary_cross_entropy_with_logits(judged, expected)


def _misplaced(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy, the true edge shared between the two places next to it: (photos,)."""
    last = logits.shape[-1] - 1
    exact = truth * last
    before = exact.floor().clamp(max=last - 1)
    share = logits.log_softmax(-1)
    at = before.long()[..., None]
    low, high = share.gather(-1, at)[..., 0], share.gather(-1, at + 1)[..., 0]
    return -((before + 1 - exact) * low + (exact - before) * high).sum(1)


def _say_nothing(_: Progress) -> None:
    """No one asked to be told."""
