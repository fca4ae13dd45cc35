"""Commands as they are typed into a terminal."""

from __future__ import annotations

import shlex
from pathlib import Path


def lab_option(folder: Path | str) -> str:
    """``--lab FOLDER``, quoted where the folder's name has blanks or signs of the shell."""
    return f"--lab {shlex.quote(str(folder))}"
