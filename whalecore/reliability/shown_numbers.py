"""Numbers as the reasons of a verdict write them."""

from __future__ import annotations

from collections.abc import Callable

SPACE = "\N{NO-BREAK SPACE}"

HUGE = 1000
"""From here on a ratio says no more."""

MOST_DIGITS = 3

Writer = Callable[[float], str]


def decimal(digits: int) -> Writer:
    """A writer of numbers with so many digits behind the point."""
    return lambda number: f"{number:.{digits}f}"


def percent(share: float, digits: int = 0) -> str:
    """A share from 0 to 1 in percent."""
    return f"{100 * share:.{digits}f}{SPACE}%"


def plain_percent(share: float) -> str:
    """A share in percent, with the digits it takes, at most three, not to read as none or all."""
    for digits in range(MOST_DIGITS + 1):
        written = percent(share, digits)
        if share in (0, 1) or written not in (percent(0, digits), percent(1, digits)):
            break
    return written


def times(ratio: float) -> str:
    """How many times something is as large."""
    if ratio >= HUGE:
        return f"over {HUGE:,} times"
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def whole(number: float) -> str:
    return f"{number:.0f}"


def percents_apart(one: float, other: float) -> tuple[str, str]:
    """Two shares in percent, with as many digits as it takes to tell them apart, at most three.

    None is written as nothing or all that is not.
    """
    for digits in range(MOST_DIGITS + 1):
        written = percent(one, digits), percent(other, digits)
        ends = percent(0, digits), percent(1, digits)
        whole = any(
            text in ends and 0 < share < 1
            for share, text in zip((one, other), written, strict=True)
        )
        if written[0] != written[1] and not whole:
            break
    return written
