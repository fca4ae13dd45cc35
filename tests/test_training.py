"""Training: it learns, it repeats itself, and it goes on after a sudden end."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from whalecore.errors import SettingsError
from whalecore.identifiers.course import Course
from whalecore.identifiers.device_crops import DeviceCrops
from whalecore.identifiers.schedule import rate_share
from whalecore.identifiers.settings import PRESETS, TrainingSettings, preset
from whalecore.identifiers.training import _checked_new_whales, train

SMALL = TrainingSettings(
    network_width=8,
    height=32,
    width=64,
    weights="none",
    low_resolution_epochs=1,
    epochs=2,
    batch_individuals=4,
    batch_photos=2,
)
EVERYTHING = replace(
    SMALL,
    mirrored=True,
    new_whale_share=0.25,
    margin_warm_up=0.2,
    hardest=0.75,
    average=0.5,
    augmentation="full",
)
NAMES = tuple(f"w{i}" for i in range(6))


def collection(each=4, seed=0, individuals=6):
    """Photos of noise over a pattern of 4 x 4 grey squares that belongs to the individual."""
    random = np.random.default_rng(7)
    patterns = random.uniform(40, 215, (individuals, 4, 4)).repeat(8, 1).repeat(16, 2)
    labels = np.repeat(np.arange(individuals), each)
    noise = np.random.default_rng(seed).normal(0, 12, (len(labels), 32, 64))
    grey = np.clip(patterns[labels] + noise, 0, 255).astype(np.uint8)
    return grey[..., None].repeat(3, 3), labels


def strangers(count=5):
    """Photos of animals that are none of the six."""
    return np.random.default_rng(9).integers(0, 256, (count, 32, 64, 3), dtype=np.uint8)


class StoppedError(Exception):
    """Stands for a sudden end."""


def stop_at(fraction):
    def progress(where):
        if where.done >= fraction * where.total:
            raise StoppedError

    return progress


def weights_of(identifier):
    return identifier.network.state_dict()


def test_a_few_epochs_recognise_new_photos_of_the_same_individuals(tmp_path):
    settings = replace(SMALL, low_resolution_epochs=6, epochs=12, learning_rate=3e-3)
    seen = []
    identifier = train(
        *collection(8), NAMES, settings, tmp_path, collection(4, seed=1), progress=seen.append
    )
    crops, labels = collection(4, seed=2)
    logits, _ = identifier.identify_many(crops)
    assert (logits.argmax(1) == labels).mean() > 0.8
    assert identifier.metrics["validation_top1"] > 0.8
    assert identifier.metrics["validation_photos"] == 24
    assert [part.message for part in seen if part.message][-1].startswith("epoch 18 of 18, loss")
    assert seen[-1].done == seen[-1].total
    assert seen[-1].seconds_left == 0
    assert all(before.done <= after.done for before, after in pairwise(seen))


def test_validation_photos_never_change_the_result(tmp_path):
    with_them = train(*collection(), NAMES, SMALL, tmp_path / "a", collection(2, seed=1))
    without = train(*collection(), NAMES, SMALL, tmp_path / "b")
    assert with_them.fingerprint == without.fingerprint


def test_the_same_call_gives_the_same_identifier_and_another_seed_another(tmp_path):
    first = train(*collection(), NAMES, SMALL, tmp_path / "a")
    second = train(*collection(), NAMES, SMALL, tmp_path / "b")
    other = train(*collection(), NAMES, replace(SMALL, seed=1), tmp_path / "c")
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != other.fingerprint


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.99])
def test_an_interrupted_training_ends_as_if_it_had_never_stopped(tmp_path, fraction):
    assert_same_after_stop(tmp_path, SMALL, fraction)


@pytest.mark.parametrize("fraction", [0.3, 0.7])
def test_so_does_one_with_average_new_whales_mirror_images_and_full_changes(tmp_path, fraction):
    assert_same_after_stop(tmp_path, EVERYTHING, fraction, new_whales=strangers())


def assert_same_after_stop(tmp_path, settings, fraction, **more):
    """A training that is stopped once ends with the same identifier and curves."""
    given = (*collection(), NAMES, settings)
    more["validation"] = collection(1, seed=3)
    curves = {}
    whole = train(
        *given, tmp_path / "whole", **more, record=lambda epochs: curves.update(whole=epochs)
    )
    with pytest.raises(StoppedError):
        train(*given, tmp_path / "cut", **more, progress=stop_at(fraction))
    seen = []
    continued = train(
        *given,
        tmp_path / "cut",
        **more,
        progress=seen.append,
        record=lambda epochs: curves.update(cut=epochs),
    )
    assert sum(bool(part.message) for part in seen) < 3 or fraction < 0.5
    assert continued.metrics == whole.metrics
    assert continued.fingerprint == whole.fingerprint
    for name, values in weights_of(whole).items():
        assert torch.equal(weights_of(continued)[name], values), name
    timeless = {
        name: [replace(epoch, seconds=0, photos_per_second=0) for epoch in epochs]
        for name, epochs in curves.items()
    }
    assert len(timeless["whole"]) == 3
    assert timeless["whole"] == timeless["cut"]


def test_a_finished_training_is_not_done_again(tmp_path):
    first = train(*collection(), NAMES, SMALL, tmp_path)
    seen = []
    again = train(*collection(), NAMES, SMALL, tmp_path, progress=seen.append)
    assert seen == []
    assert again.fingerprint == first.fingerprint


def test_other_photos_or_settings_start_from_the_beginning(tmp_path):
    train(*collection(), NAMES, SMALL, tmp_path)
    for arguments in (
        (*collection(seed=5), NAMES, SMALL),
        (*collection(seed=5), tuple("abcdef"), SMALL),
        (*collection(seed=5), tuple("abcdef"), replace(SMALL, scale=20.0)),
    ):
        seen = []
        train(*arguments, tmp_path, progress=seen.append)
        assert sum(bool(part.message) for part in seen) == 3


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_state_is_no_state(tmp_path, damage):
    whole = train(*collection(), NAMES, SMALL, tmp_path)
    state = tmp_path / "training.safetensors"
    state.write_bytes(state.read_bytes()[:-100] if damage is None else damage)
    seen = []
    again = train(*collection(), NAMES, SMALL, tmp_path, progress=seen.append)
    assert sum(bool(part.message) for part in seen) == 3
    assert again.fingerprint == whole.fingerprint


def test_a_state_with_one_wrong_bit_is_no_state(tmp_path):
    whole = train(*collection(), NAMES, SMALL, tmp_path)
    state = tmp_path / "training.safetensors"
    content = bytearray(state.read_bytes())
    content[-1000] ^= 1
    state.write_bytes(content)
    seen = []
    again = train(*collection(), NAMES, SMALL, tmp_path, progress=seen.append)
    assert sum(bool(part.message) for part in seen) == 3
    assert again.fingerprint == whole.fingerprint


def test_a_training_that_comes_apart_ends_with_advice_and_gives_no_identifier(tmp_path):
    with pytest.raises(SettingsError, match=r"came apart in epoch \d of 3: .* below 1e\+30"):
        train(*collection(), NAMES, replace(SMALL, learning_rate=1e30), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_state_is_one_file_of_tensors(tmp_path):
    train(*collection(), NAMES, SMALL, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["training.safetensors"]
    names = load_file(tmp_path / "training.safetensors")
    assert {name.split(".")[0] for name in names} == {"network", "optimizer"}
    train(*collection(), NAMES, replace(SMALL, average=1.0), tmp_path)
    names = load_file(tmp_path / "training.safetensors")
    assert {name.split(".")[0] for name in names} == {"network", "optimizer", "average"}


def test_mirror_images_are_further_individuals_only_while_training(tmp_path):
    identifier = train(*collection(), NAMES, replace(SMALL, mirrored=True), tmp_path)
    assert identifier.individuals == NAMES
    state = load_file(tmp_path / "training.safetensors")
    assert state["network.directions"].shape[1] == 12
    assert torch.equal(identifier.network.directions, state["network.directions"][:, :6])
    assert torch.equal(identifier.mirrored_directions, state["network.directions"][:, 6:])


def test_the_moving_average_identifies_and_is_judged(tmp_path):
    """An average that looks back almost forever stays near the weights of the first batches."""
    settings = replace(SMALL, average=1000.0)
    identifier = train(*collection(), NAMES, settings, tmp_path, collection(2, seed=1))
    state = load_file(tmp_path / "training.safetensors")
    for name, values in weights_of(identifier).items():
        assert torch.equal(values, state[f"average.module.{name}"]), name
    assert not torch.equal(identifier.network.directions, state["network.directions"])
    assert state["average.n_averaged"] == 6
    crops, labels = collection(2, seed=1)
    logits, _ = identifier.identify_many(crops)
    assert identifier.metrics["validation_top1"] == (logits.argmax(1) == labels).mean()


def test_new_whales_change_what_is_learnt_but_are_nobody(tmp_path):
    settings = replace(SMALL, new_whale_share=0.5)
    settings = replace(settings, low_resolution_epochs=0, epochs=1)
    given = (*collection(), NAMES, settings)
    without = train(*given, tmp_path / "a")
    beside = train(*given, tmp_path / "b", new_whales=strangers())
    assert beside.individuals == NAMES
    assert beside.mirrored_directions is None
    assert without.fingerprint != beside.fingerprint


def test_without_the_setting_new_whales_are_left_alone():
    assert _checked_new_whales(strangers(), SMALL) is None
    assert _checked_new_whales(strangers()[:0], EVERYTHING) is None
    assert len(_checked_new_whales(strangers(), EVERYTHING)) == 5


def test_new_whales_of_another_size_are_refused(tmp_path):
    settings = replace(SMALL, new_whale_share=0.5)
    with pytest.raises(SettingsError, match=r"new whales are uint8 of shape \(5, 32, 32, 3\)"):
        train(*collection(), NAMES, settings, tmp_path, new_whales=strangers()[:, :, :32])


def test_the_curves_tell_each_epoch(tmp_path):
    curves = []
    train(*collection(), NAMES, SMALL, tmp_path, collection(2, seed=1), record=curves.append)
    assert [len(epochs) for epochs in curves] == [1, 2, 3]
    epochs = curves[-1]
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert [epoch.half_size for epoch in epochs] == [True, False, False]
    assert [epoch.top1 is None for epoch in epochs] == [True, False, False]
    assert all(epoch.map5 >= epoch.top1 for epoch in epochs[1:])
    assert all(epoch.photos_per_second * epoch.seconds == pytest.approx(16) for epoch in epochs)
    # Two batches an epoch, and a batch at the full size is four times the work.
    done = np.array([[0, 1], [2, 6], [10, 14]]) / 18
    rates = [np.mean([SMALL.learning_rate * rate_share(one, 0.1) for one in two]) for two in done]
    assert [epoch.learning_rate for epoch in epochs] == pytest.approx(rates)
    again = []
    train(*collection(), NAMES, SMALL, tmp_path, collection(2, seed=1), record=again.append)
    assert again == [epochs]


def test_blocks_in_half_precision_learn_as_on_a_gpu(tmp_path):
    crops, labels = collection()
    course = Course(crops, labels, 6, SMALL, torch.device("cpu"))
    course.half_precision = True
    course.crops = DeviceCrops(crops, torch.device("cpu"), resident=True)
    before = course.network.stem[0].weight.detach().clone()
    course.run_epoch(lambda _: None)
    assert course.network.stem[0].weight.dtype == torch.float32
    assert not torch.equal(course.network.stem[0].weight, before)
    assert 0 < course.metrics["loss"] < 100


def test_a_mirror_image_is_told_from_the_photo(tmp_path):
    """Three individuals and their mirror images, taught without and with the option."""
    crops, labels = collection(8, individuals=3)
    both = np.concatenate([crops, crops[:, :, ::-1]])
    settings = replace(SMALL, mirrored=True, low_resolution_epochs=0, epochs=16, learning_rate=3e-3)
    identifier = train(crops, labels, NAMES[:3], settings, tmp_path)
    logits, _ = identifier.identify_many(both)
    own = logits[np.arange(24), labels]
    mirrored = logits[24 + np.arange(24), labels]
    assert (own > mirrored).mean() > 0.9


def test_an_individual_with_a_single_photo_can_be_learnt(tmp_path):
    crops, labels = collection(4)
    keep = np.r_[0, 4:24]
    identifier = train(crops[keep], labels[keep], NAMES, SMALL, tmp_path)
    assert identifier.individuals == NAMES


def test_auto_weights_fall_back_on_chance_with_a_warning(tmp_path, monkeypatch):
    def unreachable(*_args, **_kwargs):
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    settings = replace(SMALL, network_width=64, weights="auto", low_resolution_epochs=0, epochs=1)
    with pytest.warns(UserWarning, match=r"starts from chance.*no network"):
        train(*collection(1), NAMES, settings, tmp_path)


@pytest.mark.parametrize(
    ("crops", "labels", "words"),
    [
        (np.zeros((6, 32, 64, 3), np.float32), np.arange(6), "uint8"),
        (np.zeros((6, 64, 64, 3), np.uint8), np.arange(6), "shape"),
        (np.zeros((5, 32, 64, 3), np.uint8), np.arange(6), "shape"),
        (np.zeros((6, 32, 64, 3), np.uint8), np.array([0, 1, 2, 3, 4, 4]), "at least one photo"),
        (np.zeros((6, 32, 64, 3), np.uint8), np.array([-1, 1, 2, 3, 4, 5]), "0 to 5"),
    ],
)
def test_crops_and_labels_that_do_not_fit_are_refused(tmp_path, crops, labels, words):
    with pytest.raises(SettingsError, match=words):
        train(crops, labels, NAMES, SMALL, tmp_path)


def test_one_individual_alone_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="at least 2 named individuals"):
        train(np.zeros((4, 32, 64, 3), np.uint8), np.zeros(4), ("w0",), SMALL, tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_photos": 1}, "batch_photos is 1"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"triplet": -1.0}, "triplet is -1.0"),
        ({"arcface": 0.0, "focal": 0.0}, "trains no scores"),
        ({"architecture": "resnet50", "network_width": 32}, "64 only"),
    ],
)
def test_settings_that_are_not_allowed_are_refused(changes, words):
    with pytest.raises(SettingsError, match=words):
        preset("laptop", **changes)


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(SettingsError, match="laptop, paper, demo"):
        preset("cluster")


def test_the_presets_are_those_of_the_documentation():
    paper, laptop = PRESETS["paper"], PRESETS["laptop"]
    assert (paper.architecture, paper.height, paper.width) == ("resnet101", 256, 512)
    assert (laptop.architecture, laptop.height, laptop.width) == ("resnet18", 128, 256)
