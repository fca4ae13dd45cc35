"""Read a CSV file of unknown origin row by row, losing nothing without saying so."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from whalecore.errors import CatalogueError
from whalecore.photos.catalogue import Note, Refusal
from whalecore.photos.cells import from_cell
from whalecore.photos.text import printable

DELIMITERS = (",", ";", "\t")
MAX_BYTES = 200_000_000
LONGEST_ROW = 20_000
"""Letters in one row; a row of names, dates and places has a few hundred."""

OPEN_QUOTE = "Its quotation marks do not close where the field ends: correct the row."
HUGE_ROW = f"It is longer than the {LONGEST_ROW:,} letters a row may have: correct the row."


@dataclass(frozen=True)
class Line:
    """One row: the number of its first line in the file, and its fields by column name."""

    number: int
    fields: dict[str, str]


@dataclass(frozen=True)
class CsvTable:
    """A CSV file's content; ``len(lines) + len(refused)`` is the number of its rows.

    ``columns`` are the names in the first line; ``delimiter`` is what separates fields.
    """

    name: str
    columns: tuple[str, ...]
    delimiter: str
    lines: tuple[Line, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[Note, ...]


def read_csv(path: Path) -> CsvTable:
    """Read a CSV file whose first line names the columns.

    UTF-8 with or without byte-order mark, UTF-16 with one, and Western European 8-bit text are
    understood; fields may be separated by comma, semicolon or tab. Every value stays text; the mark
    that keeps a spreadsheet from running one as a formula (see `as_cell`) is taken away. A
    damaged row is refused and the reading goes on with the next line; empty lines do not count.

    Raises
    ------
    CatalogueError
        Where the file as a whole is no such table.
    """
    text, notes = _decode(path)
    lines = list(StringIO(text, newline=""))
    start = next((i for i, line in enumerate(lines) if line.strip(" \t\r\n,;")), len(lines))
    if start == len(lines):
        raise CatalogueError(
            f"'{printable(path.name)}' is empty: its first line must name the columns."
        )
    delimiter = max(DELIMITERS, key=lambda mark: _field_count(lines, start, mark))
    header, after = _record(lines, start, delimiter)
    columns = _column_names(header, path.name)
    accepted: list[Line] = []
    refused: list[Refusal] = []
    while after < len(lines):
        start = after
        fields, after = _record(lines, start, delimiter)
        problem = _problem(fields, len(columns))
        if problem and after - start > 1:
            # Several lines in one row of the wrong length: a stray quotation mark swallowed
            # them. Only the first line is at fault.
            problem, after = OPEN_QUOTE, start + 1
        if problem:
            refused.append(Refusal(f"{path.name}, line {start + 1}", problem))
        elif any(field.strip() for field in fields):
            texts = map(from_cell, fields)
            accepted.append(Line(start + 1, dict(zip(columns, texts, strict=False))))
    return CsvTable(path.name, columns, delimiter, tuple(accepted), tuple(refused), notes)


def _decode(path: Path) -> tuple[str, tuple[Note, ...]]:
    shown = printable(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CatalogueError(
                f"'{shown}' is larger than {MAX_BYTES // 1_000_000} megabytes: a catalogue holds "
                "one short row per photo."
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise CatalogueError(
            f"'{shown}' cannot be read: check that the file is there and that you may open it."
        ) from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise CatalogueError(
            f"'{shown}' is a spreadsheet, not a CSV file: open it and save it as 'CSV UTF-8'."
        )
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig"), ()
    except UnicodeDecodeError:
        note = Note(
            path.name,
            "The file is not UTF-8 text and was read as Western European (Latin-1): check names "
            "with accents, or save it as 'CSV UTF-8'.",
        )
    try:
        return data.decode("cp1252"), (note,)
    except UnicodeDecodeError:
        return data.decode("latin-1"), (note,)


def _record(lines: Sequence[str], start: int, delimiter: str) -> tuple[list[str] | str, int]:
    """The row that begins at line ``start`` (or what is wrong with it), and the line after it."""
    if len(lines[start]) > LONGEST_ROW:
        return HUGE_ROW, start + 1
    rest = (lines[i] for i in range(start, len(lines)))
    reader = csv.reader(rest, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        fields = next(reader)
    except csv.Error:
        return OPEN_QUOTE, start + 1
    return fields, start + reader.line_num


def _field_count(lines: Sequence[str], start: int, delimiter: str) -> int:
    fields, _ = _record(lines, start, delimiter)
    return 0 if isinstance(fields, str) else len(fields)


def _column_names(header: list[str] | str, name: str) -> tuple[str, ...]:
    if isinstance(header, str):
        raise CatalogueError(
            f"The first line of '{printable(name)}' cannot be read: it must name the columns, "
            "with every quotation mark closed."
        )
    columns = [column.strip() for column in header]
    while columns and not columns[-1]:
        columns.pop()
    for column in columns:
        if column and columns.count(column) > 1:
            raise CatalogueError(
                f"'{printable(name)}' has two columns named '{printable(column)}': rename one."
            )
    return tuple(columns)


def _problem(fields: list[str] | str, width: int) -> str:
    """What is wrong with a row, in one sentence; empty where nothing is."""
    if isinstance(fields, str):
        return fields
    said = [i for i, field in enumerate(fields, 1) if field.strip()]
    if said and (len(fields) < width or said[-1] > width):
        return (
            f"The first line names {width} columns and the row fills "
            f"{max(len(fields), said[-1])}: correct the row."
        )
    return ""
