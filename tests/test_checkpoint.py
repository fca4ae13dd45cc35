"""Identifiers on disk: what is saved is what is read, and nothing else is believed."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from whalecore.errors import CheckpointError, SettingsError
from whalecore.identifiers.checkpoint import (
    METADATA,
    WEIGHTS,
    load_identifier,
    save_identifier,
)
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import Network
from whalecore.photos.marks import MarkSettings

KEPT = (
    "model_id",
    "individuals",
    "height",
    "width",
    "mean",
    "std",
    "margin",
    "temperature",
    "metrics",
    "trained_at",
)
CROPS = np.random.default_rng(0).integers(0, 256, (3, 32, 64, 3), dtype=np.uint8)


def make(individuals=4):
    torch.manual_seed(0)
    names = [f"w{i}" for i in range(individuals)]
    network = Network("resnet18", individuals, 8, scale=20.0)
    return Identifier(
        network, names, 32, 64, margin=0.1, temperature=1.7, metrics={"validation_top1": 0.5}
    )


@pytest.fixture
def folder(tmp_path):
    save_identifier(make(), tmp_path / "model")
    return tmp_path / "model"


def test_a_saved_identifier_comes_back_as_it_was(tmp_path):
    saved = save_identifier(make(), tmp_path / "model")
    read = load_identifier(tmp_path / "model", device="cpu")
    assert saved.fingerprint == make().fingerprint == read.fingerprint
    for name in KEPT:
        assert getattr(read, name) == getattr(saved, name), name
    assert np.array_equal(read.identify_many(CROPS)[0], saved.identify_many(CROPS)[0])


def test_half_precision_gives_back_what_a_reader_gets(tmp_path):
    full = save_identifier(make(), tmp_path / "full")
    half = save_identifier(make(), tmp_path / "half", precision="float16")
    read = load_identifier(tmp_path / "half", device="cpu")
    assert read.model_id == half.model_id != full.model_id
    assert np.array_equal(read.identify_many(CROPS)[0], half.identify_many(CROPS)[0])
    assert np.allclose(half.identify_many(CROPS)[0], full.identify_many(CROPS)[0], atol=0.2)
    sizes = [(tmp_path / kind / WEIGHTS).stat().st_size for kind in ("half", "full")]
    assert sizes[0] < 0.6 * sizes[1]


def with_mirror_images():
    generator = torch.Generator().manual_seed(1)
    return make().replaced(mirrored_directions=torch.randn(64, 4, generator=generator))


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_directions_of_mirror_images_come_back_and_count_in_the_fingerprint(tmp_path, precision):
    full = with_mirror_images()
    saved = save_identifier(full, tmp_path, precision)
    read = load_identifier(tmp_path, device="cpu")
    assert torch.equal(read.mirrored_directions, saved.mirrored_directions)
    assert read.mirrored_directions.dtype == torch.float32
    assert torch.allclose(read.mirrored_directions, full.mirrored_directions, atol=0.01)
    assert read.fingerprint == saved.fingerprint
    assert full.fingerprint != make().fingerprint
    assert read.replaced(temperature=3.0).mirrored_directions is read.mirrored_directions


def test_directions_of_mirror_images_of_another_shape_are_refused(tmp_path):
    save_identifier(with_mirror_images(), tmp_path)
    weights = load_file(tmp_path / WEIGHTS)
    weights["mirrored_directions"] = weights["mirrored_directions"][:, :3].contiguous()
    save_file(weights, tmp_path / WEIGHTS)
    with pytest.raises(CheckpointError, match="mirrored_directions has shape"):
        load_identifier(tmp_path)
    with pytest.raises(SettingsError, match=r"have shape \(64, 3\)"):
        make().replaced(mirrored_directions=weights["mirrored_directions"])


def test_losing_the_directions_of_mirror_images_is_noticed(tmp_path):
    save_identifier(with_mirror_images(), tmp_path)
    weights = load_file(tmp_path / WEIGHTS)
    del weights["mirrored_directions"]
    save_file(weights, tmp_path / WEIGHTS)
    with pytest.raises(CheckpointError, match="fingerprint"):
        load_identifier(tmp_path)


def test_how_marks_count_comes_back(tmp_path):
    marks = MarkSettings(1.25, 7)
    saved = save_identifier(make().replaced(marks=marks), tmp_path)
    read = load_identifier(tmp_path, device="cpu")
    assert read.marks == marks
    assert read.fingerprint == saved.fingerprint


@pytest.mark.parametrize(
    "damaged", [None, [], {}, {"weight": -1}, {"weight": "much"}, {"shortlist": 0}], ids=str
)
def test_marks_that_were_tampered_with_are_refused(tmp_path, damaged):
    save_identifier(make().replaced(marks=MarkSettings(1.25)), tmp_path)
    metadata = json.loads((tmp_path / METADATA).read_text())
    if damaged:
        damaged = metadata["marks"] | damaged
    (tmp_path / METADATA).write_text(json.dumps(metadata | {"marks": damaged}))
    with pytest.raises(CheckpointError, match="does not describe an identifier"):
        load_identifier(tmp_path)


def test_an_unknown_precision_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="float32, float16"):
        save_identifier(make(), tmp_path, precision="int4")


def test_a_new_temperature_can_be_saved_over_the_old_one(folder):
    save_identifier(load_identifier(folder).replaced(temperature=2.5), folder)
    assert load_identifier(folder).temperature == 2.5
    assert sorted(path.name for path in folder.iterdir()) == [METADATA, WEIGHTS]


def test_a_folder_without_an_identifier_says_so(tmp_path):
    with pytest.raises(CheckpointError, match="train one first"):
        load_identifier(tmp_path)


def test_a_folder_without_weights_says_so(folder):
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        load_identifier(folder)


@pytest.mark.parametrize("position", [0.2, 0.5, 0.8, 0.999])
def test_one_changed_bit_in_the_weights_is_noticed(folder, position):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[int(position * len(data))] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(CheckpointError):
        load_identifier(folder)


def test_truncated_weights_are_refused(folder):
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="cannot be used"):
        load_identifier(folder)


def test_weights_of_another_identifier_are_refused(folder, tmp_path):
    save_identifier(make(individuals=5), tmp_path / "other")
    (tmp_path / "other" / WEIGHTS).replace(folder / WEIGHTS)
    with pytest.raises(CheckpointError, match="directions has shape"):
        load_identifier(folder)


def test_weights_that_are_not_numbers_are_refused(folder):
    weights = load_file(folder / WEIGHTS)
    weights["directions"][0, 0] = float("nan")
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match="not numbers"):
        load_identifier(folder)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("version", 2, "version 2"),
        ("architecture", "os.system", "is unknown"),
        ("architecture", ["resnet18"], "must be a text"),
        ("network_width", 10**9, "network_width must be a whole number"),
        ("individuals", ["w0", "w1", "w2", "w0"], "listed twice"),
        ("individuals", ["w0", 1, "w2", "w3"], "list of texts"),
        ("individuals", "w0w1", "list of texts"),
        ("individuals", ["w0"], "at least 2"),
        ("individuals", ["w3", "w2", "w1", "w0"], "fingerprint"),
        ("input_height", 10**9, "input_height must be a whole number"),
        ("input_width", True, "input_width must be a whole number"),
        ("temperature", 0, "temperature"),
        ("temperature", float("nan"), "temperature must be a number"),
        ("temperature", 1.8, "fingerprint"),
        ("scale", "20", "scale must be a number"),
        ("preprocessing", {}, "'mean' is missing"),
        ("preprocessing", {"mean": [0, 0, 0], "std": [0, 1, 1], "margin": 0}, "above 0"),
        ("preprocessing", {"mean": [0, 0], "std": [1, 1, 1], "margin": 0}, "identifier"),
        ("preprocessing", {"mean": [0] * 3, "std": [1] * 3, "margin": -3}, "between 0 and 1"),
        ("metrics", [1], "identifier"),
        ("trained_at", "yesterday", "yesterday"),
        ("fingerprint", None, "fingerprint"),
    ],
)
def test_a_description_that_was_tampered_with_is_refused(folder, name, value, words):
    metadata = json.loads((folder / METADATA).read_text())
    (folder / METADATA).write_text(json.dumps(metadata | {name: value}))
    with pytest.raises(CheckpointError, match=words):
        load_identifier(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000, "\x00", "\xff"])
def test_a_description_that_is_not_one_is_refused(folder, text):
    (folder / METADATA).write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_identifier(folder)


@pytest.mark.parametrize(
    "name", ["architecture", "individuals", "input_height", "preprocessing", "trained_at"]
)
def test_a_description_with_something_missing_is_refused(folder, name):
    metadata = json.loads((folder / METADATA).read_text())
    del metadata[name]
    (folder / METADATA).write_text(json.dumps(metadata))
    with pytest.raises(CheckpointError, match=f"'{name}' is missing"):
        load_identifier(folder)


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_identifier(make(), tmp_path / "file" / "model")
