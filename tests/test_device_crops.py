"""Crops on the device: the same images as from the processor, mirror images included."""

import numpy as np
import pytest
import torch

from whalecore.identifiers.device_crops import DeviceCrops, fits

CPU = torch.device("cpu")
CROPS = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("resident", [True, False])
def test_images_are_crops_from_0_to_1_and_beyond_the_last_their_mirror_images(resident):
    images = DeviceCrops(CROPS, CPU, resident).images(np.array([3, 0, 8, 3]))
    upright = torch.from_numpy(CROPS).permute(0, 3, 1, 2) / 255
    expected = torch.stack([upright[3], upright[0], upright[3].flip(2), upright[3]])
    assert images.dtype == torch.float32
    assert torch.equal(images, expected)


def test_more_crops_than_one_piece_reach_the_device_whole():
    crops = np.arange(600, dtype=np.uint32).astype(np.uint8)[:, None, None, None].repeat(3, 3)
    kept = DeviceCrops(crops, CPU, resident=True)
    assert np.array_equal(kept.resident.numpy(), crops)


def test_a_processor_keeps_no_second_copy_and_a_gpu_only_what_leaves_it_room(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (1000, 4000))
    assert not fits(1, CPU)
    assert fits(500, torch.device("cuda"))
    assert not fits(501, torch.device("cuda"))
