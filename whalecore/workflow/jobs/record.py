"""What a job is, and the files of its folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = "jobs"
FILE = "job.json"
LOG = "log.txt"
ASKED = "cancel"
NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


@dataclass(frozen=True)
class Step:
    """A finished step of a job: how many pieces of work in how many seconds."""

    name: str
    pieces: int
    seconds: float


@dataclass(frozen=True)
class Job:
    """A command that was started from the dashboard, as it stands now.

    Attributes
    ----------
    command : tuple of str
        Words of the command, without the lab; empty where the job's file is damaged.
    state : str
        ``queued`` (its process is starting), ``running``, ``done``, ``failed``, ``cancelled`` or
        ``lost`` (the process is gone without a word).
    cancel_asked : bool
        Whether somebody asked it to stop.
    step, done, total, seconds_left, stage, stages
        Where it stands now, as in `whalecore.types.Progress`.
    stage_seconds : tuple of (str, float)
        Its finished stages, and how long each took.
    finished : tuple of Step
    remarks : tuple of str
        What the work had to say on its way, such as files that could not be read.
    sentence : str
        How it ended, for a person; empty while it runs and when all went well.
    """

    job_id: str
    folder: Path
    command: tuple[str, ...]
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    pid: int | None = None
    cancel_asked: bool = False
    step: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    stage: int = 0
    stages: tuple[str, ...] = ()
    stage_seconds: tuple[tuple[str, float], ...] = ()
    finished: tuple[Step, ...] = ()
    remarks: tuple[str, ...] = ()
    sentence: str = ""

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.state in ("queued", "running")

    @property
    def seconds(self) -> float | None:
        """How long it has taken up to now, or took."""
        if self.started_at is None:
            return None
        return max(0.0, ((self.ended_at or datetime.now(UTC)) - self.started_at).total_seconds())
