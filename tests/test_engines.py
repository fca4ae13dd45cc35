"""Engines against the definition in double precision, at every position."""

import itertools

import pytest
import torch
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock, Bottleneck

from tests.residual import (
    all_blocks,
    covered_logits,
    double_logits,
    furthest,
    in_double_precision,
    random_photos,
    residual_identifier,
    shaken,
)
from whalecore.errors import SettingsError
from whalecore.explain.engines import ExactEngine, ReferenceEngine
from whalecore.explain.folded import fold
from whalecore.types import OcclusionSettings

ALLOWED = 1e-4
"""Largest deviation, as a share of the range of the map."""


class OfTorchvision:
    """What brute force needs of an identifier."""

    def __init__(self, network):
        self.logits = network


def settings_of(patch, stride):
    return OcclusionSettings(patch, stride, fill=2.0, target="logit")


@pytest.fixture(scope="module")
def identifiers():
    """Made once: an identifier and its network in double precision, by architecture."""
    made = {}

    def make(architecture):
        if architecture not in made:
            identifier = residual_identifier(architecture, individuals=3)
            made[architecture] = identifier, in_double_precision(identifier.network)
        return made[architecture]

    return make


def check(identifier, network, photos, settings, limit=32):
    """Both engines at every position of the map."""
    expected = covered_logits(network, photos, settings)
    clean = double_logits(network, photos)
    exact = ExactEngine(fold(identifier.network), photos, settings, limit)
    for engine in (exact, ReferenceEngine(identifier, photos, settings)):
        torch.testing.assert_close(engine.clean.double(), clean, rtol=0, atol=1e-4)
        assert furthest(all_blocks(engine), expected, clean) < ALLOWED


SMALL = [(33, 47), (32, 64), (31, 32), (64, 33)]
PATCHES = [(1, 1), (5, 1), (5, 2), (5, 3), (5, 4), (8, 8), (35, 3), (35, 4), (35, 8)]


@torch.inference_mode()
@pytest.mark.parametrize(("height", "width"), SMALL)
@pytest.mark.parametrize(("patch", "stride"), PATCHES)
def test_every_position_of_a_basic_network_is_exact(identifiers, height, width, patch, stride):
    if stride == 1 and (height, width) != (33, 47):
        height, width = height // 2, width // 2
    photos = random_photos(1, height, width)
    check(*identifiers("resnet18"), photos, settings_of(patch, stride))


@torch.inference_mode()
@pytest.mark.parametrize(
    ("height", "width", "patch", "stride"),
    [(33, 47, 8, 8), (32, 64, 35, 16), (9, 13, 3, 2), (33, 31, 5, 5), (65, 34, 35, 17)],
)
def test_every_position_of_a_bottleneck_network_is_exact(identifiers, height, width, patch, stride):
    photos = random_photos(1, height, width)
    check(*identifiers("resnet50"), photos, settings_of(patch, stride))


@torch.inference_mode()
@pytest.mark.parametrize(
    ("height", "width", "patch", "stride"),
    [
        (3, 40, 5, 3),
        (40, 5, 3, 2),
        (33, 47, 60, 8),  # a patch larger than the photo
        (17, 23, 28, 1),
        (33, 49, 5, 5),
        (34, 66, 16, 16),
        (10, 10, 4, 4),  # positions beyond the border whose patches still touch the photo
        (33, 65, 32, 32),  # the last patch covers pixels beyond the middle of its block only
        (41, 81, 40, 40),
        (45, 90, 6, 6),  # a stride that shares only 2 with the network's
    ],
)
def test_unusual_photos_and_patches_are_exact(identifiers, height, width, patch, stride):
    photos = random_photos(1, height, width)
    check(*identifiers("resnet18"), photos, settings_of(patch, stride))


