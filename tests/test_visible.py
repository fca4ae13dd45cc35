"""How much of a fluke is seen: hand arithmetic on boxes, planted water on drawings."""

import numpy as np
import pytest

from whalecore.photos.silhouette import HEIGHT, OUTLINE, WIDTH
from whalecore.photos.visible import WIDEST, cut_off, fluke_mask, visible_share
from whalecore.types import Box, Crop, Photo


@pytest.mark.parametrize(
    ("box", "share"),
    [
        (Box(10, 10, 90, 40), 0.0),
        (Box(0, 10, 60, 30), 20 / 160),
        (Box(10, 30, 90, 50), 80 / 200),
        (Box(0, 0, 100, 50), 1.0),
        (Box(-5, 10, 55, 30), 20 / 160),
    ],
    ids=["inside", "left edge", "lower edge", "whole photo", "beyond the left edge"],
)
def test_the_share_on_the_photos_edge_equals_hand_arithmetic(box, share):
    assert cut_off(box, height=50, width=100) == pytest.approx(share)


def test_a_box_a_hair_from_the_edge_counts_as_cut_off():
    assert cut_off(Box(0.4, 10, 60, 30), height=50, width=100) > 0
    assert cut_off(Box(0.6, 10, 60, 30), height=50, width=100) == 0


def test_a_fluke_all_over_its_box_is_seen_whole_and_none_is_not_seen():
    full = np.ones((HEIGHT, WIDTH), bool)
    assert visible_share(full, aspect=2.0) == 1.0
    assert visible_share(~full, aspect=2.0) == 0.0


def inside_outline(x: float, y: float) -> bool:
    """Whether a point lies in the usual outline: a ray to the right crosses it an odd time."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(OUTLINE, (*OUTLINE[1:], OUTLINE[0]), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            crossings += 1
    return crossings % 2 == 1


def test_in_a_box_of_half_the_height_only_the_upper_part_of_the_fluke_is_seen():
    points = [((i + 0.5) / 100, (j + 0.5) / 100) for i in range(100) for j in range(100)]
    in_it = [y for x, y in points if inside_outline(x, y)]
    upper = sum(y < 0.5 for y in in_it) / len(in_it)
    full = np.ones((HEIGHT, WIDTH), bool)
    assert visible_share(full, aspect=2 * WIDEST) == pytest.approx(upper, abs=0.03)


def test_a_fluke_that_the_water_hides_is_less_visible():
    pixels = np.full((120, 300, 3), (110, 130, 150), np.uint8)
    rng = np.random.default_rng(0)
    pixels = (pixels + rng.normal(0, 4, pixels.shape)).astype(np.uint8)
    rows, cols = np.mgrid[:120, :300]
    fluke = (rows > 12 + 0.25 * (150 - np.abs(cols - 150)) * 0.6) & (
        rows < 110 - 0.5 * np.abs(cols - 150)
    )
    whole = pixels.copy()
    whole[fluke] = (30, 32, 36)
    sunk = whole.copy()
    sunk[60:] = pixels[60:]
    photos = [Photo("0" * 16, "p", one) for one in (whole, sunk)]
    boxes = [Box(0, 10, 300, 112), Box(0, 10, 300, 60)]
    seen = [
        visible_share(fluke_mask(photo, Crop(box, "given")), box.width / box.height)
        for photo, box in zip(photos, boxes, strict=True)
    ]
    assert seen[0] > 0.6
    assert seen[1] < 0.75 * seen[0]
