"""Whether a job's process lives: it holds a lock from its first moment to its last.

The operating system frees the lock however the process ends. So a dead process is never taken
for a living one, and a process number that was given out anew is never taken for the job.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

FILE = "alive"


def hold(folder: Path) -> int:
    """Lock the folder's file; returns the open file, which the job's process is to inherit."""
    handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        os.close(handle)
        raise
    return handle


def is_alive(folder: Path) -> bool:
    """Whether a process still holds the lock."""
    try:
        handle = os.open(folder / FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Shared, so that two dashboards that look at once do not see each other.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
