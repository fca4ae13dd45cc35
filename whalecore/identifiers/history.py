"""The curves of a training: what each epoch came to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Epoch:
    """One pass over the individuals.

    Attributes
    ----------
    number : int
        From 1.
    half_size : bool
        Whether photos were shown at half the input size.
    loss : float
        Mean over the batches.
    learning_rate : float
        Mean over the batches.
    seconds : float
        Of training alone.
    photos_per_second : float
    top1, map5 : float or None
        Share of the validation photos whose first candidate is right, and their mean average
        precision over five candidates (1/rank of the right one, or 0), where there are such
        photos and the epoch was at the full size.
    """

    number: int
    half_size: bool
    loss: float
    learning_rate: float
    seconds: float
    photos_per_second: float
    top1: float | None = None
    map5: float | None = None


def as_text(epochs: Sequence[Epoch]) -> str:
    """Epochs as JSON."""
    return json.dumps([asdict(epoch) for epoch in epochs])


def from_text(text: str) -> tuple[Epoch, ...]:
    """Epochs from JSON.

    Raises
    ------
    ValueError
        When the text holds anything else.
    """
    try:
        return tuple(Epoch(**row) for row in json.loads(text))
    except TypeError as error:
        raise ValueError(f"no epochs: {error}") from error
