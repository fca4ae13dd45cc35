"""The command ``explain``: the heatmaps that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from whalecore.cli_command import Answer, command
from whalecore.cli_computing import computing_options
from whalecore.cli_options import lab_option, limit_option
from whalecore.errors import SettingsError
from whalecore.heatmap_words import nothing_saved
from whalecore.lab.lab import open_lab
from whalecore.types import (
    LAYERS,
    TARGETS,
    GradCamSettings,
    HeatmapSettings,
    OcclusionSettings,
    Progress,
)


@click.command()
@lab_option()
@click.option("--method", type=click.Choice(["osm", "gradcam"]), default="osm", show_default=True)
@click.option("--patch", type=int, default=16, show_default=True, help="Side in input pixels.")
@click.option("--stride", type=int, default=8, show_default=True, help="Step in input pixels.")
@click.option("--target", type=click.Choice(TARGETS), default="probability")
@click.option(
    "--accuracy",
    type=float,
    default=1.0,
    show_default=True,
    help="Of occlusion maps: 1 computes every place; less, such as 0.97, computes only some and "
    "estimates the others, so that the map correlates about so well with the exact one; at strides "
    "above 4 nothing can be saved that way.",
)
@click.option(
    "--layer",
    "layers",
    type=click.Choice([*LAYERS]),
    multiple=True,
    default=["layer4"],
    show_default=True,
    help="Of Grad-CAM; given several times, all come from the same pass through the network.",
)
@limit_option
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no photo after this time.",
)
@click.option("--seed", type=int, default=0, help="Which random sample.")
@command
@computing_options()
def explain(
    folder,
    method,
    patch,
    stride,
    target,
    accuracy,
    layers,
    limit,
    minutes,
    seed,
    computing,
    report,
):
    """Compute the heatmaps that are missing, for the top 5 of each photo."""
    settings = _heatmap_settings(method, patch, stride, target, accuracy, layers, report)
    lab = open_lab(folder)
    # Here, so that what is wrong with the settings is said before torch is loaded.
    from whalecore.workflow.explain import explain_photos

    found = explain_photos(lab, settings, limit, minutes, seed, report, computing)
    value = {"explained": found.photos}
    return Answer(value, _refused(found.failed), [f"explained: {found.photos}"])


def _refused(failed: Sequence[str]) -> tuple[str, ...]:
    """What could not be explained, in one sentence with the first reason."""
    if not failed:
        return ()
    some = "1 photo" if len(failed) == 1 else f"{len(failed):,} photos"
    first = "" if len(failed) == 1 else ", the first for this reason"
    return (f"{some} could not be explained{first}: {failed[0]}",)


def _heatmap_settings(
    method, patch, stride, target, accuracy, layers, report
) -> list[HeatmapSettings]:
    if method == "gradcam":
        return [GradCamSettings(layer) for layer in dict.fromkeys(layers)]
    try:
        chosen = OcclusionSettings(patch=patch, stride=stride, target=target, accuracy=accuracy)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    if not chosen.exact and not chosen.saves:
        words = f"{nothing_saved(stride)} So exact maps are computed."
        report(Progress("note", 1, 1, 0.0, words))
        chosen = replace(chosen, accuracy=1.0)
    return [chosen]
