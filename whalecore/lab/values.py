"""Small values that callers pass in, as the tables and folders want them."""

from __future__ import annotations

import re
from typing import Any

from whalecore.errors import LabError


def settings_key(settings: Any) -> Any:
    """The key of a settings object; texts and None stay as they are."""
    return getattr(settings, "key", settings)


def file_name(name: str) -> str:
    """An id that is safe as a file name.

    Raises
    ------
    LabError
        When it holds anything but letters, digits, ``-``, ``_`` and ``.``.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", name) or ".." in name:
        raise LabError(
            f"The id '{name[:60]}' is not allowed: letters, digits, '-', '_' and '.' only."
        )
    return name
