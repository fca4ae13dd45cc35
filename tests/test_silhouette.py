"""Fluke and surroundings within a crop."""

import numpy as np
from PIL import Image, ImageDraw

from whalecore.photos.crop import MARGIN, clip, cut, widen
from whalecore.photos.silhouette import HEIGHT, OUTLINE, WIDTH, silhouette
from whalecore.photos.synthetic import CollectionSettings, draw_collection
from whalecore.types import Photo


def overlap(found, true):
    return (found & true).sum() / (found | true).sum()


def test_a_fluke_beside_the_usual_place_is_found_whatever_is_lighter():
    corners = [((x + 0.04) * WIDTH, (y + 0.05) * HEIGHT) for x, y in OUTLINE]
    picture = Image.new("L", (WIDTH, HEIGHT), 0)
    ImageDraw.Draw(picture).polygon(corners, fill=1)
    true = np.asarray(picture).astype(bool)
    for fluke, water in ((30, 150), (220, 90)):
        pixels = np.repeat(np.where(true, fluke, water).astype(np.uint8)[:, :, None], 3, axis=2)
        assert overlap(silhouette(pixels), true) > 0.95
        # The usual outline alone would not do.
        assert overlap(silhouette(np.full_like(pixels, 90)), true) < 0.85


def test_a_plain_picture_gives_the_usual_outline():
    found = silhouette(np.full((64, 128, 3), 90, np.uint8))
    assert 0.3 < found.mean() < 0.5
    np.testing.assert_array_equal(found, found[:, ::-1])
    # Above the notch and in the lower corners there is no fluke.
    assert not found[:8, 30:34].any()
    assert not found[-6:, :12].any()


def test_drawn_flukes_are_found():
    settings = CollectionSettings(individuals=3, photos=6, new_individuals=0, new_photos=0, seed=9)
    found = []
    for drawing in draw_collection(settings):
        if drawing.spoilt:
            continue
        photo = Photo("0" * 16, "drawing", drawing.pixels)
        box = clip(widen(drawing.box, MARGIN), photo)
        true = Image.fromarray(drawing.masks["fluke"].astype(np.float32)).resize(
            (WIDTH, HEIGHT), Image.Resampling.BOX, box=(box.x0, box.y0, box.x1, box.y1)
        )
        pixels = cut(photo, drawing.box, 4 * HEIGHT, 4 * WIDTH)
        found.append(overlap(silhouette(pixels), np.asarray(true) > 0.5))
    assert np.median(found) > 0.75
