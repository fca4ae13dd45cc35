"""DuckDB over the Parquet files of a lab: in memory, locked down, a fresh cursor per query."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whalecore.errors import LabError
from whalecore.lab.columns import SEQUENCE, Table
from whalecore.lab.remembered import Remembered
from whalecore.lab.shards import TableFolder
from whalecore.lab.tables import TABLES, VIEW_KEYS

VIEW_FOLDER = Path(__file__).parent / "queries"

VIEWS = (
    "crops",
    "keypoints",
    "scores",
    "shared_marks",
    "embeddings",
    "evidence",
    "heatmaps",
    "scored_heatmaps",
    "unfinished_heatmaps",
    "assignments",
    "clusters",
    "cluster_names",
    "family_names",
    "cluster_matches",
    "verdicts",
    "standing",
    "agreed",
    "photos",
    "cluster_correctness",
)
"""Views with a file of their own in ``queries``, in the order they build on each other."""

BATCH = 2048
"""Rows that are in memory at once where a result is too large as a whole."""

ATTEMPTS = 5
"""Times a query is repeated when another process merges shards under it."""


class Database:
    """Read-only SQL over the shards of a lab; safe to use from any number of threads.

    Each table is a view of its newest rows per key. The list of files is not part of the
    views: every query hands it over in a variable of its own cursor, so each query sees
    one consistent state of the folder and no view ever has to be replaced.
    """

    def __init__(self, tables_folder: Path) -> None:
        folder = tables_folder.resolve()
        self.folders = {name: TableFolder(folder / name, table) for name, table in TABLES.items()}
        empty = Path(tempfile.mkdtemp(prefix="whalecore-")).resolve()
        weakref.finalize(self, shutil.rmtree, empty, ignore_errors=True)
        self._empty_files = {name: empty / f"{name}.parquet" for name in TABLES}
        self._connection = duckdb.connect(":memory:")
        self._remembered = Remembered()
        self._needs: dict[str, set[str]] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._make_views()
        # The order matters: folders can only be allowed before access is closed, and the
        # lock must come last.
        allowed = [f"{form}/" for path in (folder, empty) for form in (path, _literally(path))]
        self._connection.execute("SET allowed_directories = $1", [allowed])
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def frame(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """The result as a data frame.

        Parameters
        ----------
        sql : str
            With ``$1``, ``$2`` … for values; values never stand in the text.
        parameters : sequence
            The values.
        """
        return self._remembered_run("frame", sql, parameters, lambda result: result.df())

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
        """The result as a list of tuples."""
        return self._remembered_run("rows", sql, parameters, lambda result: result.fetchall())

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The result as an Arrow table."""
        return self._remembered_run(
            "arrow", sql, parameters, lambda result: result.to_arrow_table()
        )

    def each_batch(
        self, sql: str, parameters: Sequence[Any], take: Callable[[pa.RecordBatch], None]
    ) -> None:
        """Hand the result over in batches, so that it is never in memory as a whole.

        Parameters
        ----------
        take : callable
            Gets a batch. When another process merges files meanwhile it gets all batches again.
        """

        def hand_over(result: Any) -> None:
            for batch in result.to_arrow_reader(BATCH):
                take(batch)

        self._run(sql, parameters, hand_over)

    def columns(self, name: str) -> tuple[str, ...]:
        """Names of the columns of a table or view, without ``sequence``.

        Raises
        ------
        LabError
            When there is no such table or view.
        """
        if name not in self._columns:
            raise LabError(
                f"There is no table '{name}': choose one of {', '.join(sorted(self._columns))}."
            )
        return self._columns[name]

    def state(self, *names: str) -> str:
        """A short text that changes whenever rows of these tables or views are written.

        It is the key of what is derived from them.
        """
        tables = sorted(self._tables_in(" ".join(names)))
        shards = self._patiently(
            lambda: [[shard.name for shard in self.folders[one].live_shards()] for one in tables]
        )
        return hashlib.sha256(repr([tables, shards]).encode()).hexdigest()[:16]

    def _remembered_run(self, form: str, sql: str, parameters: Sequence[Any], fetch: Any) -> Any:
        """The result of an earlier run, where no file has come or gone since; files never change.

        The state is taken before the query: what is read may be newer than its key says, and is
        then read once more, but never older.
        """
        key = (form, sql, repr(list(parameters)), self.state(sql))
        found = self._remembered.get(key)
        if found is None:
            found = self._run(sql, parameters, fetch)
            self._remembered.keep(key, found)
        return found

    def _run(self, sql: str, parameters: Sequence[Any], fetch: Any) -> Any:
        needed = sorted(self._tables_in(sql))

        def run() -> Any:
            files = {name: self._files(name) for name in needed}
            with self._connection.cursor() as cursor:
                for name, paths in files.items():
                    cursor.execute(f"SET VARIABLE {name}_files = $1", [paths])
                return fetch(cursor.sql(sql, params=list(parameters)))

        return self._patiently(run)

    def _patiently(self, read: Callable[[], Any]) -> Any:
        """Read again where another process merges files meanwhile."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return read()
            except (FileNotFoundError, duckdb.IOException) as reason:
                if attempt == ATTEMPTS:
                    raise LabError(
                        f"The tables of this lab could not be read ({str(reason).splitlines()[0]})"
                        ": check that the folder and its disk are there, then try again."
                    ) from reason

    def _files(self, table: str) -> list[str]:
        return [self._empty_file(table), *map(_literally, self.folders[table].verified_paths())]

    def _empty_file(self, table: str) -> str:
        """A file with the table's columns and no rows; it lends them to a table without shards.

        Temporary folders are cleared from time to time, so it is written again when it is gone.
        """
        path = self._empty_files[table]
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            fresh = path.with_suffix(f".{threading.get_ident()}")
            pq.write_table(TABLES[table].schema.empty_table(), fresh)
            fresh.replace(path)
        return _literally(path)

    def _tables_in(self, sql: str) -> set[str]:
        """Physical tables that a query needs, found by the names it mentions."""
        words = set(re.findall(r"[a-z_]+", sql))
        return set().union(*(self._needs[word] for word in words if word in self._needs))

    def _make_views(self) -> None:
        for name, table in TABLES.items():
            self._needs[name] = {name}
            self._needs[f"{name}_rows"] = {name}
            self._needs[f"{name}_newest"] = {name}
            self._connection.execute(f"SET VARIABLE {name}_files = $1", [[self._empty_file(name)]])
            for statement in _base_views(table):
                self._connection.execute(statement)
        for name in VIEWS:
            query = (VIEW_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
            self._connection.execute(f"CREATE VIEW {name} AS {query}")
            own = {name} & set(TABLES)
            self._needs[name] = own | self._tables_in(query)
        for name in set(TABLES) - set(VIEWS):
            self._connection.execute(f"CREATE VIEW {name} AS FROM {name}_newest")
        for name in (*TABLES, *VIEW_KEYS):
            found = self._connection.execute(f"DESCRIBE {name}").fetchall()
            self._columns[name] = tuple(row[0] for row in found if row[0] != SEQUENCE)


def _base_views(table: Table) -> list[str]:
    """All rows ever written, and the newest row of each key."""
    columns = ", ".join(f'"{column}"' for column in table.schema.names)
    key = ", ".join(f'"{column}"' for column in table.key)
    return [
        f"CREATE VIEW {table.name}_rows AS SELECT {columns} FROM "
        f"read_parquet(getvariable('{table.name}_files'), union_by_name = true)",
        f"CREATE VIEW {table.name}_newest AS SELECT * FROM {table.name}_rows QUALIFY "
        f"row_number() OVER (PARTITION BY {key} ORDER BY {SEQUENCE} DESC) = 1",
    ]


def _literally(path: Path) -> str:
    """The path with the characters escaped that would otherwise match other files."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))
