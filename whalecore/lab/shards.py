"""One table as a folder of Parquet files that are written once and never edited.

A shard ``a1b2.parquet`` counts from the moment its entry ``a1b2.json`` exists; whatever
has no entry is the remains of a killed writer. An entry may say which older shards it
replaces, so that compaction, too, takes effect in one step.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from whalecore.errors import LabError
from whalecore.files import TEMPORARY, sha256_of, sync_folder, write_atomically
from whalecore.lab.claims import ClaimedError, claim
from whalecore.lab.columns import SEQUENCE, Table
from whalecore.lab.manifest import Shard, read_entry, write_entry

ENTRY = ".json"
"""Ending of an entry's file."""

SMALL = 32 * 2**20
"""Shards below this size in bytes are worth merging."""

VALUES_PER_ROW_GROUP = 1_000_000
"""A single heatmap is read by its row group, so large grids need small groups."""

MANY = 64
"""From so many live shards on a write merges the small ones: each file costs every query time."""

COMPRESSION = 12
"""Of zstd: above it files hardly get smaller, and writing them takes longer."""

STRAY_SECONDS = 3600.0
"""Age at which a file without an entry is taken for the remains of a killed writer."""


class TableFolder:
    """The shards of one table; any number of processes may read and write at once."""

    def __init__(self, folder: Path, table: Table) -> None:
        self.folder = folder
        self.table = table
        self._lock = threading.Lock()
        self._entries: dict[str, Shard] = {}
        self._verified: set[tuple[str, int, int]] = set()

    def live_shards(self) -> list[Shard]:
        """Shards that count now, oldest first.

        Raises
        ------
        LabError
            When an entry is damaged.
        """
        names = self._entry_names()
        while True:
            try:
                entries = [self._entry(name) for name in names]
            except FileNotFoundError:
                names = self._entry_names()
                continue
            break
        replaced = {name for entry in entries for name in entry.replaces}
        live = [entry for entry in entries if entry.name not in replaced]
        return sorted(live, key=lambda entry: (entry.last_sequence, entry.name))

    def verified_paths(self) -> list[Path]:
        """Paths of the live shards, each compared with its checksum once per process.

        Raises
        ------
        FileNotFoundError
            When a shard vanished because another process merged it: ask again.
        LabError
            When a file is damaged or missing for good.
        """
        return [self._verify(shard) for shard in self.live_shards()]

    def rows(self) -> int:
        """Rows written so far, older versions of a key included."""
        return sum(shard.rows for shard in self.live_shards())

    def write(self, rows: pa.Table) -> Shard | None:
        """Add rows as one new shard; nothing is written for no rows.

        The rows are on the disk when this returns. When many shards have come together, the
        small ones are merged, unless another process is already at it.

        Parameters
        ----------
        rows : pyarrow.Table
            The columns of the table, without ``sequence``.
        """
        if not rows.num_rows:
            return None
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
        with self._lock:
            live = self.live_shards()
            last = max((shard.last_sequence for shard in live), default=0)
            first = max(time.time_ns(), last + 1)
            numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
            shard = self._commit(rows.append_column(SEQUENCE, numbers), ())
        if len(live) >= MANY:
            with suppress(ClaimedError):
                self.compact()
        return shard

    def compact(self, small: int = SMALL) -> int:
        """Merge small shards into larger ones and sweep what killed writers left.

        Returns
        -------
        int
            Number of live shards afterwards.

        Raises
        ------
        ClaimedError
            When another process is compacting this table.
        LabError
            When a shard is damaged.
        """
        if not self.folder.is_dir():
            return 0
        with claim(self.folder.parent.parent / "claims", f"compact-{self.table.name}"):
            self.sweep()
            for group in self._groups(small):
                tables = [pq.ParquetFile(self._verify(shard)).read() for shard in group]
                merged = pa.concat_tables(tables, promote_options="default")
                order = [(name, "ascending") for name in (*self.table.key, SEQUENCE)]
                self._commit(
                    self._kept(merged.sort_by(order)), tuple(shard.name for shard in group)
                )
                self._remove_replaced()
        return len(self.live_shards())

    def _kept(self, ordered: pa.Table) -> pa.Table:
        """Rows that are worth keeping, of some in the order of their key and age."""
        if not self.table.forgets:
            return ordered
        replaced = ordered.select(list(self.table.key)).to_pandas().duplicated(keep="last")
        return ordered.filter(pa.array(~replaced.to_numpy()))

    def sweep(self, older_than: float = STRAY_SECONDS) -> int:
        """Remove replaced shards and files that a killed writer left; return how many."""
        removed = self._remove_replaced()
        entries = set(self._entry_names())
        for path in map(self.folder.joinpath, self._file_names()):
            unfinished = path.name.startswith(TEMPORARY)
            without_entry = path.suffix == ".parquet" and path.stem not in entries
            if (unfinished or without_entry) and _age(path) > older_than:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _commit(self, rows: pa.Table, replaces: tuple[str, ...]) -> Shard:
        name = secrets.token_hex(8)
        path = self.folder / f"{name}.parquet"
        size = _row_group(rows, self.table.row_group)
        schema = self.table.schema
        columns = [
            rows.column(field.name)
            if field.name in rows.column_names
            else pa.nulls(rows.num_rows, field.type)
            for field in schema
        ]
        ordered = pa.table(columns, schema=schema)
        # The values of a grid hardly repeat: a dictionary of them only takes room.
        repeating = [name for name in ordered.column_names if name not in ("values", "tips")]
        write_atomically(
            path,
            lambda temporary: pq.write_table(
                ordered,
                temporary,
                row_group_size=size,
                compression="zstd",
                compression_level=COMPRESSION,
                use_dictionary=repeating,
            ),
        )
        shard = Shard(
            name=name,
            rows=rows.num_rows,
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
            last_sequence=pc.max(rows.column(SEQUENCE)).as_py(),
            replaces=replaces,
        )
        write_entry(self.folder / f"{name}.json", shard)
        return shard

    def _groups(self, small: int) -> list[list[Shard]]:
        """Small neighbours that together stay below four times the limit."""
        groups: list[list[Shard]] = [[]]
        for shard in self.live_shards():
            if shard.bytes >= small:
                continue
            if sum(member.bytes for member in groups[-1]) + shard.bytes > 4 * small:
                groups.append([])
            groups[-1].append(shard)
        return [group for group in groups if len(group) > 1]

    def _remove_replaced(self) -> int:
        """Remove what is replaced: entries first, so that a kill in between revives nothing."""
        names = self._entry_names()
        replaced = {old for name in names for old in self._entry(name).replaces} & set(names)
        for name in replaced:
            (self.folder / f"{name}.json").unlink(missing_ok=True)
        if replaced:
            sync_folder(self.folder)
        for name in replaced:
            (self.folder / f"{name}.parquet").unlink(missing_ok=True)
        return len(replaced)

    def _file_names(self) -> list[str]:
        try:
            return os.listdir(self.folder)
        except FileNotFoundError:
            return []

    def _entry_names(self) -> list[str]:
        """Names of all entries, listed until two listings agree.

        A single listing may miss both a shard that is being removed and the one that
        replaces it, because a folder is not read in one step.
        """
        previous = None
        while True:
            names = sorted(
                name.removesuffix(ENTRY)
                for name in self._file_names()
                if name.endswith(ENTRY) and not name.startswith(TEMPORARY)
            )
            if names == previous:
                return names
            previous = names

    def _entry(self, name: str) -> Shard:
        known = self._entries.get(name)
        if known is not None:
            return known
        shard = read_entry(self.folder / f"{name}.json")
        self._entries[name] = shard
        return shard

    def _verify(self, shard: Shard) -> Path:
        path = self.folder / f"{shard.name}.parquet"
        try:
            state = path.stat()
            seen = (shard.name, state.st_size, state.st_mtime_ns)
            intact = seen in self._verified or sha256_of(path) == shard.sha256
        except FileNotFoundError:
            if not (self.folder / f"{shard.name}.json").exists():
                raise
            raise LabError(
                f"The file {path} is missing although its entry is there: restore it from a copy "
                f"of the lab, or delete {shard.name}.json and run the command that computes "
                f"those {shard.rows} rows again."
            ) from None
        if not intact:
            raise LabError(
                f"The file {path} is damaged (its checksum does not match): restore it from a "
                f"copy of the lab, or delete it together with {shard.name}.json and run the "
                f"command that computes those {shard.rows} rows again."
            )
        self._verified.add(seen)
        return path


def _row_group(rows: pa.Table, most: int) -> int:
    """Rows per group so that a group of heatmaps holds about a million values."""
    if "values" not in rows.column_names:
        return most
    longest = pc.max(pc.list_value_length(rows.column("values"))).as_py() or 1
    return max(8, min(most, VALUES_PER_ROW_GROUP // longest))


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
