"""How a job stands: read from its folder, whoever started it and whenever."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whalecore.workflow.jobs import alive, telling
from whalecore.workflow.jobs.record import ASKED, FILE, Job, Step

ENDS = {"done": "done", "failed": "failed", "stopped": "cancelled"}
LOST = (
    "It ended without a word: it was stopped from outside, or the computer was switched off or "
    "ran out of memory. What is finished is kept; start it again and it goes on from there."
)
CANCELLED = "It was cancelled. What is finished is kept; start it again and it goes on from there."
DAMAGED = "The file of this job is damaged, so that little is known about it."


def read_job(folder: Path) -> Job | None:
    """The job of a folder; None where there is none or it is only just being made."""
    if not (folder / FILE).exists():
        return None
    told = _entries(folder / telling.FILE)
    living = ENDS.get(str(told.get("outcome"))) is None and alive.is_alive(folder)
    if not living:
        # It may have ended between the two looks, and then it has said how.
        told = _entries(folder / telling.FILE)
    about = _entries(folder / FILE)
    asked = (folder / ASKED).exists()
    command = about.get("command")
    command = tuple(command) if _all_text(command) else ()
    state = _state(told, living, asked)
    stages = tuple(names) if _all_text(names := told.get("stages")) else ()
    stage = int(_number(told.get("stage")) or 0)
    written_at = _number(told.get("written_at"))
    left = _number(told.get("seconds_left"))
    if left is not None and written_at is not None:
        left = max(0.0, left - (time.time() - written_at))
    return Job(
        job_id=folder.name,
        folder=folder,
        command=command,
        state=state,
        started_at=_moment(_number(about.get("started_at"))),
        ended_at=None if living else _moment(written_at or _number(about.get("started_at"))),
        pid=int(pid) if (pid := _number(about.get("pid"))) and pid > 1 else None,
        cancel_asked=asked,
        step=str(told.get("step", "")),
        done=int(_number(told.get("done")) or 0),
        total=int(_number(told.get("total")) or 0),
        seconds_left=left,
        stage=stage if stage <= len(stages) else 0,
        stages=stages,
        stage_seconds=_named_seconds(told.get("stage_seconds")),
        finished=_steps(told.get("finished")),
        remarks=tuple(remarks) if _all_text(remarks := told.get("remarks")) else (),
        sentence=_sentence(state, command, str(told.get("sentence", ""))),
    )


def _state(told: dict[str, Any], living: bool, asked: bool) -> str:
    if living:
        return "running" if told else "queued"
    outcome = ENDS.get(str(told.get("outcome")))
    if outcome == "done":
        return "done"
    if asked:
        return "cancelled"
    return outcome or "lost"


def _sentence(state: str, command: tuple[str, ...], told: str) -> str:
    own = {"failed": told, "lost": LOST, "cancelled": CANCELLED}.get(state, "")
    return own if command else f"{DAMAGED} {own}".strip()


def _entries(path: Path) -> dict[str, Any]:
    """A JSON object; empty where the file is not there or holds something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _all_text(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _number(value: object) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11
    return value if fits else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _named_seconds(values: object) -> tuple[tuple[str, float], ...]:
    pairs = values.items() if isinstance(values, dict) else ()
    return tuple((name, float(one)) for name, value in pairs if (one := _number(value)) is not None)


def _steps(values: object) -> tuple[Step, ...]:
    entries = [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
    return tuple(
        Step(
            str(one.get("step", "")),
            int(_number(one.get("pieces")) or 0),
            float(_number(one.get("seconds")) or 0.0),
        )
        for one in entries
    )
