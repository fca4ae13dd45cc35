"""How commands show where they stand."""

from whalecore.cli_command import Bars
from whalecore.types import Progress


def test_the_time_left_is_what_a_step_says_and_else_none(capsys):
    bars = Bars()
    bars(Progress("score", 1, 4, 95.0))
    bars.close()
    bars(Progress("choose", 1, 6))
    bars.close()
    with_time, without = capsys.readouterr().err.split("choose", 1)
    assert "1 of 4" in with_time
    assert "about 01:35 left" in with_time
    assert "1 of 6" in without
    assert "left" not in without
    assert "it/s" not in with_time + without
