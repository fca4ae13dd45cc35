"""What all charts have in common can be told from the page and from each other."""

import numpy as np
import pytest

from whalecore import chart_style as charts

LIGHT, DARK = "#fbfdfd", "#0d1a21"
"""Grounds of the two pages."""


def luminance(colour):
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    ]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [charts.OUTLINE, charts.ACCENT])
@pytest.mark.parametrize("page", [LIGHT, DARK])
def test_lines_stand_out_on_light_and_dark_pages(colour, page):
    assert contrast(colour, page) > 3


def test_rings_of_unstable_clusters_stand_out_on_light_and_dark_pages():
    assert contrast(charts.GREENS[1], LIGHT) > 3
    assert contrast(charts.GREENS[1], DARK) > 3


@pytest.mark.parametrize(("page", "dark"), [(LIGHT, False), (DARK, True)])
def test_words_are_read_on_light_and_dark_pages(page, dark):
    assert contrast(charts.INKS[dark], page) > 7


def test_the_greens_grow_paler_from_top_1_to_top_5():
    assert np.all(np.diff([luminance(green) for green in charts.GREENS]) > 0.05)
