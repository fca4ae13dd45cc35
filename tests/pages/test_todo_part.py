"""A page without anything to show says which step comes first, and where it is started."""

import pytest

from pages.parts.todo import BEFORE, first_missing
from tests.pages.test_pages import assert_calm, opened, shown
from whalecore.lab import open_lab

FULL = dict.fromkeys(BEFORE.values(), 7)


@pytest.mark.parametrize(
    ("lacking", "step", "first"),
    [
        ((), "cluster", "cluster"),
        (("clusterings",), "cluster", "cluster"),
        (("heatmaps", "clusterings"), "cluster", "explain"),
        (("photos", "models", "scores"), "score", "import"),
        (("clusterings",), "score", "score"),
        (("scores", "clusterings"), "calibrate", "score"),
        ((), "calibrate", "calibrate"),
    ],
)
def test_the_first_step_that_is_missing_is_named(lacking, step, first):
    assert first_missing({**FULL, **dict.fromkeys(lacking, 0)}, step) == first


def test_a_lab_without_scores_is_led_to_the_step_that_makes_them(demo_copy, forget):
    forget(open_lab(demo_copy), "scores")
    at = opened("review", demo_copy)
    assert_calm(at)
    words = (
        "The page *Lab* starts it: *Score the photos*. In a terminal: `python -m whalecore score"
    )
    assert words in shown(at)
