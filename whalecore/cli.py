"""The command line: ``python -m whalecore COMMAND --lab FOLDER``.

Each command does one step, only what is missing, and goes on where an
interrupted one stopped. With ``--json`` standard output holds JSON alone.
"""

from __future__ import annotations

from pathlib import Path

import click

from whalecore.cli_bench import bench
from whalecore.cli_cluster import cluster
from whalecore.cli_command import Answer, command
from whalecore.cli_computing import computing_options
from whalecore.cli_explain import explain
from whalecore.cli_export import export, report_
from whalecore.cli_identify import identify
from whalecore.cli_options import (
    EXISTING_FILE,
    columns_option,
    lab_option,
    limit_option,
    preset_option,
    weights_option,
)
from whalecore.cli_training import training_options
from whalecore.errors import SettingsError
from whalecore.lab.lab import Lab, create_lab, is_lab, open_lab
from whalecore.status_words import status_lines

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Identify humpback whales by their flukes, and know when to believe it."""


@main.command("import")
@click.argument("source", type=EXISTING_FILE)
@lab_option()
@columns_option
@click.option("--name", help="Name of the lab; the folder's name when not given.")
@command
def import_(source, folder, columns, name, report):
    """Bring a collection into a lab, which is made if need be.

    SOURCE is a Kaggle folder (train.csv and images), a folder with one folder
    per individual, or a CSV file.
    """
    from whalecore.workflow.import_photos import import_photos

    lab = _open_or_create(folder, source, name)
    return _import_answer(import_photos(lab, source, _columns(columns), report))


@main.command()
@lab_option()
@preset_option
@weights_option
@command
@training_options
def train(folder, preset, weights, folds, training, report):
    """Find the flukes and train the identifier.

    The preset says how; what is not given is as there. Settings and curves are kept with the
    model, and the page Lab compares two.
    """
    from whalecore.workflow.run import train_lab

    chosen = _preset(preset, weights, folds, training)
    return {"models": train_lab(open_lab(folder), chosen, report)}


@main.command()
@lab_option()
@command
def score(folder, report):
    """Write the top 5 of every photo that a model did not learn from, and what it compares."""
    from whalecore.workflow.score import score_photos

    return {"scored": score_photos(open_lab(folder), report)}


@main.command()
@lab_option()
@click.option(
    "--check-heatmaps",
    is_flag=True,
    help="Also test, once a model, whether heatmaps are faithful to it; takes minutes.",
)
@click.option(
    "--error-limit",
    type=SHARE,
    help="Share of wrong identifications among those called reliable that the lab allows; "
    "remembered. 0.05 in a new lab.",
)
@click.option(
    "--confidence",
    type=SHARE,
    help="Share of photos whose set of answers shall hold the right one; remembered. 0.9 in a new "
    "lab.",
)
@command
def calibrate(folder, check_heatmaps, error_limit, confidence, report):
    """Choose the verdict's thresholds on one part of the photos and judge them on the other."""
    from whalecore.workflow.calibrate import calibrate_lab
    from whalecore.workflow.faithfulness import check_heatmaps as checked

    lab = open_lab(folder)
    found = calibrate_lab(lab, report, error_limit, confidence)
    return {**found, "faithfulness": checked(lab, report)} if check_heatmaps else found


@main.command()
@click.argument("source", type=EXISTING_FILE)
@lab_option()
@preset_option
@weights_option
@columns_option
@limit_option
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Time for heatmaps; the preset's own when not given.",
)
@command
@training_options
@computing_options()
def run(
    source, folder, preset, weights, folds, columns, limit, minutes, training, computing, report
):
    """Everything in order: photos in, a lab that works out."""
    chosen = _preset(preset, weights, folds, training, limit, minutes)
    from whalecore.workflow.run import run_all

    lab = _open_or_create(folder, source, None)
    return run_all(lab, source, chosen, _columns(columns), report, computing)


@main.command()
@lab_option()
@command
def status(folder, report):
    """What the lab holds, and what is missing."""
    found = open_lab(folder).status()
    return Answer(found, (), status_lines(found))


@main.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), default=Path("data/demo"))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--detector/--no-detector", default=False, help="Also train the shipped detector.")
@command
def demo(folder, seed, detector, report):
    """Draw the demo lab's flukes and compute everything with them, from a fixed seed."""
    from whalecore.workflow.demo import build_demo

    return build_demo(folder, seed, detector, report)


def _open_or_create(folder: Path, source: Path, name: str | None) -> Lab:
    if is_lab(folder):
        return open_lab(folder)
    root = source if source.is_dir() else source.parent
    return create_lab(folder, name=name or folder.resolve().name, photo_root=root.resolve())


def _import_answer(outcome) -> dict:
    return {
        "rows": outcome.rows,
        "new": outcome.new,
        "known": outcome.known,
        "changed": outcome.changed,
        "problems": [f"{kind} · {name} · {reason}" for kind, name, reason in outcome.problems],
    }


def _preset(name, weights, folds, training, limit=None, minutes=None):
    from whalecore.workflow.presets import preset

    return preset(name, weights, folds, limit, minutes, training)


def _columns(pairs: tuple[str, ...]) -> dict[str, str] | None:
    columns = {}
    for pair in pairs:
        ours, separator, theirs = pair.partition("=")
        if not separator or not theirs:
            raise SettingsError(
                f"--column {pair} is not of the form OURS=THEIRS, such as individual=WhaleID."
            )
        columns[ours.strip()] = theirs.strip()
    return columns or None


for further in (bench, cluster, explain, export, identify, report_):
    main.add_command(further)
