"""Tiles of changes against differences of whole maps, in double precision."""

import itertools

import pytest
import torch
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock, Bottleneck

from tests.residual import random_photos, residual_network, shaken
from whalecore.explain import delta
from whalecore.explain.folded import fold
from whalecore.explain.spans import Span, plan_axis
from whalecore.types import LAYERS

FILL = 1.5


def maps_of(network, photos):
    """Outputs of the pooled stem and of every block."""
    if isinstance(network, ResNet):
        values = network.maxpool(network.relu(network.bn1(network.conv1(photos))))
    else:
        values = network.stem(photos)
    maps = [values]
    for layer in LAYERS:
        for block in network.get_submodule(layer):
            maps.append(block(maps[-1]))
    return maps


def prepared(network, photos, rows, cols):
    """The folded network, its clean pass and the plans of a grid of patches."""
    folded = fold(network, torch.float64)
    shapes = [folded.shape(axis, photos.shape[2 + axis]) for axis in (0, 1)]
    plans = [plan_axis(shape, span) for shape, span in zip(shapes, (rows, cols), strict=True)]
    margins = [delta.margins_of(shape, [plan]) for shape, plan in zip(shapes, plans, strict=True)]
    return folded, delta.clean_pass(folded, photos, FILL, *margins), *plans


def covered(photo, rows, cols, down, across):
    top, left = rows.start + down * rows.step, cols.start + across * cols.step
    photo = photo.clone()
    bottom, right = max(0, top + rows.size), max(0, left + cols.size)
    photo[:, max(0, top) : bottom, max(0, left) : right] = FILL
    return photo


def on_whole_map(tile, top, left, like):
    """A tile on a map of zeros; what hangs over the border must be zero as well."""
    whole = torch.zeros_like(like)
    rows = slice(max(top, 0), max(top + tile.shape[1], 0))
    cols = slice(max(left, 0), max(left + tile.shape[2], 0))
    _, height, width = whole[:, rows, cols].shape
    first_row, first_col = max(-top, 0), max(-left, 0)
    kept = tile[:, first_row : first_row + height, first_col : first_col + width]
    whole[:, rows, cols] = kept
    assert kept.count_nonzero() == tile.count_nonzero()
    return whole


def check(network, photos, rows, cols):
    folded, clean, down, across = prepared(network, photos, rows, cols)
    expected = {}
    before = maps_of(network, photos)
    for row in range(rows.count):
        for col in range(cols.count):
            images = torch.stack([covered(one, rows, cols, row, col) for one in photos])
            after = maps_of(network, images)
            expected[row, col] = [new - old for new, old in zip(after, before, strict=True)]
    by_row = [down.pool.span, *(block.steps[-1].span for block in down.blocks)]
    by_col = [across.pool.span, *(block.steps[-1].span for block in across.blocks)]
    changes = delta.block_changes(folded, clean, down, across)
    for number, tiles in enumerate(changes):
        row_span, col_span = by_row[number], by_col[number]
        grid = tiles.view(len(photos), rows.count, cols.count, *tiles.shape[1:])
        scale = before[number].abs().max()
        for (row, col), differences in expected.items():
            top = row_span.start + row * row_span.step
            left = col_span.start + col * col_span.step
            for photo, difference in enumerate(differences[number]):
                tile = grid[photo, row, col].permute(2, 0, 1)
                actual = on_whole_map(tile, top, left, difference)
                torch.testing.assert_close(actual, difference, rtol=0, atol=1e-12 * scale)
    features = delta.changed_features(folded, clean, down, across)
    for (row, col), differences in expected.items():
        truth = (before[-1] + differences[-1]).mean(dim=(2, 3))
        torch.testing.assert_close(features[:, row, col], truth, rtol=1e-11, atol=1e-12)


@pytest.fixture(scope="module")
def slim():
    return residual_network("resnet18").double()


@torch.no_grad()
@pytest.mark.parametrize("size", [1, 5, 35])
@pytest.mark.parametrize("phase", range(0, 32, 3))
def test_every_blocks_tiles_are_the_differences_of_its_maps(slim, size, phase):
    """Photos of 70 x 101 pixels; the last patches of some phases hang over the border."""
    start = phase - (size - 1) // 2
    rows = Span(start, 32, size, len(range(phase, 70, 32)))
    start = (5 * phase) % 32 - (size - 1) // 2
    cols = Span(start, 32, size, len(range((5 * phase) % 32, 101, 32)))
    check(slim, random_photos(1, 70, 101).double(), rows, cols)


