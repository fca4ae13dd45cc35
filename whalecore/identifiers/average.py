"""A moving average of the weights, which identifies better than the weights of any one moment."""

from __future__ import annotations

import math

from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from whalecore.identifiers.network import Network


def decay_after(updates: int, steps: float) -> float:
    """Share of the average that is kept at an update.

    Parameters
    ----------
    updates : int
        Updates before this one, at least 1. At first the average looks back over a tenth of them
        or so, so that it soon forgets the weights of the beginning.
    steps : float
        Updates that it looks back over later: a weight of so long ago counts 1/e.
    """
    return min(math.exp(-1 / steps), (1 + updates) / (10 + updates))


def weight_average(network: Network, steps: float) -> AveragedModel:
    """An average over the last ``steps`` updates of a network, itself a network (``module``).

    Means and variances of the batch normalisations are averaged as the weights are, because they
    belong to the weights of the same moments; whole numbers are copied.
    """

    def blend(averages: list[Tensor], values: list[Tensor], updates: Tensor) -> None:
        if averages[0].is_floating_point():
            decay = decay_after(int(updates), steps)
            get_ema_multi_avg_fn(decay)(averages, values, updates)
        else:
            for old, new in zip(averages, values, strict=True):
                old.copy_(new)

    average = AveragedModel(network, multi_avg_fn=blend, use_buffers=True)
    return average.requires_grad_(False)
