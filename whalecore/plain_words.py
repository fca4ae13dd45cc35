"""Shares, chances and lists as they stand in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

SPACE = "\N{NO-BREAK SPACE}"

MOST = 3
"""Parts of the fluke, or steps, that a sentence names."""


def known(value: float | None) -> bool:
    """Whether a number is there at all."""
    return value is not None and not pd.isna(value)


def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent, or that it is not known."""
    return f"{100 * share:.0f}{SPACE}%" if known(share) else "not known"


def chance(probability: float | None) -> str:
    """A probability in percent; never 0 % or 100 %, because nothing is certain."""
    if known(probability) and not 0.01 <= probability <= 0.99:
        return f"under 1{SPACE}%" if probability < 0.5 else f"over 99{SPACE}%"
    return percent(probability)


def listed(words: Iterable[object]) -> str:
    """Words in a row: "1", "1 and 2", "1, 2 and 3"."""
    *first, last = map(str, words)
    return f"{', '.join(first)} and {last}" if first else last
