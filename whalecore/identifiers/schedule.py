"""What rises and falls over a training: learning rate and margin."""

from __future__ import annotations

import math


def rate_share(done: float, warm_up: float) -> float:
    """Share of the learning rate: a linear rise, then half a cosine down to zero.

    Parameters
    ----------
    done, warm_up : float
        Shares of the work: that is done, and during which it rises.
    """
    if done < warm_up:
        return (done + 0.01 * warm_up) / (1.01 * warm_up)
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def margin_share(done: float, warm_up: float) -> float:
    """Share of ArcFace's margin: a linear rise from zero, then all of it."""
    return done / warm_up if done < warm_up else 1.0
