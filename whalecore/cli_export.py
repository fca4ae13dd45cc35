"""The commands ``export`` and ``report``: what a lab holds, taken elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from whalecore.cli_command import Answer, command
from whalecore.cli_options import EXISTING_FILE, lab_option
from whalecore.lab.lab import open_lab


@click.command()
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


@click.command("report")
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
