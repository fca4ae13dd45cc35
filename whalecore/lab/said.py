"""What people type: cleaned, or refused in one sentence."""

from __future__ import annotations

import unicodedata

from whalecore.errors import LabError
from whalecore.photos.text import printable

LONGEST_PERSON = 80


def said(text: str, what: str, longest: int, lines: bool = False) -> str:
    """The text with single spaces; ``lines`` keeps line breaks.

    Raises
    ------
    LabError
        When it is too long or holds signs that cannot be seen.
    """
    broken = text.strip().splitlines() if lines else [text]
    parts = [" ".join(unicodedata.normalize("NFC", part).split()) for part in broken]
    if any(not part.isprintable() for part in parts):
        raise LabError(
            f"The {what} '{printable(text.strip(), 40)}' holds signs that cannot be seen: type it "
            "again."
        )
    clean = "\n".join(parts)
    if len(clean) > longest:
        raise LabError(
            f"The {what} has {len(clean):,} letters and at most {longest:,} are allowed: shorten "
            "it."
        )
    return clean


def person(text: str) -> str:
    """The name of who decides.

    Raises
    ------
    LabError
        When it is empty, too long or not readable.
    """
    name = said(text, "reviewer's name", LONGEST_PERSON)
    if not name:
        raise LabError("A decision needs the name of who decides: type yours under 'Your name'.")
    return name
