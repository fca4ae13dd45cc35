"""The options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

EXISTING_FILE = click.Path(exists=True, path_type=Path)


def lab_option(**settings) -> Callable:
    """The lab's folder, as a command's argument ``folder``."""
    return click.option(
        "--lab",
        "folder",
        type=click.Path(path_type=Path),
        required=True,
        envvar="WHALECORE_LAB",
        help="The lab's folder.",
        **settings,
    )


preset_option = click.option(
    "--preset",
    type=click.Choice(["laptop", "paper", "demo"]),
    default="laptop",
    show_default=True,
    help="laptop: ResNet-18, 128x256, two cores, under two hours for 2,300 photos; paper: "
    "ResNet-101, 256x512, a GPU; demo: for the drawings.",
)
weights_option = click.option(
    "--weights",
    default=None,
    help="Start of the network: imagenet, none, auto or a .safetensors file.",
)
columns_option = click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Name of a column in your CSV, such as --column individual=WhaleID; ours are photo, "
    "individual, encounter, date, latitude and longitude.",
)
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Explain a random sample of at most so many photos in all.",
)
