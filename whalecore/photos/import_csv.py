"""Rows of a CSV catalogue: one photo each, with a column per fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from whalecore.errors import CatalogueError
from whalecore.photos.catalogue import Catalogue, CatalogueRow, Note, Refusal
from whalecore.photos.csv_table import CsvTable, Line, read_csv
from whalecore.photos.paths import (
    LINKED_FOLDER,
    check_inside,
    files_below,
    is_hidden,
    is_photo_name,
    tidy_path,
)
from whalecore.photos.text import printable
from whalecore.photos.values import (
    read_box,
    read_date,
    read_degrees,
    read_individual,
    read_name,
)
from whalecore.types import Box

NAMES = {
    "photo": ("photo", "image", "file", "filename", "path"),
    "individual": ("individual", "individual_id", "id"),
    "encounter": ("encounter", "encounter_id", "sighting"),
    "date": ("date", "taken_at", "datetime"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "long"),
}
"""What a catalogue can say, and the column names (in any case) it is looked for under."""

REQUIRED = ("photo", "individual")
BOX_COLUMNS = ("Image", "x0", "y0", "x1", "y1")

Value = TypeVar("Value")


def import_csv(
    path: Path, columns: Mapping[str, str] | None = None, kind: str = "csv"
) -> Catalogue:
    """Read a CSV catalogue; photos lie in its folder or in one folder below.

    A ``boxes.csv`` with the columns Image, x0, y0, x1, y1 beside it brings the flukes' boxes.

    Parameters
    ----------
    path : Path
        The CSV file.
    columns : mapping of str to str, optional
        Which column holds what: from photo, individual, encounter, date, latitude or longitude
        to the column's name. What is not mentioned is looked for under its usual names.
    kind : str
        Recorded in the result.

    Raises
    ------
    CatalogueError
        When the file is no table or a needed column is missing.
    """
    table = read_csv(path)
    column_of = _find_columns(table, columns or {})
    refused = list(table.refused)
    listed: list[tuple[Line, str]] = []
    first_line: dict[str, Line] = {}
    for line in table.lines:
        name = f"{table.name}, line {line.number} ({printable(line.fields[column_of['photo']])})"
        try:
            relative = tidy_path(line.fields[column_of["photo"]])
        except CatalogueError as error:
            refused.append(Refusal(name, str(error)))
            continue
        if relative in first_line:
            refused.append(Refusal(name, _repeated(line, first_line[relative], column_of)))
            continue
        first_line[relative] = line
        listed.append((line, relative))

    boxes, box_notes = read_boxes(path.parent / "boxes.csv")
    notes = [*table.notes, *box_notes]
    root = _photo_folder(path.parent.resolve(), [relative for _, relative in listed], notes)
    rows: list[CatalogueRow] = []
    for line, relative in listed:
        try:
            check_inside(root, relative)
            rows.append(_row(line, relative, column_of, boxes, notes))
        except (CatalogueError, ValueError) as error:
            refused.append(Refusal(f"{table.name}, line {line.number} ({relative})", str(error)))
    notes += [
        Note(name, "boxes.csv has a box for it, but no accepted row names this photo.")
        for name in sorted(set(boxes) - {row.path for row in rows})
    ]
    notes += _unlisted(root, first_line)
    return Catalogue(root, kind, tuple(rows), tuple(refused), tuple(notes))


def usual_columns(table: CsvTable) -> dict[str, str]:
    """The columns of a table that have a usual name, by what they hold."""
    by_name = {column.lower(): column for column in reversed(table.columns) if column}
    found = {
        fact: next((by_name[name] for name in names if name in by_name), None)
        for fact, names in NAMES.items()
    }
    return {fact: column for fact, column in found.items() if column is not None}


def read_boxes(path: Path) -> tuple[dict[str, Box], list[Note]]:
    """Boxes by photo from a file with the columns Image, x0, y0, x1, y1.

    Boxes are a help and no condition: whatever is wrong with them becomes a note, and a missing
    file means no boxes.
    """
    if not path.is_file():
        return {}, []
    try:
        table = read_csv(path)
    except CatalogueError as error:
        return {}, [Note(path.name, str(error))]
    missing = [column for column in BOX_COLUMNS if column not in table.columns]
    if missing:
        text = f"It has no column '{missing[0]}' and was left out: it needs Image, x0, y0, x1, y1."
        return {}, [Note(path.name, text)]
    boxes: dict[str, Box] = {}
    notes = [*table.notes, *(Note(refusal.name, refusal.reason) for refusal in table.refused)]
    for line in table.lines:
        name = f"{path.name}, line {line.number} ({printable(line.fields['Image'])})"
        try:
            relative, box = tidy_path(line.fields["Image"]), read_box(line.fields)
        except (CatalogueError, ValueError) as error:
            notes.append(Note(name, str(error)))
            continue
        if relative in boxes:
            notes.append(Note(name, "The photo has a box in an earlier line, which is kept."))
        else:
            boxes[relative] = box
    return boxes, notes


def _find_columns(table: CsvTable, mapping: Mapping[str, str]) -> dict[str, str]:
    shown = ", ".join(printable(column, 40) for column in table.columns[:20]) or "none"
    for fact, column in mapping.items():
        if fact not in NAMES:
            raise CatalogueError(
                f"'{printable(fact)}' is nothing a catalogue says: choose from {', '.join(NAMES)}."
            )
        if column not in table.columns:
            raise CatalogueError(
                f"'{printable(table.name)}' has no column '{printable(column)}' for the {fact}: "
                f"its columns are {shown}."
            )
    found = usual_columns(table) | dict(mapping)
    for fact in REQUIRED:
        if fact not in found:
            raise CatalogueError(
                f"'{printable(table.name)}' has no column for the {fact}: its columns are {shown}; "
                f"name the column '{fact}' or say which one holds it."
            )
    return found


def _repeated(line: Line, first: Line, column_of: Mapping[str, str]) -> str:
    here, there = (each.fields[column_of["individual"]].strip() for each in (line, first))
    if here == there:
        return f"It repeats the photo of line {first.number}, which is kept."
    return (
        f"It names the photo of line {first.number} again, as '{printable(here)}' where that line "
        f"says '{printable(there)}': line {first.number} is kept, correct the wrong one."
    )


def _photo_folder(folder: Path, names: list[str], notes: list[Note]) -> Path:
    """The CSV's own folder or the folder below it that holds most of the photos named."""
    places = [folder]
    for below in sorted(place for place in folder.iterdir() if place.is_dir()):
        if below.is_symlink():
            notes.append(Note(printable(below.name), LINKED_FOLDER))
        elif not below.name.startswith("."):
            places.append(below)
    return max(places, key=lambda place: _held(place, names))


