"""The lab's photos sorted into one folder per individual, with a spreadsheet that names them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whalecore.errors import LabError, SettingsError, WhalecoreError
from whalecore.files import TEMPORARY, write_bytes
from whalecore.lab.lab import Lab
from whalecore.photos.decode import photo_id_of
from whalecore.workflow.export.named import who_named
from whalecore.workflow.export.places import folder_names, marked, safe_name, writable
from whalecore.workflow.export.tables import csv_bytes
from whalecore.workflow.progress import Pace, Report, silent

UNNAMED = "unknown"
"""Folder of photos without a name; an import takes it for that."""

LIST = "pictures.csv"


@dataclass(frozen=True)
class SortedPictures:
    """How many pictures were written, how many were there, and those that could not be."""

    written: int
    kept: int
    refused: tuple[str, ...]


def export_pictures(
    lab: Lab, folder: Path, links: bool = False, report: Report = silent
) -> SortedPictures:
    """Copy every photo into a folder named after its individual; nothing is ever overwritten.

    A file ``pictures.csv`` says who and what each picture is, and who named it; with it the
    folder can be imported as it is, also where a name does not suit a folder. What is there
    already is left as it is.

    Parameters
    ----------
    links : bool
        Whether to write symbolic links instead of copies: they take no space, but lead nowhere
        when the photos are moved.

    Raises
    ------
    SettingsError
        When the folder is one of the lab or of its photos.
    LabError
        When something cannot be written.
    """
    folder = folder.resolve()
    _check_apart(lab, folder)
    photos = lab.rows("photos")
    individuals = {row["individual"] for row in photos if row["individual"] is not None}
    _check_list(folder / LIST, {row["photo_id"] for row in photos})
    names = folder_names(sorted(individuals), taken=[UNNAMED, LIST])
    named = who_named(lab)
    pace = Pace("sort pictures", len(photos), report)
    rows, refused, counts = [], [], {True: 0, False: 0}
    for row in photos:
        place = folder / names.get(row["individual"], UNNAMED)
        try:
            path, new = _put(lab.photo_path(row), place, row, links)
        except WhalecoreError as error:
            refused.append(str(error))
            pace.advance()
            continue
        counts[new] += 1
        rows.append(
            {
                "photo": path.relative_to(folder).as_posix(),
                "individual": row["individual"],
                "named_by": named[row["photo_id"]] or None,
                "encounter": row["encounter"],
                "date": row["taken_at"],
                "latitude": row["latitude"],
                "longitude": row["longitude"],
                "photo_id": row["photo_id"],
            }
        )
        pace.advance()
    if rows:
        with writable(folder / LIST):
            write_bytes(folder / LIST, csv_bytes(pd.DataFrame(rows)))
    return SortedPictures(counts[True], counts[False], tuple(refused))


def _check_apart(lab: Lab, folder: Path) -> None:
    info = lab.info
    sources = [Path(source["root"]).resolve() for source in info.sources if source.get("root")]
    for root in ((lab.folder / info.photo_root).resolve(), *sources, lab.folder):
        if folder.is_relative_to(root):
            raise SettingsError(
                f"The folder {folder} lies in {root}, which belongs to the lab: choose a place "
                "outside, so that photos and copies stay apart."
            )


def _check_list(path: Path, photo_ids: set[str]) -> None:
    """The list of an earlier export of this lab is renewed, any other file is left alone."""
    if not os.path.lexists(path):
        return
    try:
        listed = set(pd.read_csv(path, dtype=str)["photo_id"])
    except (OSError, ValueError, KeyError):
        listed = {""}
    if not listed <= photo_ids:
        raise SettingsError(
            f"{path} lists other photos than those of this lab: nothing is overwritten, so choose "
            "an empty folder."
        )


def _put(source: Path, place: Path, row: dict, links: bool) -> tuple[Path, bool]:
    """Where the picture is now, and whether it was written."""
    if place.is_symlink():
        raise LabError(
            f"{place} is a link, and might lead outside the folder: remove it or choose another "
            "folder."
        )
    if not source.is_file():
        raise LabError(
            f"The photo '{row['name']}' is not where the lab found it: put it back, or import the "
            "folder where it is now."
        )
    name = safe_name(row["name"])
    for path in (place / name, place / marked(name, row["photo_id"])):
        with writable(path):
            place.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(path):
                _write(source, path, links)
                return path, True
            if path.is_file() and photo_id_of(path.read_bytes()) == row["photo_id"]:
                return path, False
    raise LabError(
        f"The folder {place.name} holds other files named {name}: nothing is overwritten, so "
        "choose an empty folder."
    )


def _write(source: Path, path: Path, links: bool) -> None:
    if links:
        path.symlink_to(source)
        return
    # Thousands of files: each gets its name when it is whole, but none waits for the disk.
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        shutil.copyfile(source, temporary)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
