"""The commands below ``bench``: how fast this computer is."""

from __future__ import annotations

import click

from whalecore.cli_command import Answer, command
from whalecore.cli_computing import computing_options


@click.group()
def bench():
    """Measure how fast this computer is."""


@bench.command("osm")
@click.option(
    "--network",
    "networks",
    type=click.Choice(["resnet18", "resnet34", "resnet50", "resnet101"]),
    multiple=True,
    default=["resnet18", "resnet50", "resnet101"],
    show_default=True,
    help="May be given several times.",
)
@click.option("--height", type=click.IntRange(min=32), default=256, show_default=True)
@click.option("--width", type=click.IntRange(min=32), default=512, show_default=True)
@click.option("--patch", type=int, default=5, show_default=True, help="Side in input pixels.")
@click.option("--stride", type=int, default=4, show_default=True, help="Step in input pixels.")
@click.option("--quick", is_flag=True, help="Fewer positions and rounds: within a minute.")
@click.option(
    "--fast",
    is_flag=True,
    help="Also one whole map of stride 1 in the fast mode (minutes), and how well it agrees with "
    "brute force at places that it did not compute.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@command
@computing_options(engines=False)
def bench_osm_(networks, height, width, patch, stride, quick, fast, device, computing, report):
    """Time occlusion maps: brute force, Captum's and the engine's, by turns in one run.

    No lab is needed: the networks are untrained and the photo is a drawing. Without --quick the
    best batches of brute force and Captum are searched and every engine has more turns.
    """
    from dataclasses import replace

    from whalecore.identifiers.network import choose_device
    from whalecore.workflow.bench.osm import QUICK, Case, Effort, bench_osm
    from whalecore.workflow.bench.subject import machine
    from whalecore.workflow.bench.tables import as_lines, osm_json
    from whalecore.workflow.bench.turns import find_captum

    cases = [Case(network, height, width, patch, stride) for network in networks]
    effort = replace(QUICK if quick else Effort(), fast=fast)
    rows = bench_osm(cases, effort, find_captum(), device, report, computing)
    return Answer(osm_json(rows), (), as_lines(rows, machine(choose_device(device))))


@bench.command("clusters")
@click.option(
    "--heatmaps",
    "counts",
    type=click.IntRange(min=100),
    multiple=True,
    help="How many; may be given several times. 5000 when not given.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="700 heatmaps of 32 x 64 cells in place of 5000 of 64 x 128: within a minute.",
)
@command
def bench_clusters_(counts, quick, report):
    """Time the grouping of heatmaps: both modes, scikit-learn's and CoRelAy's, in one run.

    No lab is needed: the heatmaps are synthetic, of 30 kinds. Every method runs in a process of
    its own, which tells its memory; what would not fit is left out.
    """
    from dataclasses import replace

    from whalecore.workflow.bench.clusters import QUICK, Case, bench_clusters
    from whalecore.workflow.bench.subject import machine
    from whalecore.workflow.bench.tables import as_json, cluster_lines

    case = QUICK if quick else Case(5000)
    cases = [replace(case, heatmaps=count) for count in counts or (case.heatmaps,)]
    rows = bench_clusters(cases, report=report)
    return Answer(as_json(rows), (), cluster_lines(rows, machine()))
