"""Results of queries, kept while the files that they were read from are the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import pandas as pd
import pyarrow as pa

LARGEST = 128 * 2**20
"""Bytes kept in all; what was used longest ago is forgotten first."""

LARGEST_ONE = LARGEST // 4
"""Bytes of a single result: heatmaps by the thousand are read again."""

ROW = 200
"""Bytes counted for a row of Python values."""


class Remembered:
    """A few results in memory, handed out so that nobody can change what another one gets."""

    def __init__(self, largest: int = LARGEST, largest_one: int = LARGEST_ONE) -> None:
        self._largest, self._largest_one = largest, largest_one
        self._results: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any | None:
        """Return a copy of a result that is kept; None else."""
        with self._lock:
            if key not in self._results:
                return None
            self._results.move_to_end(key)
            return _copy(self._results[key][0])

    def keep(self, key: Hashable, result: Any) -> None:
        """Keep a copy of a result, where it is small enough."""
        size = _bytes(result)
        if size > self._largest_one:
            return
        with self._lock:
            self._bytes += size - self._results.pop(key, (None, 0))[1]
            self._results[key] = (_copy(result), size)
            while self._bytes > self._largest:
                self._bytes -= self._results.popitem(last=False)[1][1]


def _copy(result: Any) -> Any:
    """A list or frame of its own; Arrow tables cannot be changed."""
    return result if isinstance(result, pa.Table) else result.copy()


def _bytes(result: Any) -> int:
    if isinstance(result, pa.Table):
        return result.nbytes
    if isinstance(result, pd.DataFrame):
        return int(result.memory_usage(deep=True).sum())
    return ROW * len(result)
