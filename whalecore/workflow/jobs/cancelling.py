"""Cancel a job: ask first, so that it can put its work away, and insist where it does not."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress

from whalecore.errors import LabError
from whalecore.files import write_bytes
from whalecore.lab.lab import Lab
from whalecore.workflow.jobs import alive
from whalecore.workflow.jobs.listing import job
from whalecore.workflow.jobs.record import ASKED, Job

PATIENCE = 10.0
"""Seconds from asking to insisting, and half of that to the end by force."""

PAUSE = 0.1


def cancel(lab: Lab, job_id: str, patience: float = PATIENCE) -> Job:
    """Ask a job to stop; it keeps what it has finished.

    What it does not do within `patience` is then done to it. Asked a second time, it is ended at
    once. A job that has ended stays as it is.

    Raises
    ------
    LabError
        Where there is no such job, or it cannot be reached.
    """
    one = job(lab, job_id)
    if not one.running:
        return one
    if one.pid is None:
        raise LabError(
            "The job cannot be reached, because its file is damaged or it is only just starting: "
            "try again in a moment."
        )
    again = one.cancel_asked
    write_bytes(one.folder / ASKED, b"")
    if again:
        _end(one, signal.SIGKILL)
    elif alive.is_alive(one.folder):
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGINT)
    threading.Thread(target=_insist, args=(one, patience), daemon=True).start()
    return job(lab, job_id)


def _insist(one: Job, patience: float) -> None:
    for seconds, strength in ((patience, signal.SIGTERM), (patience / 2, signal.SIGKILL)):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not alive.is_alive(one.folder):
                return
            time.sleep(PAUSE)
        _end(one, strength)


def _end(one: Job, strength: signal.Signals) -> None:
    """Send a signal to the job and what it has started; as long as it lives, its number is its."""
    if alive.is_alive(one.folder):
        with suppress(ProcessLookupError):
            os.killpg(one.pid, strength)
