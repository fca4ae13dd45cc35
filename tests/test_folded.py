"""Folded networks against the networks they were folded from, in double precision."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.models import ResNet, resnet18
from torchvision.models.resnet import BasicBlock, Bottleneck

from tests.residual import double_logits, random_photos, residual_network, shaken
from whalecore.explain.folded import fold

TORCHVISION = {
    "basic": {"block": BasicBlock, "layers": [2, 1, 1, 2]},
    "bottleneck": {"block": Bottleneck, "layers": [1, 2, 1, 1]},
    "resnext": {
        "block": Bottleneck, "layers": [1, 1, 1, 1], "groups": 32, "width_per_group": 4,
    },
    "wide": {"block": Bottleneck, "layers": [1, 1, 1, 1], "width_per_group": 128},
    "dilated": {
        "block": Bottleneck, "layers": [1, 1, 2, 1],
        "replace_stride_with_dilation": [False, True, True],
    },
}  # fmt: skip


def torchvision_network(kind):
    torch.manual_seed(0)
    return shaken(ResNet(num_classes=4, **TORCHVISION[kind]))


def folded_logits(folded, images):
    """The folded network, one operation after another."""
    down, across = folded.pool
    values = functional.max_pool2d(
        folded.stem(images).relu(),
        (down.kernel, across.kernel),
        (down.stride, across.stride),
        (down.padding, across.padding),
    )
    for block in folded.blocks:
        entry = values
        for conv in block.convs[:-1]:
            values = conv(values).relu()
        shortcut = entry if block.shortcut is None else block.shortcut(entry)
        values = (block.convs[-1](values) + shortcut).relu()
    return folded.head(values.mean(dim=(2, 3)))


def test_the_head_computes_in_double_precision_whatever_the_weights_are_kept_in():
    for network in (residual_network("resnet18"), torchvision_network("basic")):
        size = network.embedding_size if hasattr(network, "neck") else network.fc.in_features
        pooled = torch.rand(5, size, generator=torch.Generator().manual_seed(0))
        actual = fold(network, torch.bfloat16).head(pooled)
        network = network.double()
        if hasattr(network, "neck"):
            expected = network.logits(network.embedding_of_pooled(pooled.double()))
        else:
            expected = network.fc(pooled.double())
        assert actual.dtype == torch.float64
        assert not actual.requires_grad
        torch.testing.assert_close(actual, expected.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("architecture", ["resnet18", "resnet34", "resnet50"])
def test_the_folded_network_gives_the_networks_logits(architecture):
    network = residual_network(architecture).double()
    photos = random_photos(2, 33, 47).double()
    with torch.no_grad():
        expected = double_logits(network, photos)
        actual = folded_logits(fold(network, torch.float64), photos)
    assert expected.std() > 0.1
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", TORCHVISION)
def test_torchvisions_networks_give_their_logits(kind):
    network = torchvision_network(kind).double()
    photos = random_photos(2, 33, 47).double()
    with torch.no_grad():
        actual = folded_logits(fold(network, torch.float64), photos)
        torch.testing.assert_close(actual, network(photos), rtol=1e-9, atol=1e-9)


def test_biases_and_normalisation_without_weights_are_folded_too():
    network = torchvision_network("basic")
    block = network.layer1[0]
    block.conv1 = nn.Conv2d(64, 64, 3, padding=1, bias=True)
    block.bn2 = nn.BatchNorm2d(64, affine=False).eval()
    with torch.no_grad():
        block.bn2.running_mean.uniform_(-0.3, 0.3)
        block.bn2.running_var.uniform_(0.6, 1.6)
        network = network.double()
        photos = random_photos(1, 32, 64).double()
        actual = folded_logits(fold(network, torch.float64), photos)
        torch.testing.assert_close(actual, network(photos), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_folded_weights_have_the_number_type_asked_for_and_lie_channels_last(dtype):
    folded = fold(residual_network(), dtype)
    assert folded.dtype == dtype
    assert folded.device == torch.device("cpu")
    for block in folded.blocks:
        for conv in (*block.convs, *([block.shortcut] if block.shortcut else [])):
            assert conv.weight.dtype == conv.bias.dtype == dtype
            assert conv.weight.is_contiguous(memory_format=torch.channels_last)
            assert not conv.weight.requires_grad


def test_blocks_are_listed_layer_by_layer():
    folded = fold(residual_network("resnet50"))
    assert folded.layers == (3, 4, 6, 3)
    assert [len(block.convs) for block in folded.blocks] == [3] * 16
    projections = [number for number, block in enumerate(folded.blocks) if block.shortcut]
    assert projections == [0, 3, 7, 13]
    assert folded.shape(0, 256).total_stride == 32


def replaced(change):
    network = shaken(resnet18(num_classes=3))
    change(network)
    return network


def with_other_rectifier(network):
    network.layer2[1].relu = nn.GELU()


def with_other_rectifier_in_the_stem(network):
    network.relu = nn.ReLU6()


def with_other_pooling(network):
    network.maxpool = nn.AvgPool2d(3, 2, 1)


def with_rounded_up_pooling(network):
    network.maxpool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)


def with_other_normalisation(network):
    network.layer3[0].bn1 = nn.GroupNorm(8, 256)


def with_statistics_of_the_batch(network):
    network.bn1 = nn.BatchNorm2d(64, track_running_stats=False)


def with_mirrored_borders(network):
    network.layer1[0].conv1.padding_mode = "reflect"


def with_larger_shortcut(network):
    network.layer2[0].downsample[0] = nn.Conv2d(64, 128, 3, stride=2, padding=1)


def with_other_strides_along_rows_and_columns(network):
    network.conv1.stride = (1, 2)


def with_a_stride_of_no_power_of_two(network):
    network.conv1.stride = (3, 3)


def with_a_block_of_another_kind(network):
    class Block(BasicBlock):
        def forward(self, x):
            return super().forward(x) * 2

    network.layer1[0] = Block(64, 64)


def in_training(network):
    network.train()


@pytest.mark.parametrize(
    "change",
    [
        with_other_rectifier,
        with_other_rectifier_in_the_stem,
        with_other_pooling,
        with_rounded_up_pooling,
        with_other_normalisation,
        with_statistics_of_the_batch,
        with_mirrored_borders,
        with_larger_shortcut,
        with_other_strides_along_rows_and_columns,
        with_a_stride_of_no_power_of_two,
        with_a_block_of_another_kind,
        in_training,
    ],
)
def test_a_network_that_is_built_otherwise_is_not_folded(change):
    assert fold(replaced(lambda network: None)) is not None
    assert fold(replaced(change)) is None


def test_networks_of_other_families_are_not_folded():
    assert fold(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())) is None
    assert fold(residual_network().train()) is None
