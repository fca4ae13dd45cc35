"""Occlusion sensitivity maps: cover a square of the photo and see how a score changes.

The edge rule: the patch of side p around position u covers the pixels
[u - (p-1)//2, u - (p-1)//2 + p) of each axis, clipped at the border of the input. It never
wraps round and is never moved inwards, so squares at the border are smaller. Every pixel is
covered at least once; an even patch equal to the stride tiles the input exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.explain.inputs import columns_of, prepared_input
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import OcclusionSettings, Photo, Progress


def positions(length: int, stride: int) -> np.ndarray:
    """Return the pixel each patch of an axis is centred on.

    Parameters
    ----------
    length : int
        Pixels of the axis.
    stride : int
        Distance of neighbouring positions in pixels.

    Returns
    -------
    ndarray of shape (ceil(length / stride),), int64
        ``stride * i + (stride - 1) // 2``: the middle of each block of ``stride`` pixels. The
        last may lie beyond the border when the stride does not divide the length; its patch
        still covers the pixels inside.
    """
    return np.arange(-(-length // stride)) * stride + (stride - 1) // 2


def covered_pixels(length: int, patch: int, stride: int) -> np.ndarray:
    """Say which pixels of an axis the patch covers at each position.

    Returns
    -------
    ndarray of shape (positions, length), bool
    """
    first = positions(length, stride)[:, None] - (patch - 1) // 2
    pixel = np.arange(length)[None, :]
    return (pixel >= first) & (pixel < first + patch)


def occlusion_maps(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individuals: str | Sequence[str],
    patch: int = 5,
    stride: int = 4,
    fill: float = 0.0,
    target: str = "probability",
    batch: int = 16,
    progress: Callable[[Progress], None] | None = None,
) -> np.ndarray:
    """Return how much each place of a photo supports each individual.

    Parameters
    ----------
    identifier : AnyIdentifier
    photo : Photo or Tensor of shape (3, height, width)
        A photo, cropped by ``identifier.locate``, or a prepared input.
    individuals : sequence of str
        All their maps come from the same pass.
    patch, stride : int
        In pixels of the model's input.
    fill : float
        Value of the covered pixels after normalisation; 0 is the data set's mean.
    target : str
        ``probability`` or ``logit``: the score whose change is measured.
    batch : int
        Covered photos per forward pass.
    progress : callable, optional
        Called after each batch.

    Returns
    -------
    ndarray of shape (individuals, ceil(height / stride), ceil(width / stride)), float32
        Score of the clean photo minus score of the covered photo: positive where the place
        supports the individual, in units of the target.

    Raises
    ------
    SettingsError
        If a setting is not allowed or an individual is unknown.

    References
    ----------
    Kierdorf et al. 2020, equation 1.
    """
    settings = OcclusionSettings(patch, stride, fill, target)
    if batch < 1:
        raise SettingsError(f"The batch {batch} is too small: use at least 1 photo per pass.")
    columns = columns_of(identifier, individuals)
    clean = prepared_input(identifier, photo)
    rows = torch.from_numpy(covered_pixels(clean.shape[1], patch, stride)).to(clean.device)
    cols = torch.from_numpy(covered_pixels(clean.shape[2], patch, stride)).to(clean.device)
    total = len(rows) * len(cols)
    drops = np.empty((len(columns), total), dtype=np.float32)
    started = time.monotonic()
    with torch.inference_mode():
        clean_score = _scores(identifier, clean[None], columns, settings.target)
        for first in range(0, total, batch):
            place = torch.arange(first, min(first + batch, total), device=clean.device)
            covered = (
                rows[place // len(cols)][:, None, :, None]
                & cols[place % len(cols)][:, None, None, :]
            )
            scores = _scores(
                identifier, clean[None].masked_fill(covered, fill), columns, settings.target
            )
            drops[:, first : first + len(place)] = (clean_score - scores).T.cpu().numpy()
            if progress is not None:
                done = first + len(place)
                seconds_left = (time.monotonic() - started) * (total - done) / done
                progress(Progress("occlusion", done, total, seconds_left))
    return drops.reshape(len(columns), len(rows), len(cols))


def _scores(
    identifier: AnyIdentifier, inputs: torch.Tensor, columns: list[int], target: str
) -> torch.Tensor:
    logits = identifier.logits(inputs)
    scores = identifier.scores(logits) if target == "probability" else logits
    return scores[:, columns].float()
