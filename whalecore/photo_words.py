"""When and where a photo was taken, as it is said on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def date_words(taken_at: datetime | None) -> str:
    """Day and time of the camera; a time of exactly midnight is taken for a day alone."""
    # pandas' own "no date" is a datetime that is not equal to itself.
    if taken_at is None or taken_at != taken_at:
        return "date not known"
    has_time = (taken_at.hour, taken_at.minute, taken_at.second) != (0, 0, 0)
    return f"{taken_at:%Y-%m-%d %H:%M}" if has_time else f"{taken_at:%Y-%m-%d}"


def place_words(latitude: float | None, longitude: float | None) -> str:
    """Degrees with four digits, about ten metres."""
    if not (_known(latitude) and _known(longitude)):
        return "place not known"
    north = f"{abs(latitude):.4f}° {'N' if latitude >= 0 else 'S'}"
    return f"{north}, {abs(longitude):.4f}° {'E' if longitude >= 0 else 'W'}"


def photo_lines(photo: Mapping[str, Any]) -> tuple[str, ...]:
    """File name, date and place of a row of the catalogue, and its sighting where it has one."""
    when = f"{date_words(photo['taken_at'])} · "
    where = place_words(photo["latitude"], photo["longitude"])
    lines = (str(photo["name"]), when + where)
    sighting = photo.get("encounter")
    return (*lines, f"Sighting {sighting}") if isinstance(sighting, str) else lines


def _known(number: float | None) -> bool:
    return number is not None and number == number


def mark_words(marks: int | None) -> str:
    """How many matching marks a candidate has, in words; empty where none were looked for."""
    if marks is None:
        return ""
    return f"{marks or 'no'} matching marks"
