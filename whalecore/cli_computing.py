"""The options that say by what means a command computes heatmaps."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from whalecore.types import Computing

engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "exact", "reference"]),
    default="auto",
    show_default=True,
    help="Of occlusion maps. reference: the whole network for every covered place; exact: the "
    "same numbers, from only what a covered place changes; auto: exact where the network allows "
    "it.",
)
precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "tf32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Of the arithmetic of occlusion maps: the shorter numbers are faster on a GPU and a "
    "little less exact; how much is measured and kept with each map.",
)
memory_option = click.option(
    "--memory",
    type=int,
    help="Most that the heatmaps computed together may take beside the network, in MiB. When not "
    "given, half of what a GPU has free, and 2048 on a processor.",
)


def computing_options(engines: bool = True) -> Callable[[Callable], Callable]:
    """Give a command the options, and their values as its argument ``computing``.

    Parameters
    ----------
    engines : bool
        Whether the engine can be chosen.
    """

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def run(*args, engine: str = "auto", precision: str, memory: int | None, **kwargs):
            return function(*args, computing=Computing(engine, precision, memory), **kwargs)

        run = precision_option(memory_option(run))
        return engine_option(run) if engines else run

    return decorate
