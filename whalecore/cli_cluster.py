"""The command ``cluster``: heatmaps that look alike, grouped."""

from __future__ import annotations

import click

from whalecore.cli_command import Answer, command
from whalecore.cli_options import lab_option
from whalecore.errors import SettingsError, TooFewError
from whalecore.lab.lab import open_lab
from whalecore.types import LARGEST_SEED


@click.command()
@lab_option()
@click.option(
    "--clusters",
    default="30",
    show_default=True,
    help="Their number, fewer where there are fewer than 10 heatmaps for each; or auto: where the "
    "eigenvalues have their largest gap, up to one cluster for 10 heatmaps and to 60. From 1,200 "
    "heatmaps on those of typical heatmaps (landmarks) decide, and are the ones shown.",
)
@click.option("--sigma", default="auto", show_default=True, help="auto, paper (0.2) or a number.")
@click.option(
    "--mode",
    type=click.Choice(["auto", "exact", "scale"]),
    default="auto",
    show_default=True,
    help="exact: all heatmaps are compared with all, as in the paper; scale: for many heatmaps; "
    "auto: by their number, and scale where memory is short.",
)
@click.option(
    "--maps",
    type=click.Choice(["correct", "top5", "both"]),
    default="both",
    show_default=True,
    help="correct: heatmaps of the reference individual, as in the paper; top5: all heatmaps.",
)
@click.option(
    "--method",
    type=click.Choice(["osm", "gradcam"]),
    default="osm",
    show_default=True,
    help="Of the heatmaps, where no --settings are given.",
)
@click.option(
    "--settings",
    multiple=True,
    help="Of the heatmaps: patch=16,stride=8 (and fill, target, accuracy where they are not the "
    "usual ones) or layer=layer4. Given several times, these maps describe each heatmap together; "
    "the first of them is shown.",
)
@click.option(
    "--signed",
    is_flag=True,
    help="Keep support and evidence against the individual apart; otherwise each map is scaled "
    "from its lowest value to its highest, as in the paper.",
)
@click.option(
    "--align-mirrored",
    "aligned",
    is_flag=True,
    help="Mirror heatmaps that lie more on the right, so that left and right tip fall together.",
)
@click.option("--anew", is_flag=True, help="Start from chance instead of from earlier clusters.")
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=0,
    help="Of chance; another one starts anew, as another mode does.",
)
@command
def cluster(
    folder, clusters, sigma, mode, maps, method, settings, signed, aligned, anew, seed, report
):
    """Group the heatmaps spectrally.

    Fast heatmaps that correlate less with the exact ones than the entry least_correlation of
    the file lab.json asks for are left out, and counted. Clusters of the same kind of heatmaps
    are matched to those made before, and keep their names and notes; where at least half of the
    heatmaps were there before and their number is asked for again (not auto), the clusters
    start from where they were, with the same sigma. The clusters that were asked for last are
    the ones that verdicts follow from, once calibrate is run.

    Example, occlusion maps and Grad-CAM together:

        python -m whalecore cluster --lab LAB --settings patch=16,stride=8 --settings layer=layer4
    """
    from whalecore.workflow.cluster import MAPS, cluster_heatmaps
    from whalecore.workflow.clustered import describe_clustering, spoken_clustering

    lab = open_lab(folder)
    wanted, width = _clusters(clusters), _sigma(sigma)
    kinds, found, too_few = MAPS if maps == "both" else (maps,), [], []
    for kind in kinds:
        try:
            one = cluster_heatmaps(
                lab,
                kind,
                wanted,
                width,
                settings,
                seed,
                report,
                mode=mode,
                method=method,
                signed=signed,
                aligned=aligned,
                anew=anew,
            )
        except TooFewError as error:
            too_few.append(error)
            continue
        found.append(one)
    if not found:
        raise too_few[-1]
    names = [one.clustering_id for one in found]
    about = [describe_clustering(lab, name) for name in names]
    lines = [f"clusterings: {name}" for name in names] + [one.note for one in found if one.note]
    left_out = sum(one.left_out for one in found)
    value = {"clusterings": names, "left_out": left_out, "details": about}
    remarks = [line for one in about for line in spoken_clustering(one)]
    remarks = [*map(str, too_few), *remarks]
    return Answer(value, (), lines, tuple(remarks))


def _clusters(text: str) -> int | str:
    if text == "auto":
        return text
    if not text.isascii() or not text.isdigit() or int(text) < 2:
        raise SettingsError(f"--clusters {text} is neither auto nor a whole number from 2.")
    return int(text)


def _sigma(text: str) -> float | str:
    if text in ("auto", "paper"):
        return text
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise SettingsError(f"--sigma {text} is neither auto, paper nor a number above 0.")
    return value
