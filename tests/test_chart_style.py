"""What all charts have in common can be told from the page and from each other."""

import numpy as np
import pytest

from whalecore import chart_style as charts


def luminance(colour):
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    ]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("colour", [charts.OUTLINE, charts.ACCENT])
@pytest.mark.parametrize("page", ["#fbfdfd", "#0d1a21"])
def test_lines_stand_out_on_light_and_dark_pages(colour, page):
    high, low = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (high + 0.05) / (low + 0.05) > 3


def test_the_greens_grow_paler_from_top_1_to_top_5():
    assert np.all(np.diff([luminance(green) for green in charts.GREENS]) > 0.05)
