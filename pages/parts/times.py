"""Days and times as all pages write them."""

from __future__ import annotations

from datetime import datetime

TIME_COLUMN = "YYYY-MM-DD HH:mm"
"""Of a column of times, whose title says UTC."""


def moment(when: datetime) -> str:
    """Day and time to the minute."""
    return f"{when:%Y-%m-%d %H:%M} UTC"
