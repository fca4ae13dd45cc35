"""Dates, places, names and boxes from the text of a catalogue's fields.

Each reader returns the value, or raises ValueError with what is wrong as a sentence.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime

from whalecore.errors import SettingsError
from whalecore.photos.text import printable
from whalecore.types import Box

UNKNOWN = ("new_whale", "unknown")
"""Names that stand for an animal not yet known, as a folder or in a field."""

LONGEST_NAME = 200


def read_name(text: str) -> str | None:
    """A name as written: "NA" and "007" stay what they are; empty is none."""
    name = unicodedata.normalize("NFC", text.strip())
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise ValueError(
            f"The name '{printable(name, 40)}' holds control characters or is longer than "
            f"{LONGEST_NAME} letters: correct it."
        )
    return name or None


def read_individual(text: str) -> str | None:
    """The individual's name, or None for an animal not yet known."""
    name = read_name(text)
    return None if name is None or name.lower() in UNKNOWN else name


def read_date(text: str) -> datetime | None:
    """A date with or without time, year first (2019-07-31, 2019-07-31 14:05) or 31.07.2019.

    Dates such as 03/07/2019 are not guessed at: they mean July here and March there.
    """
    text = text.strip()
    if not text:
        return None
    for reader in (
        datetime.fromisoformat,
        lambda t: datetime.strptime(t, "%Y:%m:%d %H:%M:%S"),
        lambda t: datetime.strptime(t, "%Y/%m/%d"),
        lambda t: datetime.strptime(t, "%Y/%m/%d %H:%M:%S"),
        lambda t: datetime.strptime(t, "%d.%m.%Y"),
    ):
        try:
            moment = reader(text)
        except ValueError:
            continue
        if 1900 <= moment.year <= 2100:
            return moment.replace(tzinfo=None)
        raise ValueError(
            f"The date '{printable(text, 40)}' was left empty: its year is not one from 1900 to "
            "2100."
        )
    raise ValueError(
        f"The date '{printable(text, 40)}' cannot be read and was left empty: write it as "
        "2019-07-31 or 2019-07-31 14:05."
    )


def read_degrees(text: str, what: str, limit: float) -> float | None:
    """Degrees between -limit and limit; ``what`` is latitude or longitude. 42,5 means 42.5."""
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text.replace(",", ".").replace("−", "-"))
    except ValueError:
        value = math.nan
    if not abs(value) <= limit:
        raise ValueError(
            f"The {what} '{printable(text, 40)}' was left empty: it must be a number of degrees "
            f"between -{limit:g} and {limit:g}."
        )
    return value


def read_box(fields: dict[str, str]) -> Box:
    """The columns x0, y0, x1, y1, in pixels."""
    try:
        edges = [float(fields[edge].strip()) for edge in ("x0", "y0", "x1", "y1")]
        if not all(math.isfinite(edge) for edge in edges):
            raise ValueError("not finite")
        return Box(*edges)
    except SettingsError as error:
        raise ValueError(str(error)) from error
    except ValueError as error:
        raise ValueError("Its box was left out: x0, y0, x1 and y1 must be four numbers.") from error
