"""How much memory heatmaps may take where nobody said so."""

import pytest
import torch

from tests.residual import random_photos, residual_identifier
from whalecore.explain import allowance
from whalecore.explain.allowance import usual_memory, with_memory
from whalecore.explain.choice import make_engine
from whalecore.explain.occlusion import MapsInTheMaking
from whalecore.types import Computing, OcclusionSettings

MEBIBYTE = 2**20
PROCESSOR, GPU = torch.device("cpu"), torch.device("cuda")
SETTINGS = OcclusionSettings(patch=5, stride=4)


@pytest.fixture
def gpu(monkeypatch):
    """Makes torch say what a GPU has free, what torch keeps and what of that is in use, in MiB."""

    def of(free, kept=0, used=0):
        sizes = {"memory_reserved": kept, "memory_allocated": used}
        for name, size in sizes.items():
            monkeypatch.setattr(torch.cuda, name, lambda device, size=size: size * MEBIBYTE)
        total = 100_000 * MEBIBYTE
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free * MEBIBYTE, total))

    return of


def test_on_a_processor_two_gibibytes_are_usual():
    assert usual_memory(PROCESSOR) == 2048


def test_on_a_gpu_half_of_what_is_free_is_usual_and_what_torch_keeps_unused_is_free(gpu):
    gpu(free=6000)
    assert usual_memory(GPU) == 3000
    gpu(free=6000, kept=1500, used=500)
    assert usual_memory(GPU) == 3500


def test_a_full_gpu_is_left_the_least_that_there_can_be(gpu):
    gpu(free=20)
    assert usual_memory(GPU) == 16


def test_a_memory_that_is_given_is_kept_and_all_else_too(gpu):
    gpu(free=6000)
    given = Computing("exact", "tf32", 64)
    assert with_memory(given, GPU) is given
    assert with_memory(Computing("exact", "tf32"), GPU) == Computing("exact", "tf32", 3000)


def test_means_without_a_memory_are_one_kind_of_means():
    assert len({Computing(), Computing(memory=None), Computing(memory=2048)}) == 2


@torch.inference_mode()
def test_an_engine_is_made_for_the_memory_that_is_usual_where_it_computes(monkeypatch):
    identifier = residual_identifier(channels=64)
    photos = random_photos(1, 128, 256)
    plenty, little = Computing(memory=256), Computing(memory=24)
    names = [make_engine(identifier, photos, SETTINGS, one).name for one in (plenty, little)]
    assert names == ["exact", "reference"]
    monkeypatch.setattr(allowance, "ON_PROCESSOR", 24)
    assert make_engine(identifier, photos, SETTINGS, Computing()).name == "reference"
    making = MapsInTheMaking(identifier, photos[0], ("w0",), [0], SETTINGS, Computing())
    assert making.computing.memory == 24
