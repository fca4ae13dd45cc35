"""Printed strips on drawn pictures."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from whalecore.photos.printed import printed_rows
from whalecore.photos.synthetic import CollectionSettings, draw_collection

LINES = ("JAC90-39/32 whale catalogue", "A. Photographer of flukes  Z12", "26 October 1990 the bay")


def sea(height=300, width=448, seed=0):
    """A plain fluke on a sea of long waves."""
    waves = np.random.default_rng(seed).normal(size=(height, width // 16))
    grey = 170 + 12 * np.repeat(waves, 16, axis=1)
    grey[90:150, 80:370] = 30
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def with_strip(picture, lines=LINES, top=235, ink=60):
    """The same with lines of text on a light strip, and the rows from first to last line."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, top, image.width, image.height), fill=(235, 235, 235))
    font = ImageFont.load_default(15)
    first, last = top + 4, top + 4 + 20 * len(lines)
    for number, line in enumerate(lines):
        draw.text((12, first + 20 * number), line, fill=(ink,) * 3, font=font)
    return np.asarray(image), slice(first, last)


def test_lines_of_text_under_a_photo_are_found_and_nothing_else():
    picture, rows = with_strip(sea())
    found = printed_rows(picture)
    assert found.shape == (300,)
    assert found.dtype == bool
    assert found[rows].mean() > 0.7
    assert not found[: rows.start].any()
    assert not found[rows.stop :].any()


def test_sea_without_text_has_no_printed_rows():
    assert not printed_rows(sea()).any()


def test_text_over_the_fluke_is_looked_for_too():
    picture = with_strip(sea(), LINES[:2])[0][::-1].copy()
    picture[:65] = picture[:65][::-1]
    found = printed_rows(picture)
    assert found[:65].any()
    assert not found[80:].any()


@pytest.mark.parametrize("factor", [2, 3])
def test_larger_photos_give_the_same_rows(factor):
    picture, _ = with_strip(sea())
    large = np.asarray(Image.fromarray(picture).resize((448 * factor, 300 * factor)))
    expected = np.repeat(printed_rows(picture), factor)
    assert (printed_rows(large) == expected).mean() > 0.98


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5, 3), (5, 400, 3), (400, 5, 3)])
def test_tiny_pictures_have_no_printed_rows(shape):
    found = printed_rows(np.full(shape, 200, np.uint8))
    assert found.shape == shape[:1]
    assert not found.any()


def test_drawn_flukes_carry_no_text():
    settings = CollectionSettings(individuals=2, photos=4, new_individuals=0, new_photos=0, seed=3)
    assert sum(printed_rows(drawing.pixels).any() for drawing in draw_collection(settings)) == 0
