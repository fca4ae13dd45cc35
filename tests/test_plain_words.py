"""Shares, chances and lists: how they are said at their limits."""

import pytest

from whalecore import plain_words as words


def said(sentence: str) -> str:
    return sentence.replace(words.SPACE, " ")


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0 %"), (0.456, "46 %"), (1, "100 %"), (None, "not known")]
)
def test_a_share_is_said_in_whole_percent(share, shown):
    assert said(words.percent(share)) == shown


def test_a_share_that_is_not_a_number_is_not_known():
    assert words.percent(float("nan")) == "not known"


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "under 1 %"),
        (0.0099, "under 1 %"),
        (0.01, "1 %"),
        (0.5, "50 %"),
        (0.99, "99 %"),
        (0.991, "over 99 %"),
        (1.0, "over 99 %"),
        (None, "not known"),
        (float("nan"), "not known"),
    ],
)
def test_a_probability_is_never_called_certain(probability, shown):
    assert said(words.chance(probability)) == shown


def test_words_in_a_row_end_with_and():
    assert [words.listed(range(1, count)) for count in (2, 3, 4)] == ["1", "1 and 2", "1, 2 and 3"]
