"""How the process of a job tells where it stands: one small file, and lines in the log."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whalecore.files import TEMPORARY, write_json
from whalecore.types import Progress

FILE = "progress.json"
EVERY = 0.5
"""Seconds between two writings of the file."""

KEPT = 40
"""Finished steps and remarks that the file holds; the log has them all."""

REMARK = "note"
"""Step that does no work: only its message counts."""


class JobReport:
    """Takes reported progress and keeps the job's file up to date.

    Parameters
    ----------
    folder : Path
        The job's folder.
    every : float
        Least seconds between two writings; what comes in between is passed over.

    Attributes
    ----------
    stopping : bool
        Whether it was asked to stop.
    """

    def __init__(self, folder: Path, every: float = EVERY) -> None:
        self.stopping = False
        self._path, self._every = folder / FILE, every
        self._progress: Progress | None = None
        self._finished: list[dict[str, Any]] = []
        self._remarks: list[str] = []
        self._stage, self._stages = 0, ()
        self._stage_began, self._stage_seconds = time.monotonic(), {}
        self._began = self._written = time.monotonic()
        self._write()

    def __call__(self, progress: Progress) -> None:
        if self.stopping:
            # The interruption was lost on its way, as happens while an object is being removed.
            raise KeyboardInterrupt
        if progress.message:
            self._say(progress.message)
            self._remarks = [*self._remarks, progress.message][-KEPT:]
        if progress.step == REMARK:
            return
        self._turn_to(progress)
        now, last = time.monotonic(), self._progress
        if last is None or progress.step != last.step or progress.done < last.done:
            self._finish_step()
            self._began, self._written = now, -self._every
            self._say(f"{progress.step}, {progress.total:,} to do")
        self._progress = progress
        if now - self._written >= self._every:
            self._write()

    def stop(self, *_signal: object) -> None:
        """Interrupt the work; for the signal that asks for it."""
        self.stopping = True
        raise KeyboardInterrupt

    def end(self, outcome: str, sentence: str = "") -> None:
        """Say how the command ended: ``done``, ``failed`` or ``stopped``."""
        if outcome == "done":
            self._finish_step()
            self._finish_stage()
        with suppress(OSError):
            write_json(self._path, {**self._state(), "outcome": outcome, "sentence": sentence})

    def _finish_step(self) -> None:
        if self._progress is None:
            return
        seconds = round(time.monotonic() - self._began, 1)
        step = {"step": self._progress.step, "pieces": self._progress.done, "seconds": seconds}
        self._finished = [*self._finished, step][-KEPT:]
        self._progress = None

    def _turn_to(self, progress: Progress) -> None:
        if (progress.stage, progress.stages) != (self._stage, self._stages):
            self._finish_stage()
            self._stage, self._stages = progress.stage, progress.stages
            self._stage_began = time.monotonic()

    def _finish_stage(self) -> None:
        if self._stage:
            seconds = round(time.monotonic() - self._stage_began, 1)
            self._stage_seconds[self._stages[self._stage - 1]] = seconds

    def _state(self) -> dict[str, Any]:
        now = self._progress
        return {
            "written_at": time.time(),
            "step": now.step if now else "",
            "done": now.done if now else 0,
            "total": now.total if now else 0,
            "seconds_left": now.seconds_left if now else None,
            "stage": self._stage,
            "stages": self._stages,
            "stage_seconds": self._stage_seconds,
            "finished": self._finished,
            "remarks": self._remarks,
        }

    def _write(self) -> None:
        """Replace the file; not flushed to the disk, because it is worth nothing after a crash."""
        temporary = self._path.with_name(f"{TEMPORARY}{os.getpid()}-{FILE}")
        # Watching must not end the work: where nothing can be written, the work itself will say.
        with suppress(OSError):
            temporary.write_text(json.dumps(self._state()), encoding="utf-8")
            temporary.replace(self._path)
        self._written = time.monotonic()

    def _say(self, line: str) -> None:
        print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=sys.stderr, flush=True)
