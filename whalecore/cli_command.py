"""What all commands of the command line promise: progress, answers, one sentence when they fail."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

import click
from tqdm import tqdm

from whalecore.errors import WhalecoreError
from whalecore.types import Progress
from whalecore.workflow.jobs.telling import JobReport

UNKNOWN = "The program met a problem that it does not know ({}); the log says where."
NICER = 5
"""By how much a job stands back, so that the dashboard stays quick."""


class Bars:
    """Draws reported progress as bars with the time left, on standard error.

    The time left is what the step says of it: unlike parts of one step cannot be projected.
    """

    stopping = False

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def __call__(self, progress: Progress) -> None:
        place = f"{progress.stage}/{len(progress.stages)} " if progress.stage else ""
        name = f"{place}{progress.step}"
        if self._bar is None or self._bar.desc != name or progress.done < self._bar.n:
            self.close()
            self._bar = tqdm(
                desc=name,
                total=progress.total,
                file=sys.stderr,
                mininterval=0.5,
                bar_format="{l_bar}{bar}| {n_fmt} of {total_fmt}, {elapsed}{postfix}",
            )
        if progress.message:
            self._bar.write(progress.message, file=sys.stderr)
        left = progress.seconds_left
        words = f"about {tqdm.format_interval(left)} left" if left else ""
        self._bar.set_postfix_str(words, refresh=False)
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        """Finish the bar that is drawn now."""
        if self._bar is not None:
            # A step that ends before its end has no time left.
            self._bar.set_postfix_str("", refresh=False)
            self._bar.close()
            self._bar = None

    def end(self, outcome: str, sentence: str = "") -> None:
        """The command ends; how it does is printed."""
        self.close()


@dataclass(frozen=True)
class Answer:
    """An answer, what could not be done (then the exit code is 1), and lines for a person.

    ``remarks`` go to standard error, for a person and a machine alike.
    """

    value: object
    refused: tuple[str, ...]
    lines: list[str]
    remarks: tuple[str, ...] = ()


def command(function: Callable) -> Callable:
    """Run a command with the promises all of them share.

    It gets ``report`` and returns what there is to say: an object printed as
    JSON under ``--json``, else line by line. A WhalecoreError ends it with one
    sentence and exit code 1. With ``--job`` it tells the job's folder where it
    stands instead of drawing bars.
    """

    @wraps(function)
    def run(*args, as_json: bool, job: Path | None, **kwargs) -> None:
        bars = Bars() if job is None else _report_of_job(job)
        try:
            answer = interruptible(function, bars, *args, **kwargs)
        except WhalecoreError as error:
            bars.end("failed", str(error))
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            sentence = (
                f"A file could not be read or written{where}: {error.strerror or error}; "
                "check the path, its permissions and the space left, then give the command again."
            )
            bars.end("failed", sentence)
            click.echo(f"Error: {sentence}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            bars.end("stopped")
            click.echo(
                "Stopped; what is finished is kept, and the same command goes on from there.",
                err=True,
            )
            sys.exit(1)
        except Exception as error:
            bars.end("failed", UNKNOWN.format(type(error).__name__))
            raise
        refused = answer.refused if isinstance(answer, Answer) else ()
        bars.end("failed" if refused else "done", *refused[:1])
        if isinstance(answer, Answer):
            for sentence in answer.remarks:
                click.echo(sentence, err=True)
            answer = answer.value if as_json else answer.lines
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            _print(answer)
        for sentence in refused:
            click.echo(f"Error: {sentence}", err=True)
        if refused:
            sys.exit(1)

    as_job = click.option(
        "--job", type=click.Path(exists=True, file_okay=False, path_type=Path), hidden=True
    )
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(
        as_job(run)
    )


def interruptible(function: Callable, report: Bars | JobReport, *args, **kwargs) -> object:
    """Call a command; an interruption stays one where a library turns it into another error."""
    try:
        return function(*args, report=report, **kwargs)
    except Exception as error:
        if report.stopping:
            raise KeyboardInterrupt from error
        raise


def _report_of_job(folder: Path) -> JobReport:
    """The report of a job, which also hears when it is asked to stop, and leaves others first."""
    report = JobReport(folder)
    signal.signal(signal.SIGINT, report.stop)
    os.nice(NICER)
    return report


def _print(answer: object) -> None:
    items = answer if isinstance(answer, list) else [answer]
    for item in items:
        if not isinstance(item, dict):
            click.echo(item)
            continue
        for key, value in item.items():
            if isinstance(value, dict):
                _print({f"{key}, {name}": inner for name, inner in value.items()})
                continue
            lines = value if isinstance(value, list) else [value]
            for line in lines:
                click.echo(f"{key}: {line}")
