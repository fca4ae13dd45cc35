"""The options that say how a command trains the identifier."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

_OPTIONS = (
    click.option(
        "--folds", type=click.IntRange(min=1), help="How many of the lab's folds to train."
    ),
    click.option(
        "--network",
        type=click.Choice(["resnet18", "resnet34", "resnet50", "resnet101"]),
        help="Deeper ones are surer with many photos, and slower.",
    ),
    click.option("--size", metavar="HEIGHTxWIDTH", help="The network's input in pixels: 256x512."),
    click.option(
        "--epochs",
        type=click.IntRange(min=1),
        help="Passes over the individuals at that size; more while the curves on the page Lab "
        "rise.",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), help="Another one shows what chance decides."
    ),
    click.option(
        "--set",
        "others",
        multiple=True,
        metavar="NAME=VALUE",
        help="Any other setting, such as --set learning_rate=0.001 or --set "
        "low_resolution_epochs=1 (passes at half the size that come first); a wrong name is "
        "answered with all that there are. May be given several times.",
    ),
)


def training_options(function: Callable) -> Callable:
    """Give a command the options; it gets ``folds``, and the settings by name as ``training``."""

    @wraps(function)
    def run(*args, network, size, epochs, seed, others, **kwargs):
        # Here, so that a command line is understood without loading torch.
        from whalecore.workflow.chosen_settings import settings_of_pairs, size_of_text

        named = {"architecture": network, "epochs": epochs, "seed": seed}
        training = {name: value for name, value in named.items() if value is not None}
        training |= settings_of_pairs(others) | (size_of_text(size) if size else {})
        return function(*args, training=training, **kwargs)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run
