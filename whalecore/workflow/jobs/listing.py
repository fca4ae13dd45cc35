"""The jobs that a lab remembers, and what they printed."""

from __future__ import annotations

from pathlib import Path

from whalecore.errors import LabError
from whalecore.lab.lab import Lab
from whalecore.workflow.jobs.alive import is_alive
from whalecore.workflow.jobs.reading import read_job
from whalecore.workflow.jobs.record import FOLDER, LOG, NAME, Job

LOG_SHOWN = 60_000
"""Bytes of a log that are read, from its end."""


def jobs(lab: Lab) -> list[Job]:
    """All jobs that the lab remembers, the newest first."""
    return [one for folder in job_folders(lab) if (one := read_job(folder)) is not None]


def job(lab: Lab, job_id: str) -> Job:
    """One job.

    Raises
    ------
    LabError
        Where the lab remembers no such job.
    """
    found = read_job(lab.folder / FOLDER / job_id) if known(job_id) else None
    if found is None:
        raise LabError(
            f"This lab knows no job '{job_id[:40]}' (only the newest are kept): choose one of the "
            "list of jobs."
        )
    return found


def running_job(lab: Lab) -> Job | None:
    """The job that runs in the lab now, if one does."""
    living = (read_job(folder) for folder in job_folders(lab) if is_alive(folder))
    return next((one for one in living if one is not None and one.running), None)


def job_folders(lab: Lab) -> list[Path]:
    """The folders of jobs, the newest first."""
    try:
        names = [path.name for path in (lab.folder / FOLDER).iterdir()]
    except OSError:
        return []
    return [lab.folder / FOLDER / name for name in sorted(names, reverse=True) if known(name)]


def known(name: str) -> bool:
    """Whether a text has the form of a job's name."""
    return NAME.fullmatch(name) is not None


def read_log(one: Job) -> str:
    """The end of what the job's process printed."""
    try:
        with (one.folder / LOG).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_SHOWN))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = text.replace("\r", "\n").split("\n")
    if size > LOG_SHOWN:
        lines[0] = "(the beginning is left out)"
    clean = ("".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines)
    return "\n".join(line for line in clean if line)