@torch.no_grad()
@pytest.mark.parametrize(
    ("rows", "cols"),
    [
        (Span(-2, 0, 5, 1), Span(-2, 0, 5, 1)),  # the corners
        (Span(-2, 0, 5, 1), Span(98, 0, 5, 1)),
        (Span(67, 0, 5, 1), Span(-2, 0, 5, 1)),
        (Span(67, 0, 5, 1), Span(98, 0, 5, 1)),
        (Span(30, 0, 5, 1), Span(4, 32, 5, 3)),  # one row of tiles
        (Span(6, 32, 5, 2), Span(50, 0, 5, 1)),
        (Span(-40, 0, 200, 1), Span(-3, 0, 200, 1)),  # the whole photo
        (Span(-1, 64, 8, 2), Span(9, 96, 8, 1)),
        (Span(69, 32, 4, 2), Span(100, 32, 4, 3)),  # tiles that lie beyond the border
    ],
)
def test_patches_at_corners_and_edges_of_two_photos_are_exact(slim, rows, cols):
    check(slim, random_photos(2, 70, 101).double(), rows, cols)


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 11), (33, 47), (32, 64)])
def test_photos_smaller_than_the_networks_stride_are_exact(slim, height, width):
    photos = random_photos(1, height, width).double()
    for row in range(0, min(height, 32), 5):
        rows = Span(row - 1, 32, 3, len(range(row, height, 32)))
        for col in range(0, min(width, 32), 7):
            check(slim, photos, rows, Span(col - 1, 32, 3, len(range(col, width, 32))))


@torch.no_grad()
@pytest.mark.parametrize(
    "shape",
    [
        {"block": Bottleneck, "layers": [2, 1, 1, 1], "groups": 32, "width_per_group": 4},
        {
            "block": Bottleneck,
            "layers": [1, 1, 2, 1],
            "replace_stride_with_dilation": [False, True, True],
        },
        {"block": BasicBlock, "layers": [1, 2, 1, 1]},
    ],
    ids=["groups", "dilation", "basic"],
)
def test_torchvisions_other_blocks_are_exact(shape):
    torch.manual_seed(0)
    network = shaken(ResNet(num_classes=2, **shape)).double()
    photos = random_photos(1, 40, 66).double()
    check(network, photos, Span(3, 32, 5, 2), Span(-2, 32, 5, 3))
    check(network, photos, Span(37, 0, 5, 1), Span(18, 32, 5, 2))


@torch.no_grad()
def test_blocks_that_stride_in_their_first_convolution_are_exact():
    """As in weights that were first trained elsewhere than in torchvision."""
    torch.manual_seed(0)
    network = shaken(ResNet(Bottleneck, [1, 2, 1, 1], num_classes=2)).double()
    for layer in (network.layer2, network.layer3, network.layer4):
        layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
    photos = random_photos(1, 40, 66).double()
    check(network, photos, Span(3, 32, 5, 2), Span(-2, 32, 5, 3))
    check(network, photos, Span(37, 0, 5, 1), Span(18, 32, 5, 2))


@torch.no_grad()
@pytest.mark.parametrize("size", [4, 9])
def test_patches_do_not_change_the_clean_maps_that_later_ones_are_compared_with(slim, size):
    """On photos so small that tiles are as large as the map they are read from."""
    photos = random_photos(1, 10, 10).double()
    patches = [Span(start, 0, size, 1) for start in (-1, 3, 7)]
    folded = fold(slim, torch.float64)
    shape = folded.shape(0, 10)
    plans = [plan_axis(shape, patch) for patch in patches]
    margins = delta.margins_of(shape, plans)
    clean = delta.clean_pass(folded, photos, FILL, margins, margins)
    kept = [
        one.values.clone()
        for one in (clean.cover, clean.stem, clean.highest, clean.pooled, clean.inside)
    ]
    for down, across in itertools.product(plans, plans):
        delta.changed_features(folded, clean, down, across)
    after = (clean.cover, clean.stem, clean.highest, clean.pooled, clean.inside)
    assert all(torch.equal(old, new.values) for old, new in zip(kept, after, strict=True))
