"""Claims: one holder at a time, freed when the holder ends, however it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from whalecore.errors import LabError
from whalecore.lab.claims import ClaimedError, _same_file, claim

ROOT = Path(__file__).resolve().parents[1]

HOLDER = """
import sys, time
from pathlib import Path
from whalecore.lab.claims import claim
with claim(Path(sys.argv[1]), "train"):
    print("held", flush=True)
    time.sleep(60)
"""

COUNTER = """
import sys
from pathlib import Path
from whalecore.lab.claims import claim
folder = Path(sys.argv[1])
for _ in range(40):
    with claim(folder / "claims", "count", wait=60):
        number = int((folder / "number").read_text())
        (folder / "number").write_text(str(number + 1))
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_at_once_and_told_who_is_busy(tmp_path, holder):
    started = time.monotonic()
    with pytest.raises(ClaimedError) as error, claim(tmp_path, "train"):
        pass
    assert time.monotonic() - started < 1
    assert f"process {holder.pid}" in str(error.value)
    assert "'train'" in str(error.value)


def test_another_claim_of_the_same_lab_is_free(tmp_path, holder):
    with claim(tmp_path, "import"):
        pass


def test_a_killed_holder_frees_its_claim(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with claim(tmp_path, "train"):
        pass


def test_waiting_gets_the_claim_when_it_is_freed(tmp_path, holder):
    timer = threading.Timer(0.3, holder.kill)
    timer.start()
    with claim(tmp_path, "train", wait=20):
        pass
    timer.join()


def test_two_threads_of_one_process_exclude_each_other(tmp_path):
    with claim(tmp_path, "train"), pytest.raises(LabError), claim(tmp_path, "train"):
        pass


def test_an_error_inside_frees_the_claim(tmp_path):
    with pytest.raises(ZeroDivisionError), claim(tmp_path, "train"):
        _ = 1 / 0
    with claim(tmp_path, "train"):
        pass


def test_two_processes_never_work_at_the_same_time(tmp_path):
    (tmp_path / "number").write_text("0")
    workers = [
        subprocess.Popen([sys.executable, "-c", COUNTER, str(tmp_path)], cwd=ROOT) for _ in range(2)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0]
    assert (tmp_path / "number").read_text() == "80"


def test_a_lock_on_a_file_that_was_removed_holds_nobody_off(tmp_path):
    path = tmp_path / "train.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    assert _same_file(handle, path)
    path.unlink()
    assert not _same_file(handle, path)
    path.touch()
    assert not _same_file(handle, path)
    os.close(handle)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 200, "a\0b"])
def test_a_name_that_is_no_plain_name_is_refused(tmp_path, name):
    with pytest.raises(LabError, match="not allowed"), claim(tmp_path, name):
        pass
    assert list(tmp_path.iterdir()) == []
