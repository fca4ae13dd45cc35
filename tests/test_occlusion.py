"""Occlusion maps against hand arithmetic and a brute-force twin."""

import numpy as np
import pytest
import torch

from whalecore.errors import SettingsError
from whalecore.explain.method import method_for
from whalecore.explain.occlusion import covered_pixels, occlusion_maps, positions
from whalecore.types import Box, Crop, OcclusionSettings, Photo


class LinearIdentifier:
    """Its logits are sums of weights times pixels, so each occlusion value is known exactly.

    Weights and pixels are small whole numbers: float32 holds every sum without rounding.
    """

    device = torch.device("cpu")

    def __init__(self, height=9, width=11, individuals=3, seed=0):
        self.height, self.width = height, width
        self.individuals = tuple(f"w{number}" for number in range(individuals))
        generator = torch.Generator().manual_seed(seed)
        self.weights = torch.randint(-3, 4, (individuals, 3, height, width), generator=generator)
        self.batch_sizes = []
        self.recorded_gradients = []

    def locate(self, photo):
        return Crop(Box(1, 1, photo.width, photo.height), "given")

    def prepare(self, photo, box):
        x0, y0 = int(box.x0), int(box.y0)
        cut = photo.pixels[y0 : y0 + self.height, x0 : x0 + self.width]
        return torch.from_numpy(cut.copy()).permute(2, 0, 1).float()

    def logits(self, batch):
        self.batch_sizes.append(len(batch))
        self.recorded_gradients.append(torch.is_grad_enabled())
        return torch.einsum("nchw,kchw->nk", batch, self.weights.float())

    def scores(self, logits):
        return torch.softmax(logits / 50, dim=1)


