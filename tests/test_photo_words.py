"""When and where, in words."""

from datetime import datetime

import pandas as pd
import pytest

from whalecore.photo_words import date_words, photo_lines, place_words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2019, 7, 3, 14, 5, 9), "2019-07-03 14:05"),
        (datetime(2019, 7, 3), "2019-07-03"),
        (pd.NaT, "date not known"),
        (None, "date not known"),
    ],
)
def test_a_date_is_written_as_year_month_day(moment, words):
    assert date_words(moment) == words


def test_a_place_is_written_with_its_half_of_the_earth():
    assert place_words(42.8281, -70.1293) == "42.8281° N, 70.1293° W"
    assert place_words(-33.9, 151.2) == "33.9000° S, 151.2000° E"
    assert place_words(0.0, 0.0) == "0.0000° N, 0.0000° E"


@pytest.mark.parametrize("place", [(None, 1.0), (1.0, None), (float("nan"), 1.0)])
def test_half_a_place_is_no_place(place):
    assert place_words(*place) == "place not known"


def test_a_photo_is_said_with_name_date_place_and_sighting():
    row = {"name": "IMG_1.jpg", "taken_at": datetime(2019, 7, 3), "encounter": "day 2"}
    row |= {"latitude": None, "longitude": None}
    lines = ("IMG_1.jpg", "2019-07-03 · place not known")
    assert photo_lines(row) == (*lines, "Sighting day 2")
    assert photo_lines({**row, "encounter": None}) == lines
    assert photo_lines({**row, "encounter": float("nan")}) == lines
