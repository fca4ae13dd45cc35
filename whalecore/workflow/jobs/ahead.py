"""How long the steps that a job has before it took when they last had work to do in its lab."""

from __future__ import annotations

from dataclasses import dataclass

from whalecore.lab.lab import Lab
from whalecore.workflow.jobs.listing import jobs
from whalecore.workflow.jobs.record import Job

LEAST = 1.0
"""Seconds under which a stage had nothing to do, and tells nothing of how long its work takes."""


@dataclass(frozen=True)
class Ahead:
    """The stages of a job after the present one.

    Attributes
    ----------
    stages : tuple of str
        All of them, in order.
    timed : tuple of str
        Those that an earlier job of the lab has timed.
    seconds : float
        What these took together, each when it last had work to do.
    """

    stages: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()
    seconds: float = 0.0


def ahead_of(lab: Lab, one: Job) -> Ahead:
    """What a job has before it, and what that took the last time; nothing is extrapolated."""
    stages = one.stages[one.stage :] if one.stage else ()
    if not stages:
        return Ahead()
    took: dict[str, float] = {}
    for earlier in jobs(lab):
        if earlier.job_id != one.job_id:
            for name, seconds in earlier.stage_seconds:
                if seconds >= LEAST:
                    took.setdefault(name, seconds)
    timed = tuple(name for name in stages if name in took)
    return Ahead(stages, timed, sum(took[name] for name in timed))
