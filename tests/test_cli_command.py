"""How commands show where they stand."""

import subprocess
import sys
import time

from whalecore.cli_command import Bars
from whalecore.types import Progress


def test_the_time_left_is_what_a_step_says_and_else_none(capsys):
    bars = Bars()
    bars(Progress("score", 1, 4, 120.0))
    # Bars are drawn twice a second at most.
    time.sleep(0.6)
    bars(Progress("score", 2, 4, 95.0))
    bars.close()
    bars(Progress("choose", 1, 6))
    bars.close()
    with_time, without = capsys.readouterr().err.split("choose", 1)
    assert "2 of 4" in with_time
    assert "about 01:35 left" in with_time
    assert "1 of 6" in without
    assert "left" not in without
    assert "it/s" not in with_time + without


def test_a_step_that_ends_early_has_no_time_left(capsys):
    bars = Bars()
    bars(Progress("explain", 3, 5, 61.0))
    bars.close()
    assert "left" not in capsys.readouterr().err.rpartition("\r")[2]


def test_the_command_line_is_there_without_torch():
    words = "import sys; import whalecore.cli; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr
