"""The core of a lab: its description, its claims and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from whalecore.errors import LabError
from whalecore.lab.claims import ClaimedError, claim
from whalecore.lab.database import Database
from whalecore.lab.info import LabInfo, read_info, write_info
from whalecore.lab.rows import arrow_rows, table_named
from whalecore.lab.status import status_of
from whalecore.lab.tables import TABLES, VIEW_KEYS
from whalecore.lab.values import settings_key


class LabCore:
    """What every part of a lab needs; people use `whalecore.lab.Lab`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = Database(folder / "tables")

    def __repr__(self) -> str:
        return f"Lab({str(self.folder)!r})"

    @property
    def info(self) -> LabInfo:
        """The description in ``lab.json``, as it is now."""
        return read_info(self.folder)

    @property
    def name(self) -> str:
        """The lab's name, for people."""
        return self.info.name

    def update_info(self, **entries: Any) -> LabInfo:
        """Change entries of ``lab.json``."""
        with self.claim("lab.json", wait=10):
            write_info(self.folder, replace(self.info, **entries))
        return self.info

    def add_source(
        self, source: str | Path, root: str | Path, columns: Mapping[str, str] | None = None
    ) -> LabInfo:
        """Remember an imported collection: where it is, where its photos lie, its columns."""
        entry = {
            "source": str(Path(source).resolve()),
            "root": str(Path(root).resolve()),
            "columns": dict(columns) if columns else None,
        }
        others = [old for old in self.info.sources if old["source"] != entry["source"]]
        return self.update_info(sources=(*others, entry))

    def claim(self, name: str, wait: float = 0.0) -> AbstractContextManager[None]:
        """Hold an exclusive claim for a ``with`` block; see `whalecore.lab.claims.claim`."""
        return claim(self.folder / "claims", name, wait)

    def status(self) -> dict:
        """Counts of everything, and what is missing."""
        return status_of(self._database)

    def write(self, table: str, rows: Sequence[Mapping[str, Any]] | pa.Table) -> int:
        """Add rows to a table; a key that is there already is replaced by the newer row.

        Returns the number of rows written. The rows are on the disk when this returns.

        Raises
        ------
        LabError
            When the table or a column is unknown, or a value does not fit.
        """
        arrow = arrow_rows(table, rows)
        try:
            self._database.folders[table].write(arrow)
        except OSError as reason:
            raise LabError(
                f"The rows of '{table}' could not be written ({reason.strerror or reason}): check "
                f"the space and permissions of {self.folder}, then give the same command again."
            ) from reason
        return arrow.num_rows

    def state(self, *names: str) -> str:
        """A short text that changes whenever rows of these tables or views are written.

        Beside the lab's folder it is the key of everything that is derived from them.
        """
        return self._database.state(*names)

    def compact(self) -> dict[str, int]:
        """Merge small files of every table; returns the number of files per table.

        A table that another process is merging at the moment is left to it.
        """
        files = {}
        for name, folder in self._database.folders.items():
            with suppress(ClaimedError):
                folder.compact()
            files[name] = len(folder.live_shards())
        return files

    def computed_keys(
        self, table: str, columns: Sequence[str] | None = None, **equal: Any
    ) -> set[tuple]:
        """Keys of the rows that count now, for planning what is missing.

        Parameters
        ----------
        table : str
            Name of a table.
        columns : sequence of str, optional
            The columns to return; by default the table's key.
        **equal
            Only rows whose columns have these values, such as ``model_id="..."``.

        Raises
        ------
        LabError
            When there is no such table or column.
        """
        wanted = tuple(columns) if columns is not None else table_named(table).key
        names = ", ".join(f'"{column}"' for column in self._known(table, wanted))
        tests, values = self._tests(table, equal)
        return set(self._database.rows(f"SELECT DISTINCT {names} FROM {table}{tests}", values))

    def rows(self, name: str, **equal: Any) -> list[dict[str, Any]]:
        """Rows of a table or view that count now, in the order of its key, empty values as None.

        Parameters
        ----------
        name : str
            A table, ``photos`` or ``cluster_correctness``.
        **equal
            Only rows whose columns have these values.

        Raises
        ------
        LabError
            When there is no such table or column.
        """
        return self._database.arrow(*self._all_of(name, equal)).to_pylist()

    def table(self, name: str) -> pd.DataFrame:
        """All rows of a table or view that count now, as a data frame, in the order of its key."""
        return self._database.frame(*self._all_of(name, {}))

    def _all_of(self, name: str, equal: Mapping[str, Any]) -> tuple[str, list[Any]]:
        columns = ", ".join(f'"{column}"' for column in self._database.columns(name))
        tests, values = self._tests(name, equal)
        key = TABLES[name].key if name in TABLES else VIEW_KEYS[name]
        return f"SELECT {columns} FROM {name}{tests} ORDER BY {', '.join(key)}", values

    def _tests(self, name: str, equal: Mapping[str, Any]) -> tuple[str, list[Any]]:
        tests = [f'"{column}" = ${i}' for i, column in enumerate(self._known(name, equal), 1)]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        return where, [settings_key(value) for value in equal.values()]

    def _known(self, name: str, columns: Iterable[str]) -> list[str]:
        known = self._database.columns(name)
        for column in columns:
            if column not in known:
                raise LabError(
                    f"Table '{name}' has no column '{column}': its columns are {', '.join(known)}."
                )
        return list(columns)
