"""A figure and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """A figure with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
    photos : int
        It was measured on.
    """

    value: float
    low: float
    high: float
    photos: int

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0
