"""Grad-CAM of many photos with little memory, against that of all at once."""

import numpy as np
import pytest
import torch

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import gradcam_batches
from whalecore.explain.alive import AliveBytes
from whalecore.explain.gradcam import grad_cams_of
from whalecore.explain.gradcam_batches import grad_cams_in_batches
from whalecore.types import Computing

LAYERS = ("layer2", "layer4")
INDIVIDUALS = [("w0", "w1"), ("w2", "w0"), ("w1", "w2"), ("w0", "w2"), ("w1", "w0")]


@pytest.fixture(scope="module")
def identifier():
    return residual_identifier(height=64, width=128, channels=16)


@pytest.fixture(scope="module")
def photos():
    return list(random_photos(5, 64, 128))


@pytest.fixture
def batches(monkeypatch):
    """Sizes of the batches that were tried; larger ones than a number of photos do not fit."""
    sizes, many = [], gradcam_batches.grad_cams_of

    def of(most, error=None):
        def limited(identifier, batch, individuals, layers):
            # The first pass of an identifier measures a single photo with one individual.
            if len(individuals[0]) > 1:
                sizes.append(len(batch))
                if len(batch) > most:
                    raise error
            return many(identifier, batch, individuals, layers)

        monkeypatch.setattr(gradcam_batches, "grad_cams_of", limited)
        return sizes

    return of


def check(found, identifier, photos):
    expected = grad_cams_of(identifier, torch.stack(photos), INDIVIDUALS, LAYERS)
    for layer in LAYERS:
        assert found[layer].shape == expected[layer].shape
        np.testing.assert_allclose(
            found[layer], expected[layer], rtol=0, atol=1e-5 * expected[layer].max()
        )


def test_with_plenty_of_memory_all_photos_share_a_pass(identifier, photos, batches):
    sizes = batches(5)
    check(grad_cams_in_batches(identifier, photos, INDIVIDUALS, LAYERS), identifier, photos)
    assert sizes == [5]


def test_batches_are_as_large_as_the_memory_allows(identifier, photos, batches, monkeypatch):
    monkeypatch.setattr(gradcam_batches, "_bytes_of_one", lambda *arguments: 7 * 2**20)
    sizes, memory = batches(5), Computing(memory=16)
    check(grad_cams_in_batches(identifier, photos, INDIVIDUALS, LAYERS, memory), identifier, photos)
    assert sizes == [2, 2, 1]


def test_what_a_photo_takes_is_foretold_by_a_single_one(identifier, photos):
    one = gradcam_batches._bytes_of_one(identifier, photos[0], LAYERS)
    with AliveBytes() as alive:
        grad_cams_of(identifier, torch.stack(photos), INDIVIDUALS, LAYERS)
    assert 4 * one < alive.most < 5.5 * one


SHORTAGES = (
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
)


@pytest.mark.parametrize("error", SHORTAGES, ids=["GPU", "processor"])
def test_where_memory_runs_out_batches_are_halved(identifier, photos, batches, error):
    sizes = batches(2, error)
    check(grad_cams_in_batches(identifier, photos, INDIVIDUALS, LAYERS), identifier, photos)
    assert sizes == [5, 2, 2, 1]


def test_no_memory_for_a_single_photo_is_said_in_one_sentence(identifier, photos, batches):
    batches(0, SHORTAGES[0])
    with pytest.raises(SettingsError, match="too little memory left for the Grad-CAM of a single"):
        grad_cams_in_batches(identifier, photos, INDIVIDUALS, LAYERS)


def test_other_errors_are_not_taken_for_a_shortage(identifier, photos, batches):
    batches(0, RuntimeError("the sizes do not match"))
    with pytest.raises(RuntimeError, match="do not match"):
        grad_cams_in_batches(identifier, photos, INDIVIDUALS, LAYERS)