def whole_number_input(identifier, seed=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (3, identifier.height, identifier.width)
    return torch.randint(-4, 5, shape, generator=generator).float()


def twin(identifier, prepared, individuals, patch, stride, fill, target):
    """The definition, one position at a time."""
    columns = [identifier.individuals.index(name) for name in individuals]

    def scores(x):
        logits = identifier.logits(x[None])
        return (identifier.scores(logits) if target == "probability" else logits)[0, columns]

    rows, cols = -(-identifier.height // stride), -(-identifier.width // stride)
    out = np.zeros((len(columns), rows, cols))
    for i in range(rows):
        for j in range(cols):
            y = stride * i + (stride - 1) // 2
            x = stride * j + (stride - 1) // 2
            covered = prepared.clone()
            top, left = y - (patch - 1) // 2, x - (patch - 1) // 2
            covered[:, max(0, top) : top + patch, max(0, left) : left + patch] = fill
            out[:, i, j] = (scores(prepared) - scores(covered)).numpy()
    return out


CASES = [  # height, width, patch, stride: odd and even, dividing and not, patch beyond the photo
    (9, 11, 5, 4),
    (9, 11, 5, 1),
    (8, 12, 4, 4),
    (8, 12, 4, 3),
    (7, 10, 6, 4),
    (5, 5, 3, 3),
    (5, 9, 1, 1),
    (5, 13, 20, 7),
]


@pytest.mark.parametrize(("height", "width", "patch", "stride"), CASES)
def test_a_linear_identifier_gives_the_hand_computed_sum_at_every_place(
    height, width, patch, stride
):
    identifier = LinearIdentifier(height, width)
    prepared = whole_number_input(identifier)
    maps = occlusion_maps(
        identifier, prepared, identifier.individuals, patch, stride, fill=2.0, target="logit"
    )
    influence = (identifier.weights * (prepared - 2.0)).sum(1).numpy()
    for i, y in enumerate(range((stride - 1) // 2, stride * maps.shape[1], stride)):
        for j, x in enumerate(range((stride - 1) // 2, stride * maps.shape[2], stride)):
            top, left = y - (patch - 1) // 2, x - (patch - 1) // 2
            square = influence[:, max(0, top) : top + patch, max(0, left) : left + patch]
            assert maps[:, i, j] == pytest.approx(square.sum(axis=(1, 2)), abs=0)


@pytest.mark.parametrize(("height", "width", "patch", "stride"), CASES)
@pytest.mark.parametrize("target", ["probability", "logit"])
def test_maps_equal_the_brute_force_twin(height, width, patch, stride, target):
    identifier = LinearIdentifier(height, width)
    prepared = whole_number_input(identifier)
    names = ("w2", "w0")
    maps = occlusion_maps(identifier, prepared, names, patch, stride, 0.0, target, batch=7)
    expected = twin(identifier, prepared, names, patch, stride, 0.0, target)
    assert maps.dtype == np.float32
    assert maps.shape == expected.shape
    np.testing.assert_allclose(maps, expected, atol=1e-6)


def test_positions_follow_the_stated_rule():
    assert positions(256, 4).tolist() == [4 * i + 1 for i in range(64)]
    assert positions(9, 4).tolist() == [1, 5, 9]
    assert positions(5, 3).tolist() == [1, 4]
    assert positions(4, 1).tolist() == [0, 1, 2, 3]


def test_an_odd_patch_is_clipped_at_both_borders():
    covered = covered_pixels(length=6, patch=5, stride=1)
    assert [np.flatnonzero(row).tolist() for row in covered] == [
        [0, 1, 2],
        [0, 1, 2, 3],
        [0, 1, 2, 3, 4],
        [1, 2, 3, 4, 5],
        [2, 3, 4, 5],
        [3, 4, 5],
    ]


def test_an_even_patch_is_centred_on_its_block_of_pixels():
    covered = covered_pixels(length=6, patch=4, stride=2)
    assert [np.flatnonzero(row).tolist() for row in covered] == [
        [0, 1, 2],
        [1, 2, 3, 4],
        [3, 4, 5],
    ]


def test_an_even_patch_equal_to_the_stride_tiles_the_photo():
    assert (covered_pixels(length=24, patch=4, stride=4).sum(axis=0) == 1).all()


def test_the_corners_cover_only_what_lies_inside_the_photo():
    identifier = LinearIdentifier(6, 7, individuals=1)
    identifier.weights = torch.ones_like(identifier.weights)
    maps = occlusion_maps(identifier, torch.ones(3, 6, 7), "w0", 3, 1, 0.0, "logit")[0]
    pixels = maps / 3
    assert (pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]) == (4, 4, 4, 4)
    assert (pixels[0, 1:-1] == 6).all()
    assert (pixels[-1, 1:-1] == 6).all()
    assert (pixels[1:-1, 0] == 6).all()
    assert (pixels[1:-1, -1] == 6).all()
    assert (pixels[1:-1, 1:-1] == 9).all()


def test_every_pixel_is_covered_when_the_patch_is_odd_or_larger_than_the_stride():
    for length in range(1, 30):
        for patch in range(1, 9):
            for stride in range(1, patch + 1):
                if patch % 2 == 1 or patch > stride:
                    assert covered_pixels(length, patch, stride).any(axis=0).all()


def test_a_place_that_supports_the_individual_is_positive_and_one_against_it_negative():
    identifier = LinearIdentifier(5, 5, individuals=1)
    identifier.weights = torch.zeros(1, 3, 5, 5)
    identifier.weights[0, :, 1, 1], identifier.weights[0, :, 3, 3] = 1, -2
    maps = occlusion_maps(identifier, torch.ones(3, 5, 5), "w0", 1, 1, 0.0, "logit")[0]
    assert maps[1, 1] == 3
    assert maps[3, 3] == -6
    assert np.count_nonzero(maps) == 2


def test_the_batch_size_does_not_change_the_maps():
    identifier = LinearIdentifier()
    prepared = whole_number_input(identifier)
    one = occlusion_maps(identifier, prepared, ("w0",), target="logit", batch=1)
    many = occlusion_maps(identifier, prepared, ("w0",), target="logit", batch=1000)
    np.testing.assert_array_equal(one, many)


def test_all_individuals_come_from_one_pass_without_gradients():
    identifier = LinearIdentifier()
    occlusion_maps(identifier, whole_number_input(identifier), identifier.individuals, batch=4)
    assert identifier.batch_sizes == [1, 4, 4, 1]
    assert not any(identifier.recorded_gradients)


def test_progress_ends_with_everything_done_and_no_time_left():
    identifier = LinearIdentifier()
    seen = []
    occlusion_maps(identifier, whole_number_input(identifier), "w0", batch=4, progress=seen.append)
    assert [(report.done, report.total) for report in seen] == [(4, 9), (8, 9), (9, 9)]
    assert seen[0].seconds_left > 0
    assert seen[-1].seconds_left == 0


def test_a_photo_is_cropped_where_the_identifier_locates_it():
    identifier = LinearIdentifier()
    pixels = np.random.default_rng(0).integers(0, 9, (10, 12, 3), dtype=np.uint8)
    photo = Photo("0" * 16, "a.jpg", pixels)
    cropped = torch.from_numpy(pixels[1:, 1:].copy()).permute(2, 0, 1).float()
    np.testing.assert_array_equal(
        occlusion_maps(identifier, photo, "w1"), occlusion_maps(identifier, cropped, "w1")
    )


def test_the_common_interface_gives_the_same_maps():
    identifier = LinearIdentifier()
    prepared = whole_number_input(identifier)
    settings = OcclusionSettings(patch=3, stride=2, fill=1.0, target="logit")
    maps = method_for(settings).maps(identifier, prepared, ["w1", "w0"], settings)
    expected = occlusion_maps(identifier, prepared, ["w1", "w0"], 3, 2, 1.0, "logit")
    np.testing.assert_array_equal(maps, expected)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"individuals": ("w0", "nobody")}, "nobody"),
        ({"individuals": ()}, "at least one"),
        ({"patch": 3, "stride": 4}, "never be covered"),
        ({"target": "loss"}, "loss"),
        ({"batch": 0}, "batch 0"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_in_one_sentence(arguments, part):
    identifier = LinearIdentifier()
    arguments = {"individuals": ("w0",), **arguments}
    with pytest.raises(SettingsError, match=part):
        occlusion_maps(identifier, whole_number_input(identifier), **arguments)


def test_a_batch_of_photos_is_refused():
    with pytest.raises(SettingsError, match="one photo at a time"):
        occlusion_maps(LinearIdentifier(), torch.zeros(2, 3, 9, 11), ("w0",))


def test_settings_of_no_method_are_refused():
    with pytest.raises(SettingsError, match="'str'"):
        method_for("osm")
