"""The command line: ``python -m whalecore COMMAND --lab FOLDER``.

Each command does one step, only what is missing, and goes on where an
interrupted one stopped. With ``--json`` standard output holds JSON alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from whalecore.cli_bench import bench
from whalecore.cli_command import Answer, command
from whalecore.cli_computing import computing_options
from whalecore.errors import SettingsError, WhalecoreError
from whalecore.heatmap_words import nothing_saved
from whalecore.lab.lab import Lab, create_lab, is_lab, open_lab
from whalecore.types import (
    LAYERS,
    GradCamSettings,
    HeatmapSettings,
    OcclusionSettings,
    Progress,
)

EXISTING_FILE = click.Path(exists=True, path_type=Path)
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


def lab_option(**settings) -> Callable:
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
    help="laptop: ResNet-18, 128x256, minutes on two cores; paper: ResNet-101, 256x512, a GPU.",
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
@click.option("--folds", type=click.IntRange(min=1), help="How many of the lab's folds to train.")
@click.option(
    "--network",
    type=click.Choice(["resnet18", "resnet34", "resnet50", "resnet101"]),
    help="Deeper ones are surer with many photos, and slower.",
)
@click.option("--size", metavar="HEIGHTxWIDTH", help="The network's input in pixels: 256x512.")
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="Passes over the individuals at that size; more while the curves on the page Lab rise.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Another one shows what chance decides.")
@click.option(
    "--set",
    "others",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting, such as --set learning_rate=0.001; a wrong name is answered with all "
    "that there are. May be given several times.",
)
@command
def train(folder, preset, weights, folds, network, size, epochs, seed, others, report):
    """Find the flukes and train the identifier.

    The preset says how; what is not given is as there. Settings and curves are kept with the
    model, and the page Lab compares two.
    """
    from whalecore.workflow.chosen_settings import settings_of_pairs, size_of_text
    from whalecore.workflow.presets import preset as preset_of
    from whalecore.workflow.run import train_lab

    named = {"architecture": network, "epochs": epochs, "seed": seed}
    changes = {name: value for name, value in named.items() if value is not None}
    changes |= settings_of_pairs(others) | (size_of_text(size) if size else {})
    chosen = preset_of(preset, weights, folds, training=changes)
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
@click.option("--method", type=click.Choice(["osm", "gradcam"]), default="osm", show_default=True)
@click.option("--patch", type=int, default=16, show_default=True, help="Side in input pixels.")
@click.option("--stride", type=int, default=8, show_default=True, help="Step in input pixels.")
@click.option("--target", type=click.Choice(["probability", "logit"]), default="probability")
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
@click.option("--minutes", type=float, help="Begin no photo after this time.")
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
    from whalecore.workflow.explain import explain_photos

    settings = _heatmap_settings(method, patch, stride, target, accuracy, layers, report)
    lab = open_lab(folder)
    return {"explained": explain_photos(lab, settings, limit, minutes, seed, report, computing)}


@main.command()
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
    "--seed", type=int, default=0, help="Of chance; another one starts anew, as another mode does."
)
@command
def cluster(
    folder, clusters, sigma, mode, maps, method, settings, signed, aligned, anew, seed, report
):
    """Group the heatmaps spectrally.

    Fast heatmaps that correlate less with the exact ones than the entry least_correlation of the
    file lab.json asks for are left out, and counted. Clusters of the same kind of heatmaps are
    matched to those made before, and keep their names and notes; where at least half of the
    heatmaps were there before, the clusters start from where they were, with the same sigma. The
    clusters that were asked for last are the ones that verdicts follow from, once calibrate is run.

    Example, occlusion maps and Grad-CAM together:

        python -m whalecore cluster --lab LAB --settings patch=16,stride=8 --settings layer=layer4
    """
    from whalecore.workflow.cluster import MAPS, cluster_heatmaps
    from whalecore.workflow.clustered import describe_clustering, spoken_clustering

    lab = open_lab(folder)
    wanted, width = _clusters(clusters), _sigma(sigma)
    found = [
        cluster_heatmaps(
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
        for kind in (MAPS if maps == "both" else (maps,))
    ]
    names = [one.clustering_id for one in found]
    about = [describe_clustering(lab, name) for name in names]
    lines = [f"clusterings: {name}" for name in names] + [one.note for one in found if one.note]
    left_out = sum(one.left_out for one in found)
    value = {"clusterings": names, "left_out": left_out, "details": about}
    remarks = [line for one in about for line in spoken_clustering(one)]
    return Answer(value, (), lines, tuple(remarks))


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
@click.option("--folds", type=click.IntRange(min=1), help="How many of the lab's folds to train.")
@columns_option
@limit_option
@click.option("--minutes", type=float, help="Time for heatmaps; the preset's own when not given.")
@command
@computing_options()
def run(source, folder, preset, weights, folds, columns, limit, minutes, computing, report):
    """Everything in order: photos in, a lab that works out."""
    from whalecore.workflow.run import run_all

    lab = _open_or_create(folder, source, None)
    chosen = _preset(preset, weights, folds, limit, minutes)
    return run_all(lab, source, chosen, _columns(columns), report, computing)


@main.command()
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


@main.command()
@lab_option()
@command
def status(folder, report):
    """What the lab holds, and what is missing."""
    return open_lab(folder).status()


@main.command()
@click.argument("table", required=False)
@lab_option()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    help="A folder; for kaggle a file that ends in .csv.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "parquet", "png", "pictures", "kaggle", "wildbook"]),
    default="csv",
    show_default=True,
    help="csv, parquet: every table, or TABLE alone; png: heatmaps over their photos; pictures: "
    "copies of the photos, a folder per individual; kaggle: a submission (Image,Id); wildbook: "
    "spreadsheets for its bulk import.",
)
@click.option(
    "--photos",
    type=EXISTING_FILE,
    multiple=True,
    help="For kaggle: photos, or folders of photos; by default the folder test beside train.csv.",
)
@click.option("--submitter", help="For wildbook: your user name there.")
@click.option("--location", help="For wildbook: the location ID, as its menu shows it.")
@click.option("--links", is_flag=True, help="For pictures: symbolic links instead of copies.")
@command
def export(table, folder, target, kind, photos, submitter, location, links, report):
    """Take tables, pictures, or files for Kaggle and Wildbook elsewhere.

    No text in a CSV file runs as a formula in a spreadsheet, and no picture is overwritten.
    """
    from whalecore.workflow.export import Wanted, export_lab

    wanted = Wanted(table, photos, submitter, location, links)
    done = export_lab(open_lab(folder), kind, target, wanted, report)
    value = {"written": done.written}
    return Answer(value, done.refused, [value], done.remarks)


@main.command("report")
@lab_option()
@click.option("--photo", help="Id or file name of a photo of the lab: the report is about it.")
@click.option("--cluster", type=click.IntRange(min=1), help="The report is about this cluster.")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="FILE.html")
@command
def report_(folder, photo, cluster, target, report):
    """Write one HTML page: how far to trust the lab, or all about a photo or a cluster.

    The page holds its pictures and charts and asks nothing of any other place.
    """
    from whalecore.workflow.report import write_report

    return {"written": str(write_report(open_lab(folder), target, photo, cluster, report))}


@main.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), default=Path("data/demo"))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--detector/--no-detector", default=False, help="Also train the shipped detector.")
@command
def demo(folder, seed, detector, report):
    """Draw the demo lab's flukes and compute everything with them, from a fixed seed."""
    from whalecore.workflow.demo import build_demo

    return build_demo(folder, seed, detector, report)


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


def _preset(name, weights, folds, limit=None, minutes=None):
    from whalecore.workflow.presets import preset

    return preset(name, weights=weights, folds=folds, limit=limit, minutes=minutes)


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


def _heatmap_settings(
    method, patch, stride, target, accuracy, layers, report
) -> list[HeatmapSettings]:
    if method == "gradcam":
        return [GradCamSettings(layer) for layer in dict.fromkeys(layers)]
    chosen = OcclusionSettings(patch=patch, stride=stride, target=target, accuracy=accuracy)
    if not chosen.exact and not chosen.saves:
        words = f"{nothing_saved(stride)} So exact maps are computed."
        report(Progress("note", 1, 1, 0.0, words))
        chosen = replace(chosen, accuracy=1.0)
    return [chosen]


main.add_command(bench)
