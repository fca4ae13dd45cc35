"""Which engine makes a map."""

import threading
from dataclasses import replace
from functools import cache

import pytest
import torch
from torchvision.models import resnet18

from tests.residual import LinearIdentifier, Mirroring, random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import choice
from whalecore.explain.choice import (
    folded_form,
    lowered_precision,
    make_engine,
    photos_at_once,
)
from whalecore.explain.engines import mebibytes
from whalecore.explain.folded import FoldedNetwork, fold
from whalecore.explain.room import clean_bytes, room_needed, weight_bytes
from whalecore.explain.tiling import Tiling
from whalecore.types import Computing, OcclusionSettings

SETTINGS = OcclusionSettings(patch=5, stride=4)
SIZE = 128, 256


@pytest.fixture(scope="module")
def identifier():
    return residual_identifier()


@pytest.fixture(scope="module")
def mirroring(identifier):
    return Mirroring(identifier.network, identifier.individuals, *SIZE)


@pytest.fixture
def photos():
    return random_photos(1, *SIZE)


@torch.inference_mode()
def test_a_residual_network_gets_the_exact_engine_unless_the_reference_is_asked_for(
    identifier, photos
):
    names = {
        engine: make_engine(identifier, photos, SETTINGS, Computing(engine)).name
        for engine in ("auto", "exact", "reference")
    }
    assert names == {"auto": "exact", "exact": "exact", "reference": "reference"}


@torch.inference_mode()
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_an_identifier_whose_logits_are_not_its_networks_gets_the_reference(
    mirroring, photos, precision
):
    engine = make_engine(mirroring, photos, SETTINGS, Computing(precision=precision))
    assert engine.name == "reference"
    torch.testing.assert_close(engine.clean, mirroring.logits(photos).double())


@torch.inference_mode()
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_exact_engine_is_refused_for_other_identifiers_in_one_sentence(mirroring, precision):
    linear = LinearIdentifier(*SIZE)
    for other in (linear, mirroring):
        assert make_engine(other, random_photos(1, *SIZE), SETTINGS, Computing()).name == (
            "reference"
        )
        with pytest.raises(SettingsError, match="choose the engine 'reference' or 'auto'"):
            make_engine(
                other,
                random_photos(1, *SIZE),
                SETTINGS,
                Computing("exact", precision=precision),
            )


@torch.inference_mode()
def test_a_network_that_the_exact_engine_does_not_know_gets_the_reference(photos):
    other = residual_identifier()
    other.network.layer3[1].relu = torch.nn.GELU()
    assert folded_form(other) is None
    engine = make_engine(other, photos, SETTINGS, Computing())
    assert engine.name == "reference"
    with pytest.raises(SettingsError, match="built otherwise"):
        make_engine(other, photos, SETTINGS, Computing("exact"))


@pytest.mark.parametrize(
    ("height", "width", "patch", "stride", "pays"),
    [
        (128, 256, 5, 4, True),
        (128, 256, 8, 3, True),
        (64, 128, 5, 4, True),
        # One or two positions come together, and yet tiles had 1.6 times the speed.
        (128, 256, 8, 5, True),
        (128, 256, 8, 7, True),
        (32, 64, 5, 4, False),
    ],
)
def test_tiles_are_taken_where_they_are_less_work_than_photos(height, width, patch, stride, pays):
    network = resnet18_folded()
    tiling = Tiling(network, height, width, OcclusionSettings(patch, stride), choice.MOST_ON_CPU)
    assert choice._pays(network, tiling, "cpu") == pays


@cache
def resnet18_folded():
    return fold(resnet18().eval())


@pytest.mark.parametrize(("stride", "pays"), [(1, True), (4, True), (5, False)])
def test_a_gpu_takes_tiles_where_many_positions_come_together(stride, pays):
    network, settings = resnet18_folded(), OcclusionSettings(8, stride)
    tiling = Tiling(network, 128, 256, settings, choice.MOST_ON_GPU, "cuda")
    assert choice._pays(network, tiling, "cuda") == pays


def test_the_folded_network_is_made_once_for_each_number_type(identifier):
    forms = {precision: folded_form(identifier, precision) for precision in
             ("float32", "tf32", "bfloat16")}  # fmt: skip
    assert forms["float32"] is forms["tf32"] is folded_form(identifier)
    assert forms["bfloat16"] is folded_form(identifier, "bfloat16")
    assert (forms["float32"].dtype, forms["bfloat16"].dtype) == (torch.float32, torch.bfloat16)
    assert folded_form(LinearIdentifier()) is None


