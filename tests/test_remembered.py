"""Results of queries that are kept in memory."""

import pandas as pd
import pyarrow as pa

from whalecore.lab.remembered import ROW, Remembered


def test_what_is_kept_comes_back_and_what_is_not_does_not():
    kept = Remembered()
    kept.keep("a", [(1,), (2,)])
    assert kept.get("a") == [(1,), (2,)]
    assert kept.get("b") is None


def test_who_changes_a_result_changes_nobody_elses():
    kept, frame, rows = Remembered(), pd.DataFrame({"n": [1, 2]}), [(1,)]
    kept.keep("frame", frame)
    kept.keep("rows", rows)
    frame.loc[0, "n"] = 9
    mine = kept.get("frame")
    mine.loc[1, "n"] = 9
    kept.get("rows").append((2,))
    rows.clear()
    assert kept.get("frame")["n"].tolist() == [1, 2]
    assert kept.get("rows") == [(1,)]


def test_what_was_used_longest_ago_gives_way():
    kept = Remembered(largest=2 * ROW, largest_one=ROW)
    kept.keep("a", [(1,)])
    kept.keep("b", [(2,)])
    assert kept.get("a") == [(1,)]
    kept.keep("c", [(3,)])
    assert kept.get("b") is None
    assert kept.get("a") == [(1,)]
    assert kept.get("c") == [(3,)]


def test_a_newer_result_takes_the_place_of_the_older_and_its_room():
    kept = Remembered(largest=2 * ROW, largest_one=2 * ROW)
    for number in range(5):
        kept.keep("a", [(number,)])
    kept.keep("b", [(7,)])
    assert kept.get("a") == [(4,)]
    assert kept.get("b") == [(7,)]


def test_a_large_result_is_not_kept():
    kept = Remembered(largest=100, largest_one=50)
    kept.keep("table", pa.table({"n": list(range(100))}))
    assert kept.get("table") is None
