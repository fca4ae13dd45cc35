"""One folder per individual: the folder's name is the name."""

from __future__ import annotations

from pathlib import Path

from whalecore.errors import CatalogueError
from whalecore.photos.catalogue import Catalogue, CatalogueRow, Note, Refusal
from whalecore.photos.import_csv import read_boxes
from whalecore.photos.paths import check_inside, files_below, is_hidden, is_photo_name, tidy_path
from whalecore.photos.text import printable
from whalecore.photos.values import read_individual, read_name


def import_folders(root: Path) -> Catalogue:
    """Read a folder that holds one folder of photos per individual.

    Photos in ``root`` itself, or in a folder ``new_whale`` or ``unknown``, show no known
    individual. A folder inside an individual's folder is an encounter. Hidden files are left
    out with a note; a ``boxes.csv`` in ``root`` (Image being the path from ``root``) brings boxes.

    Raises
    ------
    CatalogueError
        When the folder cannot be read or holds no photo.
    """
    root = root.resolve()
    boxes, notes = read_boxes(root / "boxes.csv")
    rows: list[CatalogueRow] = []
    files, skipped = files_below(root)
    refused = [Refusal(printable(name), reason) for name, reason in skipped]
    hidden = sum(is_hidden(relative) for relative in files)
    for relative in files:
        if is_hidden(relative) or relative == "boxes.csv":
            continue
        shown = printable(relative)
        if not is_photo_name(relative):
            reason = "It is not a photo by its name (JPEG, PNG, WEBP or TIFF): it is left out."
            refused.append(Refusal(shown, reason))
            continue
        try:
            relative = tidy_path(relative)
            check_inside(root, relative)
            folders = relative.split("/")[:-1]
            row = CatalogueRow(
                path=relative,
                individual=read_individual(folders[0]) if folders else None,
                encounter=read_name("/".join(folders[1:])),
                box=boxes.get(relative),
            )
        except (CatalogueError, ValueError) as error:
            refused.append(Refusal(shown, str(error)))
            continue
        rows.append(row)
    if not rows:
        left_out = ""
        if refused:
            one = refused[0]
            reason = one.reason.rstrip(".")
            left_out = f" ({len(refused)} left out, such as '{one.name}': {reason})"
        raise CatalogueError(
            f"No photo was found in '{printable(root.name)}': give a folder with one folder per "
            f"individual, a Kaggle folder with train.csv, or a CSV file{left_out}."
        )
    if hidden:
        notes.append(Note(printable(root.name), f"{hidden} hidden files were left out."))
    notes += [
        Note(name, "boxes.csv has a box for it, but there is no such photo.")
        for name in sorted(set(boxes) - {row.path for row in rows})
    ]
    return Catalogue(root, "folders", tuple(rows), tuple(refused), tuple(notes))
