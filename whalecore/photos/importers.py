"""Recognise what a biologist hands over, and read it as a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from whalecore.errors import CatalogueError
from whalecore.photos.catalogue import Catalogue
from whalecore.photos.import_csv import import_csv
from whalecore.photos.import_folders import import_folders
from whalecore.photos.text import printable

KAGGLE_TABLE = "train.csv"


def read_catalogue(source: Path, columns: Mapping[str, str] | None = None) -> Catalogue:
    """Read a Kaggle folder, a folder with one folder per individual, or a CSV file.

    A folder with a ``train.csv`` (columns Image and Id) is a Kaggle folder; its photos lie in
    the folder itself or in one below. Nothing is decoded here and nothing is copied.

    Parameters
    ----------
    source : Path
    columns : mapping of str to str, optional
        For a CSV file: which column holds the photo, individual, encounter, date, latitude and
        longitude, where they do not go by these names.

    Returns
    -------
    Catalogue
        Rows accepted, and by name those refused, each with a reason in one sentence.

    Raises
    ------
    CatalogueError
        When the source as a whole cannot be read as one of the three.
    """
    source = Path(source)
    shown = printable(source.name or str(source))
    try:
        if source.is_file():
            return import_csv(source, columns)
        if not source.is_dir():
            raise CatalogueError(
                f"There is no folder or CSV file '{shown}': check the path you gave."
            )
        if columns:
            raise CatalogueError(
                f"'{shown}' is a folder, and a choice of columns is for a CSV file: give the CSV "
                "file itself."
            )
        if (source / KAGGLE_TABLE).is_file():
            return import_csv(
                source / KAGGLE_TABLE, {"photo": "Image", "individual": "Id"}, kind="kaggle"
            )
        return import_folders(source)
    except (OSError, ValueError) as error:
        raise CatalogueError(
            f"'{shown}' cannot be read: check that it is there and that you may open it."
        ) from error
