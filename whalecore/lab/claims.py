"""Exclusive claims, so that two processes never do the same work twice."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whalecore.errors import LabError


class ClaimedError(LabError):
    """Another process or thread holds the claim."""


PAUSE = 0.05
"""Seconds between two attempts while waiting for a claim."""


@contextmanager
def claim(folder: Path, name: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the claim ``name`` of the folder for the length of a ``with`` block.

    The operating system frees the claim when the process ends, however it ends.

    Parameters
    ----------
    folder : Path
        Where the claim files lie; made when missing.
    name : str
        What is claimed: small letters, digits, ``-``, ``_`` and ``.``.
    wait : float
        Seconds to wait for another holder; 0 gives up at once.

    Raises
    ------
    ClaimedError
        When another process or thread holds the claim.
    LabError
        When the name is not allowed.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}", name):
        raise LabError(
            f"The claim '{name[:60]}' has a name that is not allowed: use letters, digits, '-', "
            "'_' and '.'."
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.lock"
    until = time.monotonic() + wait
    handle = _try_lock(path)
    while handle is None:
        if time.monotonic() >= until:
            raise ClaimedError(
                f"Another process ({_holder(path)}) is already busy with '{name}' in this lab: "
                "wait until it has finished, or stop it."
            )
        time.sleep(PAUSE)
        handle = _try_lock(path)
    try:
        os.truncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        # Removed while still held; whoever waits for it notices and opens a new one.
        path.unlink(missing_ok=True)
        os.close(handle)


def _try_lock(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    # Someone may have removed the file between opening and locking: then this lock is on a
    # file that nobody else will ever see, and holds nobody off.
    if _same_file(handle, path):
        return handle
    os.close(handle)
    return None


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or "just started"
    except OSError:
        return "unknown"
