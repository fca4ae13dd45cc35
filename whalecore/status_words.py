"""What a lab holds and what is missing, in words."""

from __future__ import annotations

from collections.abc import Mapping

STEPS = {
    "crops": ("{photos} without a crop", "train"),
    "splits": ("{photos} not yet divided into training and test", "train"),
    "models": ("{photos} waiting for a model", "train"),
    "scores": ("{photos} without scores", "score"),
    "heatmaps": ("{photos} with scores but without heatmaps", "explain"),
    "clusterings": ("{no} clusters of the newest model's heatmaps", "cluster"),
    "evidence": ("{photos} whose evidence is not gathered yet", "calibrate"),
    "rules": ("{no} rules of the verdict for the newest model", "calibrate"),
}
"""By what may be missing: how it is said, and the command that mends it."""

NAMES = {"reviews": "decisions"}
"""Counts that have another name among people than among tables."""


def missing_words(status: Mapping, bold: bool = False) -> list[tuple[str, str]]:
    """What is missing, and the command that mends each.

    Parameters
    ----------
    status : mapping
        As `whalecore.lab.lab.Lab.status` returns it.
    bold : bool
        Whether numbers are set in bold, as Markdown.
    """
    left = {name: count for name, count in status["missing"].items() if count}
    number, no = ("**{:,}**", "**No**") if bold else ("{:,}", "no")
    return [
        (words.format(count=number.format(count), photos=photos, no=no), step)
        for name, count in left.items()
        for photos in [f"{number.format(count)} photo{'' if count == 1 else 's'}"]
        for words, step in [STEPS.get(name, (f"{{count}} {name}", "run"))]
    ]


def status_lines(status: Mapping) -> list[str]:
    """The status of a lab for a person at a terminal, line by line."""
    lines = [
        f"{NAMES.get(name, name)}: {count:,}" for name, count in status.items() if name != "missing"
    ]
    missing = missing_words(status)
    if not status["photos"]:
        return [*lines, "missing: photos; the command import brings a collection into the lab"]
    if not missing:
        return [*lines, "missing: nothing"]
    return [*lines, *(f"missing: {words} ({step})" for words, step in missing)]
