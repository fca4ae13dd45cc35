"""Text from outside, made fit for a message."""

from __future__ import annotations


def printable(text: str, longest: int = 100) -> str:
    """One line without control characters, shortened in the end where it is too long."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
