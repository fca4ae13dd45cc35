"""Heatmaps as transparent pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from whalecore.overlays import SEQUENTIAL, SIGNED, TINTS, overlay
from whalecore.transparent import heatmap_layer

GRID = np.array([[-2.0, 0.0, 1.0, 2.0], [0.5, -0.5, np.nan, 0.0]])


def opened(data: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(data))
    assert picture.mode == "RGBA"
    return np.asarray(picture).astype(float)


@pytest.mark.parametrize("kind", [SIGNED, SEQUENTIAL])
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_a_layer_over_the_crop_looks_as_the_heatmap_drawn_on_it(kind, strength):
    crop = np.random.default_rng(0).integers(0, 256, (40, 80, 3), np.uint8)
    layer = opened(heatmap_layer(GRID, (40, 80), kind=kind, width=80))
    cover = strength * layer[..., 3:] / 255
    mixed = crop * (1 - cover) + layer[..., :3] * cover
    assert np.abs(mixed - overlay(crop, GRID, strength, kind=kind)).max() <= 2


def test_no_influence_is_transparent_and_the_largest_is_full():
    layer = opened(heatmap_layer(np.array([[0.0, 0.0], [-3.0, -3.0]]), (2, 2), width=2))
    assert layer[0, :, 3].tolist() == [0, 0]
    assert layer[1, 0].tolist() == [*TINTS[0], 255]


def test_a_shared_limit_makes_the_weaker_map_fainter():
    layer = opened(heatmap_layer(np.full((2, 2), 0.25), (2, 2), limit=1.0, width=2))
    assert layer[..., 3].tolist() == [[64, 64], [64, 64]]
