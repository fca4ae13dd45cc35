"""Jobs in words: what they do, how they stand, how long they take."""

from __future__ import annotations

from collections.abc import Sequence

from pages.parts.times import moment
from whalecore.workflow.jobs import Ahead, Job

DOES = {
    "import": "Import photos",
    "train": "Train the identifier",
    "score": "Score the photos",
    "explain": "Compute heatmaps",
    "cluster": "Group heatmaps into clusters",
    "calibrate": "Choose the verdict's rules",
    "run": "All steps in order",
}
STAGES = {
    "import": "read the photos",
    "detector": "learn to find flukes",
    "crop": "find the flukes",
    "marks": "find marks on the flukes",
    "train": "train the identifier",
    "score": "score the photos",
    "explain: Grad-CAM": "Grad-CAM heatmaps",
    "explain: occlusion": "occlusion maps",
    "cluster": "group heatmaps into clusters",
    "evidence": "gather the evidence",
    "calibrate": "choose the verdict's rules",
    "check heatmaps": "test the heatmaps",
}
"""Parts of the command `run`, in words."""

STANDS = {
    "queued": "starting",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "lost": "ended without a word",
}
ICONS = {
    "queued": ":material/hourglass_top:",
    "running": ":material/play_circle:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "lost": ":material/help:",
}


def does(one: Job) -> str:
    """What the job does."""
    return DOES.get(one.command[0], one.command[0]) if one.command else "Unknown work"


def stands(one: Job) -> str:
    """How it stands."""
    return "stopping" if one.running and one.cancel_asked else STANDS[one.state]


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{hours / 24:.1f} days"


def started(one: Job) -> str:
    """Its day and time, as the lab writes them."""
    return "at an unknown time" if one.started_at is None else moment(one.started_at)


def where_now(one: Job) -> str:
    """Its present step, how far that has come, and how long the step still takes."""
    if one.state == "queued":
        return "The process is starting"
    if not one.step:
        return "Getting ready"
    return f"Step {one.stage} of {len(one.stages)} · {_step(one)}" if one.stage else _step(one)


def _step(one: Job) -> str:
    counted = f": {one.done:,} of {one.total:,}" if one.total > 1 else ""
    if one.seconds_left is None or one.done >= one.total:
        return f"{one.step.capitalize()}{counted}"
    return f"{one.step.capitalize()}{counted}, {_about(one.seconds_left)} left in this step"


def to_come(ahead: Ahead) -> str:
    """The steps after the present one, and how long they took before; empty where there is none."""
    if not ahead.stages:
        return ""
    rest = f"Still to come: {_named(ahead.stages)}."
    if not ahead.timed:
        return f"{rest} How long that takes is known once it has been done in this lab."
    took = f"{_about(ahead.seconds)} when last done in this lab"
    if len(ahead.timed) == len(ahead.stages):
        return f"{rest} Together that took {took}."
    others = [name for name in ahead.stages if name not in ahead.timed]
    if len(others) <= len(ahead.timed):
        return f"{rest} Without what was not timed yet ({_named(others)}), that took {took}."
    return f"{rest} Of these, {_named(ahead.timed)} took {took}; the others were not timed yet."


def _named(stages: Sequence[str]) -> str:
    return ", ".join(STAGES.get(name, name) for name in stages)


def _about(seconds: float) -> str:
    return "less than 5 s" if seconds < 5 else f"about {duration(seconds)}"


def share(one: Job) -> float:
    """How far the present step has come, 0 to 1."""
    return min(1.0, max(0.0, one.done / one.total)) if one.total else 0.0


def in_list(one: Job) -> str:
    """One line about a job."""
    took = "" if one.seconds is None or one.running else f" · {duration(one.seconds)}"
    return f"{started(one)} · {does(one)} · {stands(one)}{took}"
