"""Multiply-adds against counts by hand and against what layers really compute."""

import pytest
import torch
from torch import nn
from torchvision.models import (
    ResNet18_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNeXt50_32X4D_Weights,
    resnet18,
    resnet50,
    resnet101,
    resnext50_32x4d,
)

from tests.residual import residual_network
from whalecore.explain.folded import fold
from whalecore.explain.spans import Span, plan_axis
from whalecore.explain.work import (
    by_winograd,
    estimated_work,
    multiply_adds,
    tile_multiply_adds,
)


def counted_by_hooks(network, height, width):
    """Multiply-adds of all convolutions, from the outputs they really have."""
    total = 0

    def count(module, _inputs, output):
        nonlocal total
        total += module.weight.numel() * output.shape[2] * output.shape[3]

    handles = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    network(torch.zeros(1, 3, height, width, device=network.conv1.weight.device))
    for handle in handles:
        handle.remove()
    return total


PUBLISHED = [
    (resnet18, ResNet18_Weights.IMAGENET1K_V1),
    (resnet50, ResNet50_Weights.IMAGENET1K_V1),
    (resnet101, ResNet101_Weights.IMAGENET1K_V1),
    (resnext50_32x4d, ResNeXt50_32X4D_Weights.IMAGENET1K_V1),
]


@pytest.mark.parametrize(("build", "weights"), PUBLISHED)
def test_the_count_is_that_of_the_layers_and_the_published_one(build, weights):
    with torch.device("meta"):  # shapes without numbers: nothing is computed
        network = build().eval()
        folded = fold(network)
        for height, width in ((224, 224), (256, 512), (33, 47)):
            expected = counted_by_hooks(network, height, width)
            assert multiply_adds(folded, height, width) == expected
    with_head = multiply_adds(folded, 224, 224) + network.fc.weight.numel()
    assert with_head / 1e9 == pytest.approx(weights.meta["_ops"], abs=5e-4)


def test_a_small_network_has_the_multiply_adds_counted_by_hand():
    folded = fold(residual_network("resnet18", channels=8))
    stem = 3 * 8 * 49 * 16 * 32
    layer1 = 4 * (8 * 8 * 9) * 8 * 16
    layer2 = (8 * 16 * 9 + 3 * 16 * 16 * 9 + 8 * 16) * 4 * 8
    layer3 = (16 * 32 * 9 + 3 * 32 * 32 * 9 + 16 * 32) * 2 * 4
    layer4 = (32 * 64 * 9 + 3 * 64 * 64 * 9 + 32 * 64) * 1 * 2
    assert multiply_adds(folded, 32, 64) == stem + layer1 + layer2 + layer3 + layer4


def test_the_tiles_of_one_patch_have_the_multiply_adds_counted_by_hand():
    """A patch over the pixels 20 to 24 of both axes of a photo of 64 x 64 pixels."""
    folded = fold(residual_network("resnet18", channels=8))
    plan = plan_axis(folded.shape(0, 64), Span(20, 32, 5, 1))
    stem = 3 * 8 * 49 * 5**2  # cells 9 to 13; the maximum over three brings 4 to 7
    layer1 = (8 * 8 * 9) * (6**2 + 8**2 + 10**2 + 12**2)  # until 0 to 11 of 16
    layer2 = (8 * 16 * 9) * 7**2 + (16 * 16 * 9) * 3 * 8**2 + (8 * 16) * 6**2
    layer3 = (16 * 32 * 9 + 3 * 32 * 32 * 9 + 16 * 32) * 4**2
    layer4 = (32 * 64 * 9 + 3 * 64 * 64 * 9 + 32 * 64) * 2**2
    assert tile_multiply_adds(folded, [plan], [plan]) == stem + layer1 + layer2 + layer3 + layer4


def test_pairs_of_plans_add_up():
    folded = fold(residual_network("resnet18", channels=8))
    rows = [plan_axis(folded.shape(0, 70), Span(start, 32, 5, 2)) for start in (-2, 7)]
    cols = [plan_axis(folded.shape(1, 101), Span(start, 32, 5, 3)) for start in (0, 3, 31)]
    alone = sum(tile_multiply_adds(folded, [row], [col]) for row in rows for col in cols)
    assert tile_multiply_adds(folded, rows, cols) == alone


def test_a_tile_takes_less_than_the_photo_and_its_estimate_at_least_a_call_for_each_convolution():
    folded = fold(residual_network("resnet50"))
    small = plan_axis(folded.shape(0, 256), Span(100, 32, 5, 1))
    assert tile_multiply_adds(folded, [small], [small]) < 0.5 * multiply_adds(folded, 256, 256)
    assert estimated_work(folded, [small], [small]) > 53 * 4e6


def test_the_faster_algorithm_is_taken_for_wide_three_by_three_convolutions_of_stride_1_only():
    folded = fold(residual_network("resnet50"))
    one, three, other = folded.blocks[4].convs
    strided = folded.blocks[3].convs[1]
    assert by_winograd(three, 32, 8, 8)
    assert not by_winograd(three, 1, 1, 1)
    assert not any(by_winograd(conv, 32, 8, 8) for conv in (one, other, strided, folded.stem))
    in_double = fold(residual_network("resnet50"), torch.float64)
    assert not by_winograd(in_double.blocks[4].convs[1], 32, 8, 8)
