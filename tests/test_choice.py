"""Which engine makes a map."""

import threading

import pytest
import torch

from tests.residual import LinearIdentifier, Mirroring, random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import choice
from whalecore.explain.choice import folded_form, lowered_precision, make_engine
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
    torch.testing.assert_close(engine.clean, mirroring.logits(photos))


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


def test_the_folded_network_is_made_once_for_each_number_type(identifier):
    forms = {precision: folded_form(identifier, precision) for precision in
             ("float32", "tf32", "bfloat16")}  # fmt: skip
    assert forms["float32"] is forms["tf32"] is folded_form(identifier)
    assert forms["bfloat16"] is folded_form(identifier, "bfloat16")
    assert (forms["float32"].dtype, forms["bfloat16"].dtype) == (torch.float32, torch.bfloat16)
    assert folded_form(LinearIdentifier()) is None


@torch.inference_mode()
def test_the_memory_allowed_bounds_the_patches_computed_together(identifier):
    photos = random_photos(1, *SIZE)
    limits = [
        make_engine(identifier, photos, SETTINGS, Computing(memory=memory)).limit
        for memory in (16, 32, 1024)
    ]
    stem = 8 * -(-SIZE[0] // 2) * -(-SIZE[1] // 2)
    each = 6 * 4 * stem / 2**20
    assert limits == [min(choice.MOST_ON_CPU, int(memory / each)) for memory in (16, 32, 1024)]
    wide = residual_identifier(channels=64)
    limits = [
        make_engine(wide, photos, SETTINGS, Computing(memory=memory)).limit
        for memory in (16, 32, 64, 1024)
    ]
    each *= 8
    assert limits == [min(choice.MOST_ON_CPU, int(memory / each)) for memory in (16, 32, 64, 1024)]
    assert limits[0] < limits[1] < choice.MOST_ON_CPU
    assert make_engine(identifier, photos, SETTINGS, Computing(), limit=3).limit == 3


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
