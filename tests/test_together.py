"""Occlusion maps of several photos at once against those of each photo alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import together
from whalecore.explain.occlusion import finished_maps
from whalecore.explain.together import maps_growing_together
from whalecore.types import Computing, OcclusionSettings

SETTINGS = OcclusionSettings(patch=5, stride=4, fill=1.0, target="logit")
NAMES = (("w0", "w2"), ("w1", "w0"), ("w2", "w1"))


@pytest.fixture(scope="module")
def residual():
    return residual_identifier(height=64, width=96)


@pytest.fixture(scope="module")
def photos():
    return list(random_photos(3, 64, 96))


@pytest.mark.parametrize("engine", ["exact", "reference"])
def test_photos_together_get_the_maps_that_each_gets_alone(residual, photos, engine):
    computing = Computing(engine)
    *_, found = maps_growing_together(residual, photos, NAMES, SETTINGS, computing)
    for photo, names, maps in zip(photos, NAMES, found, strict=True):
        alone = finished_maps(residual, photo, names, SETTINGS, computing)
        assert maps.complete
        assert maps.engine == engine
        assert maps.individuals == names
        np.testing.assert_allclose(
            maps.values, alone.values, rtol=0, atol=1e-4 * np.ptp(alone.values)
        )


def test_the_maps_of_all_photos_grow_by_the_same_places(residual, photos):
    shares = []
    for maps in maps_growing_together(residual, photos, NAMES, SETTINGS):
        assert len({one.computed.tobytes() for one in maps}) == 1
        shares.append(maps[0].computed.mean())
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares[-1] == 1


def test_what_fits_before_the_memory_runs_out_can_be_continued_one_by_one(
    monkeypatch, residual, photos
):
    blocks, done = together.engine_blocks, []

    def cramped(engine, phase, precision):
        for block in blocks(engine, phase, precision):
            if len(done) == 3:
                raise torch.OutOfMemoryError("no memory left")
            done.append(len(block.logits))
            yield block

    computing = Computing("exact")
    monkeypatch.setattr(together, "engine_blocks", cramped)
    kept = []
    with pytest.raises(torch.OutOfMemoryError):
        kept.extend(maps_growing_together(residual, photos, NAMES, SETTINGS, computing))
    assert done == [3, 3, 3]
    for photo, names, start in zip(photos, NAMES, kept[-1], strict=True):
        assert 0 < start.computed.sum() < start.computed.size
        goes_on = finished_maps(residual, photo, names, SETTINGS, computing, start=start)
        alone = finished_maps(residual, photo, names, SETTINGS, computing)
        np.testing.assert_allclose(
            goes_on.values, alone.values, rtol=0, atol=1e-4 * np.ptp(alone.values)
        )


def test_lower_precision_says_for_each_photo_how_far_it_is_off(residual, photos):
    *_, found = maps_growing_together(
        residual, photos[:2], NAMES[:2], SETTINGS, Computing("exact", "bfloat16")
    )
    for maps in found:
        assert maps.engine == "exact bfloat16"
        assert len(maps.deviation) == 2
        assert min(maps.deviation) > 0


def test_fast_maps_are_refused_in_one_sentence(residual, photos):
    fast = replace(SETTINGS, accuracy=0.9)
    with pytest.raises(SettingsError, match="one photo at a time"):
        next(maps_growing_together(residual, photos, NAMES, fast))
