"""The faster convolution against the plain sum in double precision."""

import pytest
import torch
from torch.nn import functional

from whalecore.explain import winograd
from whalecore.explain.alive import AliveBytes

CASES = [  # photos, height, width, inputs, outputs, rows, cols, above, left
    (1, 4, 4, 1, 1, 4, 4, 1, 1),
    (3, 8, 8, 16, 24, 8, 8, 1, 1),
    (2, 5, 7, 8, 8, 7, 9, 2, 2),  # a tile that grows on all sides
    (2, 5, 7, 8, 8, 6, 8, 2, 1),
    (2, 9, 6, 5, 3, 4, 3, 0, 1),  # a tile whose last cells are not needed
    (5, 1, 1, 7, 2, 3, 3, 2, 2),
    (1, 13, 30, 3, 40, 11, 28, 0, 0),
    (1, 1, 9, 4, 4, 1, 9, 1, 1),
]


def plain(tiles, weight, rows, cols, before):
    above, left = before
    sides = (left, cols + 2 - tiles.shape[2] - left, above, rows + 2 - tiles.shape[1] - above)
    padded = functional.pad(tiles.double().permute(0, 3, 1, 2), sides)
    return functional.conv2d(padded, weight.double()).permute(0, 2, 3, 1)


@pytest.mark.parametrize("working_bytes", [1, 8 * 2**20])
@pytest.mark.parametrize("case", CASES)
def test_it_equals_the_plain_sum(monkeypatch, case, working_bytes):
    photos, height, width, inputs, outputs, rows, cols, above, left = case
    monkeypatch.setattr(winograd, "WORKING_BYTES", working_bytes)
    generator = torch.Generator().manual_seed(0)
    tiles = torch.randn(photos, height, width, inputs, generator=generator)
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator)
    kernel = winograd.transformed_kernel(weight)
    actual = winograd.convolve(tiles, kernel, rows, cols, (above, left))
    expected = plain(tiles, weight, rows, cols, (above, left))
    assert actual.dtype == torch.float32
    assert actual.shape == (photos, rows, cols, outputs)
    assert (actual - expected).abs().max() < 1e-5 * expected.abs().max()


def test_a_kernel_of_one_centre_weight_copies_the_tile():
    weight = torch.zeros(1, 1, 3, 3)
    weight[0, 0, 1, 1] = 1
    tiles = torch.arange(35.0).view(1, 5, 7, 1)
    copied = winograd.convolve(tiles, winograd.transformed_kernel(weight), 5, 7, (1, 1))
    torch.testing.assert_close(copied, tiles, rtol=0, atol=2e-5)


def test_a_view_of_a_larger_tensor_is_read_at_its_own_place():
    generator = torch.Generator().manual_seed(1)
    large = torch.randn(4, 12, 12, 6, generator=generator)
    weight = torch.randn(2, 6, 3, 3, generator=generator)
    view = large[1:3, 2:9, 3:8]
    actual = winograd.convolve(view, winograd.transformed_kernel(weight), 7, 5, (1, 1))
    expected = plain(view, weight, 7, 5, (1, 1))
    assert (actual - expected).abs().max() < 1e-5 * expected.abs().max()


def test_a_kernel_is_made_in_little_more_memory_than_it_takes():
    weight = torch.ones(256, 64, 3, 3)
    with AliveBytes() as alive:
        kernel = winograd.transformed_kernel(weight)
    assert kernel.nbytes == 36 * 256 * 64 * 4
    assert alive.most < 2 * kernel.nbytes


def test_the_kernels_points_are_those_of_the_published_transform():
    weight = torch.ones(1, 1, 3, 3)
    points = winograd.transformed_kernel(weight).view(6, 6)
    side = torch.tensor([1 / 4, -1 / 2, -1 / 6, 7 / 24, 1 / 8, 1])
    torch.testing.assert_close(points, side[:, None] * side)
