"""Shards: whatever a writer was told is written stays written, once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import lab_rows
from whalecore.errors import LabError
from whalecore.lab.rows import arrow_rows
from whalecore.lab.shards import MANY, TableFolder
from whalecore.lab.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
REVIEWS = TABLES["reviews"]

WRITER = """
import sys
from pathlib import Path
from whalecore.lab.rows import arrow_rows
from whalecore.lab.shards import TableFolder
from whalecore.lab.tables import TABLES
folder = TableFolder(Path(sys.argv[1]), TABLES["reviews"])
for batch in range(int(sys.argv[3])):
    rows = [
        {"review_id": f"{sys.argv[2]}-{batch}-{row}", "photo_id": "p", "decision": "yes"}
        for row in range(40)
    ]
    folder.write(arrow_rows("reviews", rows))
    print(batch, flush=True)
"""


def reviews(*names):
    rows = [{"review_id": name, "photo_id": "p", "decision": "yes"} for name in names]
    return arrow_rows("reviews", rows)


def names_in(folder: TableFolder) -> list[str]:
    tables = [pq.ParquetFile(path).read() for path in folder.verified_paths()]
    return sorted(name for table in tables for name in table["review_id"].to_pylist())


def start_writer(path, name, batches=10_000):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(batches)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def folder(tmp_path):
    return TableFolder(tmp_path / "tables" / "reviews", REVIEWS)


def test_rows_written_are_read_back_with_a_growing_sequence(folder):
    folder.write(reviews("a", "b"))
    folder.write(reviews("c"))
    tables = [pq.ParquetFile(path).read() for path in folder.verified_paths()]
    assert names_in(folder) == ["a", "b", "c"]
    sequence = pa.concat_tables(tables)["sequence"].to_pylist()
    assert sequence == sorted(set(sequence))
    assert folder.rows() == 3


def test_no_rows_make_no_file(folder):
    assert folder.write(reviews()) is None
    assert folder.live_shards() == []


def test_sequence_grows_even_when_the_clock_goes_back(folder, monkeypatch):
    first = folder.write(reviews("a"))
    monkeypatch.setattr(time, "time_ns", lambda: 1)
    assert folder.write(reviews("b")).last_sequence > first.last_sequence


def test_a_killed_writer_loses_no_acknowledged_batch_and_leaves_no_half_batch(folder):
    acknowledged = []
    for attempt in range(3):
        writer = start_writer(folder.folder, f"w{attempt}")
        for _ in range(3 + attempt):
            acknowledged.append((attempt, int(writer.stdout.readline())))
        time.sleep(0.004 * attempt)
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0]
        acknowledged += [(attempt, int(line)) for line in rest.split()]
    names = names_in(TableFolder(folder.folder, REVIEWS))
    assert len(names) == len(set(names))
    written = {tuple(name.split("-")[:2]) for name in names}
    assert {(f"w{attempt}", str(batch)) for attempt, batch in acknowledged} <= written
    assert len(names) == 40 * len(written)


def test_a_table_that_forgets_drops_replaced_rows_as_shards_are_merged_and_others_keep_them(
    folder, tmp_path
):
    forgetting = TableFolder(tmp_path / "tables" / "unfinished", TABLES["unfinished_heatmaps"])
    for known in (10, 20, 30):
        rows = [
            lab_rows.heatmap(photo_id, 1, "a", computed=known, engine="exact")
            for photo_id in ("p", "q")[: 1 + (known < 30)]
        ]
        forgetting.write(arrow_rows("unfinished_heatmaps", rows))
        folder.write(reviews("same"))
    assert (forgetting.compact(), folder.compact()) == (1, 1)
    (left,) = (pq.ParquetFile(path).read() for path in forgetting.verified_paths())
    found = zip(left["photo_id"].to_pylist(), left["computed"].to_pylist(), strict=True)
    assert dict(found) == {"p": 30, "q": 20}
    assert left.num_rows == forgetting.rows() == 2
    assert folder.rows() == 3


def test_sweeping_leaves_only_files_that_count(folder):
    folder.write(reviews("a"))
    (folder.folder / ".tmp-1-ab-c.parquet").write_bytes(b"half a file")
    (folder.folder / "0123.parquet").write_bytes(b"no entry")
    assert folder.sweep() == 0, "a writer may still be busy with files this young"
    assert folder.sweep(older_than=-1) == 2
    assert len(list(folder.folder.iterdir())) == 2
    assert names_in(folder) == ["a"]


def test_a_flipped_bit_is_noticed_and_the_file_named(folder):
    shard = folder.write(reviews("a", "b"))
    path = folder.folder / f"{shard.name}.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)
    with pytest.raises(LabError, match="damaged") as error:
        TableFolder(folder.folder, REVIEWS).verified_paths()
    assert str(path) in str(error.value)
    assert "restore it from a copy" in str(error.value)


def test_a_bit_that_flips_after_the_first_reading_is_noticed_too(folder):
    shard = folder.write(reviews("a", "b"))
    folder.verified_paths()
    path = folder.folder / f"{shard.name}.parquet"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(LabError, match="damaged"):
        folder.verified_paths()


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:20], lambda text: text.replace('"rows": 1', '"rows": 7')]
)
def test_a_damaged_entry_is_named(folder, spoil):
    shard = folder.write(reviews("a"))
    path = folder.folder / f"{shard.name}.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(LabError, match=f"{shard.name}.json is damaged"):
        TableFolder(folder.folder, REVIEWS).live_shards()


def test_a_missing_file_is_named_with_its_rows(folder):
    shard = folder.write(reviews("a", "b"))
    (folder.folder / f"{shard.name}.parquet").unlink()
    with pytest.raises(LabError, match=r"missing although its entry is there.*2 rows"):
        folder.verified_paths()


def test_compaction_keeps_every_row_and_merges_files(folder):
    for name in "dacbe":
        folder.write(reviews(name))
    before = pa.concat_tables(pq.ParquetFile(p).read() for p in folder.verified_paths())
    assert folder.compact() == 1
    (path,) = folder.verified_paths()
    after = pq.ParquetFile(path).read()
    assert after.sort_by("sequence").equals(before.sort_by("sequence").combine_chunks())
    assert sorted(entry.suffix for entry in folder.folder.iterdir()) == [".json", ".parquet"]
    assert folder.compact() == 1, "a single file is left alone"


def test_a_compaction_killed_before_its_clean_up_counts_no_row_twice(folder, tmp_path):
    for name in "abc":
        folder.write(reviews(name))
    shutil.copytree(folder.folder, tmp_path / "old")
    folder.compact()
    # As if the clean-up had never run: the old files are there again.
    shutil.copytree(tmp_path / "old", folder.folder, dirs_exist_ok=True)
    again = TableFolder(folder.folder, REVIEWS)
    assert names_in(again) == ["a", "b", "c"]
    again.write(reviews("d"))
    assert again.compact() == 1
    assert names_in(again) == ["a", "b", "c", "d"]
    assert len(list(folder.folder.iterdir())) == 2


def test_files_that_are_large_enough_are_left_alone(folder):
    for name in "abc":
        folder.write(reviews(name))
    assert folder.compact(small=1) == 3


def test_many_small_writes_are_merged_by_themselves(folder):
    for number in range(MANY + 2):
        folder.write(reviews(f"{number:03d}"))
    assert len(folder.live_shards()) < 5
    assert names_in(folder) == [f"{number:03d}" for number in range(MANY + 2)]


def test_two_writers_at_once_lose_nothing(folder):
    writers = [start_writer(folder.folder, name, batches=12) for name in ("x", "y")]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    names = names_in(folder)
    assert len(names) == len(set(names)) == 2 * 12 * 40


def test_reading_goes_on_while_another_process_writes_and_merges(folder):
    folder.write(reviews("first"))
    writer = start_writer(folder.folder, "w", batches=25)
    most = 0
    reader = TableFolder(folder.folder, REVIEWS)
    while writer.poll() is None:
        reader.compact()
        rows = reader.rows()
        assert rows >= most, "rows must never disappear while files are merged"
        most = rows
    writer.communicate()
    assert reader.rows() == 1 + 25 * 40


def test_a_full_disk_leaves_no_half_file(folder):
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path\n"
        "from whalecore.lab.rows import arrow_rows\n"
        "from whalecore.lab.shards import TableFolder\n"
        "from whalecore.lab.tables import TABLES\n"
        "import secrets\n"
        "rows = [{'review_id': secrets.token_hex(16), 'photo_id': 'p', 'decision': 'y'}\n"
        "        for _ in range(2000)]\n"
        "try:\n"
        "    TableFolder(Path(sys.argv[1]), TABLES['reviews']).write(arrow_rows('reviews', rows))\n"
        "except OSError:\n"
        "    sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder.folder)], cwd=ROOT, check=False)
    assert done.returncode == 3
    assert list(folder.folder.iterdir()) == []


def test_large_grids_get_small_row_groups(tmp_path):
    folder = TableFolder(tmp_path / "heatmaps", TABLES["heatmaps"])
    row = {
        "model_id": "m", "photo_id": "p", "crop": "c", "method": "osm", "settings": "s",
        "rank": 1, "score": 0.5, "rows": 256, "cols": 512, "values": [0.0] * 256 * 512,
    }  # fmt: skip
    folder.write(arrow_rows("heatmaps", [{**row, "individual": f"w{n}"} for n in range(20)]))
    (path,) = folder.verified_paths()
    assert pq.ParquetFile(path).metadata.row_group(0).num_rows == 8


def test_an_entry_says_what_the_file_holds(folder):
    shard = folder.write(reviews("a", "b", "c"))
    entry = json.loads((folder.folder / f"{shard.name}.json").read_text())
    path = folder.folder / f"{shard.name}.parquet"
    assert (entry["rows"], entry["bytes"], entry["replaces"]) == (3, os.path.getsize(path), [])
