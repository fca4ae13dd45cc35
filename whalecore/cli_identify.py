"""The command ``identify``: answers for new photos."""

from __future__ import annotations

from pathlib import Path

import click

from whalecore.cli_command import Answer, command
from whalecore.cli_computing import computing_options
from whalecore.cli_options import lab_option
from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab, open_lab


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@lab_option()
@click.option(
    "--one-encounter",
    "together",
    is_flag=True,
    help="The photos show one animal at one sighting: each is judged in the light of the others, "
    "and all are ranked together.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Which model answers, by default the newest. Given several times, or as 'all' (one of "
    "each fold), the models answer together: their scores are averaged.",
)
@command
@computing_options()
def identify(photos, folder, together, models, computing, report):
    """Top 5, heatmaps, cluster and verdict for new photos."""
    from whalecore.workflow.assess import describe, identify_files, spoken

    if together:
        return _identify_together(open_lab(folder), photos, report, models, computing)
    answers, refused = [], []
    for path, outcome in identify_files(open_lab(folder), photos, report, models, computing):
        if isinstance(outcome, WhalecoreError):
            refused.append(f"{path.name}: {outcome}")
        else:
            answers.append(describe(path.name, outcome))
    lines = [line for answer in answers for line in spoken(answer)]
    return Answer(answers, tuple(refused), lines)


def _identify_together(lab: Lab, photos, report, models, computing) -> Answer:
    from whalecore.workflow.assess import (
        describe,
        describe_together,
        identify_together,
        spoken,
        spoken_together,
    )

    paths, joint, errors = identify_together(lab, photos, report, models, computing)
    refused = tuple(f"{path.name}: {error}" for path, error in errors.items())
    if joint is None:
        return Answer([], refused, [])
    answers = [describe(path.name, one) for path, one in zip(paths, joint.assessments, strict=True)]
    about = describe_together(joint)
    lines = [line for answer in answers for line in spoken(answer)] + spoken_together(about)
    return Answer([*answers, about], refused, lines)
