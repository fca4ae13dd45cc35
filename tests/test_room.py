"""The memory that engines take, tensor by tensor, against what is allowed and what was foretold."""

from dataclasses import fields

import pytest
import torch
from torchvision.models import resnet101

from tests.residual import random_photos, residual_identifier
from whalecore.explain import delta
from whalecore.explain.alive import AliveBytes
from whalecore.explain.allowance import usual_memory
from whalecore.explain.choice import make_engine
from whalecore.explain.delta import PaddedMap
from whalecore.explain.engines import ReferenceEngine
from whalecore.explain.folded import fold
from whalecore.explain.room import clean_bytes, room_needed, tile_bytes, weight_bytes
from whalecore.explain.tiling import Tiling
from whalecore.types import Computing, OcclusionSettings

MEBIBYTE = 2**20


def test_bytes_are_counted_as_long_as_a_tensor_is_alive_and_views_add_none():
    given = torch.zeros(256, 4)
    with AliveBytes() as alive:
        large = torch.zeros(1024, 256)
        small = large[:10] + 1
        large.view(-1).add_(1)
        given.add_(1)
        assert alive.now == MEBIBYTE + 10 * 1024
        del large
        assert alive.now == small.nbytes == 10 * 1024
        again = torch.ones(512, 256)
    assert alive.now == again.nbytes + small.nbytes
    assert alive.most == MEBIBYTE + 10 * 1024


CASES = [  # architecture, channels, height, width, patch, stride, patches together, photos
    ("resnet18", 16, 64, 96, 16, 8, 32, 3),
    ("resnet18", 64, 64, 128, 5, 1, 8, 1),
    ("resnet18", 32, 128, 256, 35, 4, 32, 1),
    ("resnet50", 64, 32, 64, 5, 4, 4, 1),
    ("resnet50", 64, 33, 71, 9, 3, 8, 2),
]


def kept(clean: delta.CleanPass) -> list[torch.Tensor]:
    """All tensors of a clean pass."""
    values = [getattr(clean, field.name) for field in fields(clean)]
    maps = [one.values for one in values if isinstance(one, PaddedMap)]
    both = [
        one for block in clean.blocks for rectified in block for one in vars(rectified).values()
    ]
    return [*maps, *(one.values for one in both), clean.features]


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_clean_maps_are_foretold_exactly_and_tiles_take_no_more_than_foretold(case, dtype):
    architecture, channels, height, width, patch, stride, most, count = case
    network = fold(residual_identifier(architecture, channels=channels).network, dtype)
    photos = random_photos(count, height, width).to(dtype)
    tiling = Tiling(network, height, width, OcclusionSettings(patch, stride), most)
    with AliveBytes() as making:
        clean = delta.clean_pass(network, photos, 0.0, *tiling.margins)
    foretold = clean_bytes(network, tiling, count)
    assert sum(one.nbytes for one in kept(clean)) == foretold
    for block in network.blocks:
        for conv in block.convs:
            # Made once for a network: it counts as a weight.
            _ = conv.three_by_three and conv.transformed
    with AliveBytes() as alive:
        for _, _, down, across in list(tiling.chunks((0, 0)))[:2]:
            delta.changed_features(network, clean, down, across)
    tiles = tile_bytes(network, tiling, count)
    assert alive.most <= tiles
    if dtype == torch.bfloat16:
        # Nor far less, where it is not the working memory of Winograd's way alone.
        assert alive.most > tiles / 3
    assert foretold < making.most <= room_needed(network, tiling, count)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("architecture", ["resnet18", "resnext50_32x4d"])
def test_what_is_kept_of_a_networks_weights_is_foretold(architecture, dtype):
    identifier = residual_identifier(architecture, channels=32)
    with AliveBytes() as alive:
        network = fold(identifier.network, dtype)
        for conv in network.convolutions:
            _ = conv.three_by_three and conv.transformed
    assert alive.now == pytest.approx(weight_bytes(network), rel=2e-3)


def test_the_usual_memory_holds_the_largest_networks_tiles_on_a_processor():
    network, settings = fold(resnet101().eval()), OcclusionSettings(5, 4)
    full, fewer = (Tiling(network, 256, 512, settings, most) for most in (32, 16))
    needed = weight_bytes(network) + room_needed(network, full, 1)
    assert needed < 1024 * MEBIBYTE < usual_memory(torch.device("cpu")) * MEBIBYTE
    assert len(full.plans(0)) * len(full.plans(1)) <= len(fewer.plans(0)) * len(fewer.plans(1))


@torch.inference_mode()
@pytest.mark.parametrize("engine", ["exact", "reference"])
@pytest.mark.parametrize("memory", [224, 288])
def test_an_engine_and_a_phase_of_it_stay_within_the_memory_allowed(engine, memory):
    identifier = residual_identifier(channels=64)
    photos, settings = random_photos(1, 64, 128), OcclusionSettings(5, 2)
    with AliveBytes() as alive:
        made = make_engine(identifier, photos, settings, Computing(engine, memory=memory))
        assert made.name == engine
        for number, _ in enumerate(made.blocks((0, 0))):
            if number == 2:
                break
    assert alive.most <= memory * MEBIBYTE


@torch.inference_mode()
def test_brute_force_takes_only_as_many_covered_photos_as_fit():
    identifier = residual_identifier(channels=64)
    photos, settings = random_photos(2, 64, 128), OcclusionSettings(5, 4)
    with AliveBytes() as one:
        identifier.logits(photos[:1])
    memory = 3 * (one.most + 2 * photos[0].nbytes) + 1000
    with AliveBytes() as alive:
        engine = ReferenceEngine(identifier, photos, settings, 16, memory)
        block = next(engine.blocks((0, 0)))
    assert engine.limit == 3
    assert block.logits.shape[:3] == (2, 1, 1)
    assert memory / 3 < alive.most <= memory