@torch.inference_mode()
def test_less_memory_means_fewer_patches_together(identifier, photos):
    middle = residual_identifier(channels=32)
    weights = mebibytes(weight_bytes(folded_form(middle)))
    limits = [
        make_engine(middle, photos, SETTINGS, Computing("exact", memory=memory)).limit
        for memory in (1024, weights + 44, weights + 41)
    ]
    assert limits == [choice.MOST_ON_CPU, 8, 4]
    assert make_engine(identifier, photos, SETTINGS, Computing(), limit=3).limit == 3


@torch.inference_mode()
def test_where_the_clean_maps_alone_are_too_large_brute_force_takes_over(photos):
    wide = residual_identifier(channels=64)
    engine = make_engine(wide, photos, SETTINGS, Computing(memory=24))
    assert engine.name == "reference"
    # A covered photo takes about 5 MiB there, and the folded weights were given back.
    assert engine.limit == 4
    assert not any(isinstance(one, FoldedNetwork) for one in wide.prepared_forms.values())
    assert make_engine(wide, photos, SETTINGS, Computing(memory=512)).name == "exact"
    with pytest.raises(SettingsError, match=r"needs 2\d\d MiB .* 24 are allowed: allow more"):
        make_engine(wide, photos, SETTINGS, Computing("exact", memory=24))


@torch.inference_mode()
def test_the_folded_weights_count_as_memory_that_is_taken(photos):
    wide, kept = residual_identifier(channels=64), 0.0
    # The form of float32 is made first, to compare logits, and kept beside the other.
    for precision in ("float32", "bfloat16"):
        network = folded_form(wide, precision)
        kept += weight_bytes(network) / 2**20
        least = room_needed(network, Tiling(network, *SIZE, SETTINGS, most=1), 1) / 2**20
        enough = int(least + kept) + 1
        computing = Computing("exact", precision, memory=enough)
        assert make_engine(wide, photos, SETTINGS, computing).name == "exact"
        with pytest.raises(SettingsError, match=f"needs {enough} MiB"):
            make_engine(wide, photos, SETTINGS, replace(computing, memory=enough - 1))


@torch.inference_mode()
def test_a_network_of_which_no_covered_photo_fits_is_refused_in_one_sentence():
    wide = residual_identifier(channels=64)
    for engine in ("auto", "reference"):
        with pytest.raises(
            SettingsError, match=r"256 x 512 pixels takes \d\d MiB .* 16 are allowed"
        ):
            make_engine(wide, random_photos(1, 256, 512), SETTINGS, Computing(engine, memory=16))


@torch.inference_mode()
def test_photos_share_an_engine_as_far_as_half_of_the_memory_goes(identifier):
    photos, wide = random_photos(8, *SIZE), residual_identifier(channels=64)
    network = folded_form(wide)
    each = clean_bytes(network, Tiling(network, *SIZE, SETTINGS, most=1), photos=1) / 2**20
    memory = int(6 * each + weight_bytes(network) / 2**20) + 1
    assert photos_at_once(wide, photos, SETTINGS, Computing(memory=memory)) == 3
    assert photos_at_once(wide, photos, SETTINGS, Computing(memory=16)) == 1
    assert photos_at_once(wide, photos, SETTINGS, Computing()) == 8
    assert photos_at_once(LinearIdentifier(*SIZE), photos, SETTINGS, Computing(memory=16)) == 8


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_shorter_numbers_are_allowed_only_where_asked_for_and_only_meanwhile(precision):
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    with pytest.raises(KeyError), lowered_precision(precision):  # noqa: PT012
        allowed = precision == "tf32"
        assert torch.get_float32_matmul_precision() == ("high" if allowed else "highest")
        assert torch.backends.cudnn.allow_tf32 == allowed
        raise KeyError
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


def test_a_thread_computes_in_its_own_precision_while_another_uses_a_different_one():
    seen, inside = [], threading.Event()

    def in_full():
        inside.wait()
        with lowered_precision("float32"):
            seen.append(torch.backends.cudnn.allow_tf32)

    other = threading.Thread(target=in_full)
    other.start()
    with lowered_precision("tf32"):
        inside.set()
        other.join(0.1)
        assert other.is_alive()
        assert torch.backends.cudnn.allow_tf32
    other.join()
    assert seen == [False]