@torch.inference_mode()
@pytest.mark.parametrize(("height", "width", "patch"), [(1, 1, 1), (33, 47, 100), (17, 23, 64)])
def test_a_patch_over_the_whole_photo_gives_the_logits_of_an_empty_one(
    identifiers, height, width, patch
):
    identifier, network = identifiers("resnet18")
    photos = random_photos(1, height, width)
    expected = double_logits(network, torch.full_like(photos, 2.0))
    engine = ExactEngine(
        fold(identifier.network), photos, settings_of(patch, 8 if patch > 1 else 1)
    )
    logits = all_blocks(engine).double()
    torch.testing.assert_close(logits, expected.expand_as(logits), rtol=1e-5, atol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("patch", [1, 5, 35])
def test_every_kind_of_edge_of_larger_photos_is_exact(identifiers, patch):
    """All phases of the four corners and of the middle of each edge, 97 x 161 pixels."""
    identifier, network = identifiers("resnet18")
    photos = random_photos(1, 97, 161)
    # Far from the pixels' values, so that even a single one changes more than float32 rounds.
    settings = OcclusionSettings(patch, 1, fill=8.0, target="logit")
    engine = ExactEngine(fold(identifier.network), photos, settings)
    rows = [0, 1, 2, 3, 16, 17, 47, 48, 80, 93, 94, 95, 96]
    cols = [0, 1, 2, 3, 16, 17, 79, 80, 81, 144, 157, 158, 159, 160]
    expected = covered_logits(network, photos, settings, rows, cols)
    actual = torch.full_like(expected, torch.nan)
    phases = engine.grid.rows.phases
    for phase in {(row % phases, col % phases) for row in rows for col in cols}:
        for block in engine.blocks(phase):
            for down, across in itertools.product(block.rows, block.cols):
                if down in rows and across in cols:
                    value = block.logits[:, block.rows == down][:, 0, block.cols == across]
                    actual[:, rows.index(down), cols.index(across)] = value[:, 0].double()
    assert furthest(actual, expected, double_logits(network, photos)) < ALLOWED


@torch.inference_mode()
@pytest.mark.parametrize("kind", ["exact", "reference"])
def test_several_photos_are_as_exact_as_each_alone(identifiers, kind):
    identifier, network = identifiers("resnet18")
    photos, settings = random_photos(2, 33, 47), settings_of(5, 4)

    def engine(some):
        if kind == "exact":
            return ExactEngine(fold(identifier.network), some, settings)
        return ReferenceEngine(identifier, some, settings)

    together = all_blocks(engine(photos))
    clean = double_logits(network, photos)
    assert furthest(together, covered_logits(network, photos, settings), clean) < ALLOWED
    for number, photo in enumerate(photos):
        alone = all_blocks(engine(photo[None]))
        assert furthest(together[[number]], alone, clean[[number]]) < ALLOWED


@torch.inference_mode()
def test_the_number_of_patches_computed_together_does_not_change_the_logits(identifiers):
    identifier, network = identifiers("resnet18")
    photos, settings = random_photos(1, 70, 101), settings_of(8, 8)
    expected = covered_logits(network, photos, settings)
    clean = double_logits(network, photos)
    for limit in (1, 3, 32):
        engine = ExactEngine(fold(identifier.network), photos, settings, limit)
        sizes = [
            block.logits[..., 0].numel()
            for phases in engine.grid.phases_by_level()
            for phase in phases
            for block in engine.blocks(phase)
        ]
        assert max(sizes) <= limit
        assert furthest(all_blocks(engine), expected, clean) < ALLOWED
        reference = ReferenceEngine(identifier, photos, settings, limit)
        assert furthest(all_blocks(reference), expected, clean) < ALLOWED


@torch.inference_mode()
@pytest.mark.parametrize("fill", [0.0, -1.5])
def test_any_fill_is_exact(identifiers, fill):
    identifier, network = identifiers("resnet18")
    photos = 3 * random_photos(1, 32, 64)
    check(identifier, network, photos, OcclusionSettings(5, 4, fill, "logit"))


@torch.inference_mode()
@pytest.mark.parametrize(
    ("patch", "stride", "shape"),
    [
        (8, 8, {"groups": 32, "width_per_group": 4}),
        (6, 5, {"groups": 32, "width_per_group": 4}),
        (6, 5, {"width_per_group": 128}),
        (8, 8, {"replace_stride_with_dilation": [False, False, True]}),
        (8, 8, {"replace_stride_with_dilation": [True, True, True]}),
    ],
    ids=[
        "groups", "groups at an odd stride", "wide at an odd stride", "dilation in layer4",
        "dilation everywhere",
    ],
)  # fmt: skip
def test_torchvisions_networks_are_exact(patch, stride, shape):
    torch.manual_seed(0)
    network = shaken(ResNet(Bottleneck, [1, 1, 1, 1], num_classes=3, **shape))
    photos, settings = random_photos(1, 40, 66), settings_of(patch, stride)
    engine = ExactEngine(fold(network), photos, settings)
    reference = all_blocks(ReferenceEngine(OfTorchvision(network), photos, settings))
    assert furthest(all_blocks(engine), reference, engine.clean) < ALLOWED


@torch.inference_mode()
def test_other_strides_along_rows_and_columns_are_exact_where_their_products_are_the_same():
    torch.manual_seed(0)
    network = shaken(ResNet(BasicBlock, [1, 1, 1, 1], num_classes=3))
    network.conv1.stride, network.maxpool.stride = (1, 2), (4, 2)
    photos, settings = random_photos(1, 70, 101), settings_of(8, 8)
    engine = ExactEngine(fold(network), photos, settings)
    reference = all_blocks(ReferenceEngine(OfTorchvision(network), photos, settings))
    assert furthest(all_blocks(engine), reference, engine.clean) < ALLOWED


@torch.inference_mode()
def test_a_single_pixel_that_hardly_changes_anything_is_as_exact_as_a_patch():
    identifier = residual_identifier(channels=32)
    network, photos = in_double_precision(identifier.network), random_photos(1, 33, 47)
    settings, rows, cols = OcclusionSettings(1, 1, target="logit"), [0, 9, 32], [0, 11, 32, 43]
    engine = ExactEngine(fold(identifier.network), photos, settings)
    found = engine.clean.new_full((1, *engine.grid.shape, 3), torch.nan)
    for phase in itertools.product((0, 9), (0, 11)):
        for block in engine.blocks(phase):
            found[:, block.rows[:, None], block.cols] = block.logits
    clean = double_logits(network, photos)
    expected = clean[:, None, None] - covered_logits(network, photos, settings, rows, cols)
    actual = engine.clean[:, None, None] - found[:, rows][:, :, cols]
    ranges = expected.amax(dim=(1, 2)) - expected.amin(dim=(1, 2))
    assert ((actual - expected).abs().amax(dim=(1, 2)) < 1e-5 * ranges).all()


def test_a_batch_of_no_photos_is_refused(identifiers):
    identifier, _ = identifiers("resnet18")
    with pytest.raises(SettingsError, match="batch 0 is too small"):
        ReferenceEngine(identifier, random_photos(1, 32, 64), settings_of(5, 4), batch=0)


@pytest.mark.slow
@torch.inference_mode()
@pytest.mark.parametrize(
    ("architecture", "height", "width", "patch", "stride"),
    [
        ("resnet18", 128, 256, 5, 4),
        ("resnet18", 127, 253, 35, 3),
        ("resnet18", 128, 256, 1, 1),
        ("resnet50", 97, 161, 5, 4),
        ("resnet50", 96, 160, 35, 8),
        ("resnet101", 95, 129, 5, 2),
        ("resnet101", 96, 128, 35, 8),
    ],
)
def test_networks_of_full_width_are_exact_at_corners_edges_and_inside(
    architecture, height, width, patch, stride
):
    identifier = residual_identifier(architecture, individuals=3, channels=64)
    network = in_double_precision(identifier.network)
    photos = random_photos(1, height, width)
    # Networks from chance hardly look at single pixels: a bright patch changes their logits by
    # more than float32 rounds them.
    settings = OcclusionSettings(patch, stride, fill=20.0, target="logit")
    engine = ExactEngine(fold(identifier.network), photos, settings)
    grid, clean = engine.grid, double_logits(network, photos)
    last = tuple((axis.count - 1) % axis.phases for axis in (grid.rows, grid.cols))
    for phase in {(0, 0), last}:
        members = grid.rows.members(phase[0]), grid.cols.members(phase[1])
        found = clean.new_full((1, *grid.shape, 3), torch.nan)
        for block in engine.blocks(phase):
            found[:, block.rows[:, None], block.cols] = block.logits.double()
        rows, cols = (sorted({one[0], one[len(one) // 2], one[-1]}) for one in members)
        expected = covered_logits(network, photos, settings, rows, cols)
        assert furthest(found[:, rows][:, :, cols], expected, clean) < ALLOWED
