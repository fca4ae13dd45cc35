"""Manifest entries: one small file per shard, whose existence makes the shard count."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from whalecore.errors import LabError
from whalecore.files import write_json


@dataclass(frozen=True)
class Shard:
    """A manifest entry: one file of the table, and the shards it replaces."""

    name: str
    rows: int
    bytes: int
    sha256: str
    last_sequence: int
    replaces: tuple[str, ...] = ()


def write_entry(path: Path, shard: Shard) -> None:
    """Write a shard's entry atomically, with a checksum of its own."""
    entry = asdict(shard)
    write_json(path, {**entry, "check": _check(entry)})


def read_entry(path: Path) -> Shard:
    """Read a shard's entry.

    Raises
    ------
    FileNotFoundError
        When it is gone, because the shard was merged into another.
    LabError
        When it is damaged.
    """
    text = path.read_bytes()
    try:
        entry = json.loads(text)
        check = entry.pop("check")
        intact = check == _check(entry) and entry["name"] == path.stem
        shard = Shard(**{**entry, "replaces": tuple(entry["replaces"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        intact = False
    if not intact:
        raise LabError(
            f"The entry {path} is damaged: restore it from a copy of the lab, or delete it "
            "together with the .parquet file of the same name and run the command that "
            "computes those rows again."
        )
    return shard


def _check(entry: dict) -> str:
    """Checksum of an entry's own content."""
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
