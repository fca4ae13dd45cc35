"""Paths from a catalogue never leave the catalogue's folder."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from whalecore.errors import CatalogueError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
"""Endings by which a file in a folder is taken for a photo."""


LINKED_FOLDER = "The folder is a link, and links to folders are not followed: copy it here."


def is_photo_name(name: str) -> bool:
    """True where the ending is that of a photo, in capitals or not."""
    return name.lower().endswith(SUFFIXES)


def is_hidden(relative: str) -> bool:
    """True where the file or a folder on its way starts with a dot, as system files do."""
    return any(part.startswith(".") for part in relative.split("/"))


def files_below(root: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """All files below a folder, and the folders that were not entered with the reason why.

    Returns
    -------
    files : list of str
        Relative to ``root``, with forward slashes, sorted.
    skipped : list of (str, str)
    """
    skipped: list[tuple[str, str]] = []

    def relative(*parts: str) -> str:
        return Path(*parts).relative_to(root).as_posix()

    def blocked(error: OSError) -> None:
        skipped.append((relative(error.filename), "The folder cannot be opened: check who may."))

    files: list[str] = []
    for folder, below, names in os.walk(root, onerror=blocked):
        files += [relative(folder, name) for name in names]
        linked = [name for name in below if Path(folder, name).is_symlink()]
        skipped += [(relative(folder, name), LINKED_FOLDER) for name in linked]
    return sorted(files), sorted(skipped)


def tidy_path(text: str) -> str:
    """A path as written in a catalogue -> relative, with single forward slashes and no dots.

    Raises
    ------
    CatalogueError
        Where it could mean a place outside the catalogue's folder on any system.
    """
    text = text.strip()
    if not text:
        raise CatalogueError("The row names no photo: write the file's name.")
    if not text.isprintable():
        raise CatalogueError("The file name holds control characters: rename the file.")
    if "\\" in text:
        raise CatalogueError("The path holds a backslash: write it with forward slashes (/).")
    if text.startswith(("/", "~")) or re.match("[A-Za-z]:", text):
        raise CatalogueError(
            "The path is absolute: write it starting from the folder of the catalogue."
        )
    parts = PurePosixPath(text).parts
    if ".." in parts or not parts:
        raise CatalogueError(
            "The path leaves the folder of the catalogue: put the photo inside and name it there."
        )
    return "/".join(parts)


def check_inside(root: Path, relative: str) -> None:
    """Refuse what is no file, or a link that leads out of the folder.

    Parameters
    ----------
    root : Path
        Already resolved.
    relative : str
        As ``tidy_path`` returns it.

    Raises
    ------
    CatalogueError
    """
    try:
        target = (root / relative).resolve()
        inside, present = target.is_relative_to(root), target.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise CatalogueError(
            "The file cannot be reached (its name is too long or its links go in a circle): "
            "rename or copy it."
        ) from error
    if not inside:
        raise CatalogueError(
            "The file is a link that leads out of the folder: copy the photo into the folder."
        )
    if not present:
        raise CatalogueError("There is no such file in the folder: add it or remove the row.")
