"""Start a command as a job: a process of its own, which outlives page and dashboard."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import whalecore
from whalecore.errors import LabError, SettingsError
from whalecore.files import write_json
from whalecore.lab.lab import Lab
from whalecore.workflow.jobs import alive
from whalecore.workflow.jobs.listing import job, job_folders, running_job
from whalecore.workflow.jobs.record import FILE, FOLDER, LOG, Job

COMMANDS = ("import", "train", "score", "explain", "cluster", "calibrate", "run")
KEPT = 20
"""Jobs that a lab remembers."""

PATIENCE = 5.0
"""Seconds to wait for somebody who is just starting another job."""

PROGRAM = Path(whalecore.__file__).resolve().parents[1]


def start_job(lab: Lab, command: tuple[str, ...]) -> Job:
    """Run a command of the command line in the lab, as a process of its own.

    Parameters
    ----------
    lab : Lab
    command : tuple of str
        Words of the command without ``--lab``, such as ``("train", "--preset", "laptop")``; see
        `whalecore.workflow.jobs.commands`.

    Raises
    ------
    SettingsError
        When the command is none that can be a job.
    LabError
        When another job runs in the lab, or the process cannot be started.
    """
    if not command or command[0] not in COMMANDS or any("\0" in word for word in command):
        raise SettingsError(
            f"The command '{' '.join(command)[:60]}' cannot be a job: choose one of "
            f"{', '.join(COMMANDS)}."
        )
    with lab.claim("start-job", wait=PATIENCE):
        other = running_job(lab)
        if other is not None:
            raise LabError(
                f"The job '{other.command[0] if other.command else other.job_id}' is running "
                "in this lab: wait until it has finished, or cancel it first."
            )
        try:
            started = _start(lab, command)
        except OSError as reason:
            raise LabError(
                f"The job could not be started ({reason.strerror or reason}): check the space and "
                f"permissions of {lab.folder}, then try again."
            ) from reason
        _forget_old(lab)
    return job(lab, started)


def _start(lab: Lab, command: tuple[str, ...]) -> str:
    now = datetime.now(UTC)
    name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = lab.folder / FOLDER / name
    folder.mkdir(parents=True)
    about = {"command": list(command), "started_at": time.time()}
    handle = alive.hold(folder)
    try:
        write_json(folder / FILE, about)
        process = _spawn(lab, command, folder, handle)
        write_json(folder / FILE, {**about, "pid": process.pid})
    finally:
        os.close(handle)
    # A process that nobody waits for stays in the list of processes after its end.
    threading.Thread(target=process.wait, daemon=True).start()
    return name


def _spawn(lab: Lab, command: tuple[str, ...], folder: Path, handle: int) -> subprocess.Popen:
    name, *words = command
    places = ["--lab", str(lab.folder), "--job", str(folder), "--json"]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "whalecore", name, *places, *words],
            cwd=PROGRAM,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(handle,),
            start_new_session=True,
        )


def _forget_old(lab: Lab) -> None:
    for folder in job_folders(lab)[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
