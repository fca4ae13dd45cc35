"""Linearised maps against the cases in which they must be exact, and against plain gradients."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, ResNet

from tests.residual import all_blocks, random_photos, shaken
from whalecore.explain.alive import AliveBytes
from whalecore.explain.engines import ExactEngine
from whalecore.explain.folded import fold
from whalecore.explain.linear import LinearisedMaps
from whalecore.explain.patches import positions
from whalecore.explain.room import clean_bytes
from whalecore.types import OcclusionSettings

SETTINGS = OcclusionSettings(patch=5, stride=4, fill=2.0)


@pytest.fixture(scope="module")
def engine_and_photo():
    torch.manual_seed(0)
    network = fold(shaken(ResNet(BasicBlock, [1, 1, 1, 1], num_classes=3)))
    photo = random_photos(1, 32, 64)
    with torch.inference_mode():
        return ExactEngine(network, photo, SETTINGS), photo


def linear_changes(engine, photo, depth, outputs, phases, at_once=None):
    maps = LinearisedMaps(engine, photo, depth, outputs, at_once)
    maps.compute(phases)
    return maps.changes


def every_phase(engine):
    return [phase for level in engine.grid.phases_by_level() for phase in level]


def test_with_every_block_exact_and_a_linear_head_the_changes_are_exact(engine_and_photo):
    engine, photo = engine_and_photo
    changes = linear_changes(engine, photo, 4, lambda logits: logits, every_phase(engine))
    with torch.inference_mode():
        expected = (all_blocks(engine)[0] - engine.clean[0]).permute(2, 0, 1)
    assert torch.allclose(changes.double(), expected, atol=1e-5)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_changes_are_the_gradient_times_what_a_patch_does_up_to_the_block(engine_and_photo, depth):
    engine, photo = engine_and_photo
    network = engine.network

    def up_to(image):
        values = network.pooled_stem(image)
        for block in network.blocks[:depth]:
            values = block(values)
        return values

    def logits_from(values):
        for block in network.blocks[depth:]:
            values = block(values)
        return network.head(values.mean(dim=(2, 3)))[0].float()

    slopes = torch.autograd.functional.jacobian(logits_from, up_to(photo))
    changes = linear_changes(engine, photo, depth, lambda logits: logits, every_phase(engine))
    for row in (0, 3, 7):
        for col in (0, 8, 15):
            y, x = positions(32, 4)[row], positions(64, 4)[col]
            covered = photo.clone()
            covered[:, :, max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] = 2.0
            expected = (slopes * (up_to(covered) - up_to(photo))).flatten(1).sum(dim=1)
            assert torch.allclose(changes[:, row, col], expected, atol=1e-4, rtol=1e-4)


def test_the_outputs_are_what_is_differentiated(engine_and_photo):
    engine, photo = engine_and_photo
    phases = every_phase(engine)

    def share(logits):
        return functional.softmax(logits, dim=1)[:, 1:2]

    of_share = linear_changes(engine, photo, 2, share, phases)
    of_logits = linear_changes(engine, photo, 2, lambda logits: logits, phases)
    scores = functional.softmax(engine.clean[0].float(), dim=0)
    slope = scores[1] * (torch.eye(3)[1] - scores)
    assert torch.allclose(of_share[0], torch.einsum("k,kij->ij", slope, of_logits), atol=1e-6)


def test_positions_of_other_phases_stay_zero(engine_and_photo):
    engine, photo = engine_and_photo
    phase = (0, 0)
    changes = linear_changes(engine, photo, 1, lambda logits: logits, [phase]).numpy()
    rows, cols = engine.grid.rows.members(0), engine.grid.cols.members(0)
    assert np.all(changes[:, rows[:, None], cols] != 0)
    assert np.count_nonzero(changes) == 3 * len(rows) * len(cols)


def test_gradients_of_few_outputs_at_a_time_are_the_same_in_less_memory(engine_and_photo):
    engine, photo = engine_and_photo
    found, most = [], []
    for at_once in (3, 2, 1):
        with AliveBytes() as alive:
            found.append(linear_changes(engine, photo, 1, lambda logits: logits, [(0, 0)], at_once))
        most.append(alive.most)
    assert torch.allclose(found[0], found[1], atol=1e-6)
    assert torch.allclose(found[0], found[2], atol=1e-6)
    assert most[2] < most[1] < most[0]
    # What a map on its own may take, as it is counted beforehand.
    assert most[2] < clean_bytes(engine.network, engine.tiling, photos=1)
