"""How often a network in training is right on photos that it does not learn from."""

from __future__ import annotations

import numpy as np
import torch

from whalecore.identifiers.identifier import IMAGENET_MEAN, IMAGENET_STD, normalise
from whalecore.identifiers.network import Network
from whalecore.types import TOP

BATCH = 64


@torch.no_grad()
def judge(
    network: Network, individuals: int, crops: np.ndarray, labels: np.ndarray
) -> tuple[float, float]:
    """Share of photos whose first candidate is right, and MAP@5.

    Parameters
    ----------
    network : Network
        Left in evaluation mode.
    individuals : int
        Rows of its head that count: the first ones.
    crops : ndarray of shape (N, height, width, 3), uint8
    labels : ndarray of shape (N,), int

    Returns
    -------
    float, float
        MAP@5 is the mean of 1/rank of the right individual, 0 where it is not among the first
        five; with one right answer a photo that is the competition's measure.
    """
    network.eval()
    ranks = []
    for start in range(0, len(crops), BATCH):
        part = torch.from_numpy(np.ascontiguousarray(crops[start : start + BATCH]))
        images = normalise(part.to(network.directions.device), IMAGENET_MEAN, IMAGENET_STD)
        logits = network(images.to(memory_format=torch.channels_last))[1][:, :individuals]
        # A stable order, so that equal logits are ranked as candidates are.
        order = torch.sort(logits, dim=1, descending=True, stable=True).indices.cpu().numpy()
        ranks.append(1 + (order == labels[start : start + BATCH, None]).argmax(1))
    rank = np.concatenate(ranks) if ranks else np.empty(0)
    if not len(rank):
        return 0.0, 0.0
    return float((rank == 1).mean()), float(np.where(rank <= TOP, 1 / rank, 0.0).mean())
