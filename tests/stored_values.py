"""What may differ between a map and itself once it was stored."""

from __future__ import annotations

import numpy as np

HALF = 2.0**-10
"""Share of the largest value: twice the rounding of half precision, in which maps are stored."""


def assert_same_once_stored(found: np.ndarray, expected: np.ndarray) -> None:
    """Fail where values differ by more than half precision, computing order and what is
    interpolated between them make them."""
    largest = float(np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=HALF, atol=HALF * largest)
