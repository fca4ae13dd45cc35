"""A folder of photos that somebody typed in, and the lab that is made from it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import whalecore
from whalecore.errors import CatalogueError, LabError, SettingsError
from whalecore.files import TEMPORARY
from whalecore.lab.lab import Lab, create_lab, is_lab, open_lab
from whalecore.photos.csv_table import read_csv
from whalecore.photos.import_csv import usual_columns
from whalecore.photos.importers import read_catalogue

PROGRAM = Path(whalecore.__file__).resolve().parents[1]
LONGEST = 60
NOT_COPIED = ("claims", "jobs", f"{TEMPORARY}*")


@dataclass(frozen=True)
class Collection:
    """What a folder or CSV file holds, as its names say; no photo was opened.

    Attributes
    ----------
    photos, individuals, unnamed, refused : int
        Photos, animals that are named, photos of no named animal, files or rows left out.
    """

    path: Path
    root: Path
    photos: int
    individuals: int
    unnamed: int
    refused: int


@dataclass(frozen=True)
class Header:
    """The columns of a CSV file, and which of them have a usual name, by what they hold."""

    columns: tuple[str, ...]
    usual: Mapping[str, str]


def header_of(text: str) -> Header | None:
    """The columns of what was typed, where it is a CSV file; None where it is something else.

    Raises
    ------
    CatalogueError
        When the file is no table, or the path makes no sense.
    """
    path = _typed(text)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    table = read_csv(path)
    return Header(tuple(dict.fromkeys(filter(None, table.columns))), usual_columns(table))


def check_collection(
    text: str, columns: Mapping[str, str] | None = None, program: Path = PROGRAM
) -> Collection:
    """Read what was typed as the path of a collection of photos.

    Parameters
    ----------
    columns : mapping of str to str, optional
        For a CSV file: our name of a column to the name it has in the file.

    Raises
    ------
    CatalogueError
        When there is no such folder, it is no collection, or a lab or the program lie in it.
    """
    path = _typed(text)
    try:
        there = path.exists()
        path = path.resolve()
    except (OSError, RuntimeError) as error:
        raise CatalogueError(
            "The path cannot be followed: check its folders and who may open them."
        ) from error
    if not there:
        raise CatalogueError(f"There is no folder or file {path}: check the path you typed.")
    if path.is_relative_to(program) or program.is_relative_to(path):
        raise CatalogueError(
            f"{path} holds this program or is a part of it: put the photos into a folder of their "
            "own, and give that one."
        )
    if is_lab(path):
        raise CatalogueError(
            f"{path} is a lab already: choose it in the sidebar, or give a folder of photos."
        )
    catalogue = read_catalogue(path, columns)
    names = [row.individual for row in catalogue.rows]
    return Collection(
        path,
        catalogue.root.resolve(),
        len(names),
        len({name for name in names if name is not None}),
        names.count(None),
        len(catalogue.refused),
    )


def new_lab(name: str, collection: Collection, place: Path) -> Lab:
    """Make an empty lab for a collection, in a folder of `place` that is named like the lab.

    Raises
    ------
    SettingsError
        When the name cannot be one.
    LabError
        When there is a lab of this name already.
    """
    return create_lab(_new_folder(name, place), name.strip(), collection.root)


def copy_lab(lab: Lab, name: str, place: Path) -> Lab:
    """Copy a lab with all it holds, for trying things out.

    Raises
    ------
    SettingsError, LabError
        As `new_lab`; also when it cannot be copied.
    """
    folder = _new_folder(name, place)
    unfinished = folder.with_name(f"{TEMPORARY}{folder.name}")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(lab.folder, unfinished, ignore=shutil.ignore_patterns(*NOT_COPIED))
        unfinished.rename(folder)
    except (OSError, shutil.Error) as reason:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise LabError(
            f"The lab could not be copied to {folder}: check the space and permissions there."
        ) from reason
    copied = open_lab(folder)
    copied.update_info(name=name.strip())
    return copied


def folder_name(name: str) -> str:
    """The folder's name of a lab: letters, digits and hyphens.

    Raises
    ------
    SettingsError
        When nothing is left of the name, or it is too long.
    """
    folder = re.sub(r"[^\w]+", "-", name.strip()).strip("-_").lower()
    if not folder or len(name) > LONGEST or not name.isprintable():
        raise SettingsError(
            f"A lab needs a name of letters and digits, at most {LONGEST} of them, such as "
            "'Tonga 2026'."
        )
    return folder


def _new_folder(name: str, place: Path) -> Path:
    folder = place / folder_name(name)
    if folder.exists():
        raise LabError(
            f"There is a lab or folder '{folder.name}' already: choose another name, or open it "
            "in the sidebar."
        )
    return folder


def _typed(text: str) -> Path:
    """A path as people paste it: with quotes around it, or a tilde for their own folder."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    if not text or not text.isprintable() or "://" in text:
        raise CatalogueError("Type the path of a folder on this computer, such as ~/flukes.")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise CatalogueError(
            "The path starts with the name of nobody on this computer: type it in full."
        ) from error
    if not path.is_absolute():
        raise CatalogueError(
            f"'{text[:80]}' is no full path: start it with / or, for your own folder, with ~."
        )
    return path
