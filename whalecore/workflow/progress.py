"""How long work tells where it stands."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from whalecore.types import Progress, Report, silent

__all__ = ["Pace", "Report", "silent", "warnings_as_notes", "within"]


def within(stages: Sequence[str], name: str, report: Report) -> Report:
    """A report for one stage of longer work: it also tells which stage of all it is."""
    place, names = stages.index(name) + 1, tuple(stages)
    return lambda progress: report(replace(progress, stage=place, stages=names))


@contextmanager
def warnings_as_notes(report: Report) -> Iterator[None]:
    """Tell warnings to whoever waits as one sentence each, without file and line of the program."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message, category, *where, **other) -> None:
            if issubclass(category, UserWarning):
                report(Progress("note", 1, 1, 0.0, str(message)))
            else:
                usual(message, category, *where, **other)

        warnings.showwarning = show
        yield


class Pace:
    """Counts finished pieces of one step and estimates the time left from their pace."""

    def __init__(self, step: str, total: int, report: Report) -> None:
        self.step, self.total, self.done = step, total, 0
        self._report = report
        self._started = time.monotonic()
        report(Progress(step, 0, total))

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._started

    def advance(self, pieces: int = 1, message: str = "") -> None:
        """Count `pieces` more as finished and report."""
        self.done += pieces
        left = self.seconds / self.done * (self.total - self.done) if self.done else None
        self._report(Progress(self.step, self.done, self.total, left, message))
