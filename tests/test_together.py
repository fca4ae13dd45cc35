"""Occlusion maps of several photos at once against those of each photo alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import choice, together
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


@pytest.fixture(scope="module")
def alone(residual, photos):
    """The maps of each photo by itself."""
    return [
        finished_maps(residual, photo, names, SETTINGS, Computing("exact"))
        for photo, names in zip(photos, NAMES, strict=True)
    ]


def check(found, alone):
    for maps, expected in zip(found, alone, strict=True):
        assert maps.complete
        np.testing.assert_allclose(
            maps.values, expected.values, rtol=0, atol=1e-4 * np.ptp(expected.values)
        )


SHORTAGES = (
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
)


@pytest.fixture
def cramped(monkeypatch):
    """Batches that were tried, as (photos, limit); only those up to a number of patches fit."""
    blocks, tried = together.engine_blocks, []

    def of(most, error):
        def limited(engine, phase, precision):
            tried.append((len(engine.clean), engine.limit))
            for number, block in enumerate(blocks(engine, phase, precision)):
                # The first block of a phase still fits.
                if number and block.logits[..., 0].numel() > most:
                    raise error
                yield block

        monkeypatch.setattr(together, "engine_blocks", limited)
        monkeypatch.setattr(choice, "MOST_ON_CPU", 12)
        return tried

    return of


@pytest.mark.parametrize("error", SHORTAGES, ids=["GPU", "processor"])
def test_where_memory_runs_out_fewer_patches_are_computed_together(
    residual, photos, cramped, error, alone
):
    tried = cramped(3, error)
    *_, found = maps_growing_together(residual, photos, NAMES, SETTINGS, Computing("exact"))
    assert list(dict.fromkeys(tried)) == [(3, 12), (3, 6), (3, 3)]
    check(found, alone)


def test_where_a_patch_of_each_photo_is_too_much_fewer_photos_share(
    residual, photos, cramped, alone
):
    tried = cramped(1, SHORTAGES[1])
    grown = list(maps_growing_together(residual, photos, NAMES, SETTINGS, Computing("exact")))
    assert list(dict.fromkeys(tried))[:4] == [(3, 12), (3, 6), (3, 3), (2, 3)]
    assert (1, 1) in tried
    shares = np.array([[one.computed.mean() for one in maps] for maps in grown])
    assert (np.diff(shares, axis=0) >= 0).all()
    assert (shares[0] > 0).all()
    check(grown[-1], alone)


def test_no_memory_for_one_patch_of_one_photo_is_said_in_one_sentence(residual, photos, cramped):
    cramped(0, SHORTAGES[0])
    with pytest.raises(SettingsError, match="too little memory left for a single covered photo"):
        list(maps_growing_together(residual, photos, NAMES, SETTINGS, Computing("exact")))


def test_photos_that_the_memory_allowed_does_not_hold_follow_one_another(
    monkeypatch, residual, photos, alone
):
    sizes, make = [], together.make_engine

    def counting(identifier, images, *others):
        sizes.append(len(images))
        return make(identifier, images, *others)

    monkeypatch.setattr(together, "make_engine", counting)
    monkeypatch.setattr(together, "photos_at_once", lambda *arguments: 2)
    grown = list(maps_growing_together(residual, photos, NAMES, SETTINGS, Computing("exact")))
    # The coarsest level of all, then the finer ones of some after others.
    assert sizes == [2, 1, 2, 1]
    shares = np.array([[one.computed.mean() for one in maps] for maps in grown])
    assert len(set(shares[0])) == 1
    assert shares[-2, 0] == shares[-2, 1] == 1 > shares[-2, 2]
    check(grown[-1], alone)


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
