"""What a table and its columns are made of."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TEXT = pa.string()
WHOLE = pa.int64()
REAL = pa.float64()
YES_NO = pa.bool_()
MOMENT = pa.timestamp("us")
HALVES = pa.list_(pa.float16())
BYTES = pa.binary()

SEQUENCE = "sequence"
"""Column that every shard carries: grows with every row written; the largest wins."""

TYPE_NAMES = {
    TEXT: "text",
    WHOLE: "whole number",
    REAL: "number",
    YES_NO: "yes or no",
    MOMENT: "date and time",
    pa.list_(TEXT): "list of texts",
    pa.list_(REAL): "list of numbers",
    HALVES: "list of half-precision numbers",
    BYTES: "bytes",
}


@dataclass(frozen=True)
class Column:
    """One column; ``required`` columns are never empty, ``stamped`` ones get the present time."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    required: bool = False
    stamped: bool = False
    json: bool = False

    @property
    def type_name(self) -> str:
        name = "JSON text" if self.json else TYPE_NAMES[self.type]
        return name if self.required or self.stamped else f"{name}, may be empty"


@dataclass(frozen=True)
class Table:
    """A physical table; rows that share ``key`` replace each other, the newest wins.

    Where it ``forgets``, replaced rows are dropped as shards are merged; elsewhere they stay, to be
    looked up.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_group: int = 16_384
    forgets: bool = False

    @property
    def schema(self) -> pa.Schema:
        fields = [pa.field(column.name, column.type) for column in self.columns]
        return pa.schema([*fields, pa.field(SEQUENCE, WHOLE)])


def text_column(name: str, meaning: str, unit: str = "", required: bool = True) -> Column:
    """A column of texts."""
    return Column(name, TEXT, meaning, unit, required)


def whole_column(name: str, meaning: str, unit: str = "", required: bool = True) -> Column:
    """A column of whole numbers."""
    return Column(name, WHOLE, meaning, unit, required)


def real_column(name: str, meaning: str, unit: str = "", required: bool = False) -> Column:
    """A column of numbers."""
    return Column(name, REAL, meaning, unit, required)


def json_column(name: str, meaning: str) -> Column:
    """A column of JSON texts, which may be written as dictionaries."""
    return Column(name, TEXT, meaning, json=True)


def stamp_column(name: str, meaning: str) -> Column:
    """A column that gets the present time where none is given."""
    return Column(name, MOMENT, meaning, "UTC", stamped=True)


def box_columns(prefix: str, meaning: str, required: bool) -> tuple[Column, ...]:
    """Four columns that hold a box."""
    names = {"x0": "left", "y0": "upper", "x1": "right", "y1": "lower"}
    return tuple(
        real_column(
            f"{prefix}_{edge}", f"{side} edge of {meaning}", "pixels of the photo", required
        )
        for edge, side in names.items()
    )