def _held(folder: Path, names: list[str]) -> int:
    try:
        present = {file.name for file in folder.iterdir()}
    except OSError:
        return 0
    return sum(name.split("/", 1)[0] in present for name in names)


def _row(
    line: Line,
    relative: str,
    column_of: Mapping[str, str],
    boxes: Mapping[str, Box],
    notes: list[Note],
) -> CatalogueRow:
    """One accepted row; a date or place that cannot be read is left empty, with a note."""

    def said(fact: str) -> str:
        return line.fields[column_of[fact]] if fact in column_of else ""

    def or_none(read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except ValueError as error:
            notes.append(Note(relative, str(error)))
            return None

    return CatalogueRow(
        path=relative,
        individual=read_individual(said("individual")),
        encounter=or_none(lambda: read_name(said("encounter"))),
        taken_at=or_none(lambda: read_date(said("date"))),
        latitude=or_none(lambda: read_degrees(said("latitude"), "latitude", 90.0)),
        longitude=or_none(lambda: read_degrees(said("longitude"), "longitude", 180.0)),
        box=boxes.get(relative),
    )


def _unlisted(root: Path, listed: Mapping[str, Line]) -> list[Note]:
    return [
        Note(printable(name), "The photo lies in the folder, but no row names it: it is left out.")
        for name in files_below(root)[0]
        if is_photo_name(name) and not is_hidden(name) and name not in listed
    ]
