"""How much memory there is and how much this process needed, as the system says it."""

from __future__ import annotations

import os
from pathlib import Path

MEBIBYTE = 2**20


def forget_peak() -> None:
    """Let the peak be counted from now on, where the system allows it."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        # Then the peak is that since the process began.
        return


def resident_mib(peak: bool = False) -> float | None:
    """Resident memory of this process in MiB, or its peak; None where the system does not say.

    Not from ``resource.getrusage``, whose peak a child process inherits from its parent.
    """
    size = _entry("/proc/self/status", "VmHWM" if peak else "VmRSS")
    return None if size is None else size / MEBIBYTE


def available_bytes() -> float | None:
    """Memory that a process could still take.

    All that the computer has where the system does not say what is free; None where it says
    neither.
    """
    free = _entry("/proc/meminfo", "MemAvailable")
    if free is not None or not hasattr(os, "sysconf"):
        return free
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _entry(file: str, name: str) -> float | None:
    try:
        lines = Path(file).read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None
