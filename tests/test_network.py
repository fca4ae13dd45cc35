"""The network's parts against torchvision and against values worked out by hand."""

from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional
from torchvision.models import (
    get_model,
    resnet18,
    resnet50,
    resnext50_32x4d,
    wide_resnet50_2,
)

from whalecore.errors import CheckpointError, SettingsError
from whalecore.identifiers.network import (
    ARCHITECTURES,
    Network,
    build_network,
    choose_device,
)
from whalecore.types import LAYERS


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_has_the_blocks_of_torchvisions(name):
    with torch.device("meta"):  # shapes without numbers
        own, theirs = Network(name, 3).state_dict(), get_model(name).state_dict()
    own = {key: tuple(one.shape) for key, one in own.items() if key.startswith("layer")}
    assert own == {key: tuple(one.shape) for key, one in theirs.items() if key.startswith("layer")}


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("resnet18", resnet18),
        ("resnet50", resnet50),
        ("wide_resnet50_2", wide_resnet50_2),
        ("resnext50_32x4d", resnext50_32x4d),
    ],
)
def test_weights_from_a_file_give_torchvisions_activations(tmp_path, name, theirs):
    reference = theirs().eval()
    save_file(reference.state_dict(), tmp_path / "weights.safetensors")
    network = build_network(name, 3, weights=tmp_path / "weights.safetensors").eval()
    images = torch.randn(2, 3, 64, 64)
    reference.fc = torch.nn.Identity()
    with torch.no_grad():
        pooled = network.features(images)["layer4"].mean(dim=(2, 3))
        assert torch.equal(pooled, reference(images))


def test_a_slim_network_has_its_width_and_a_sixteenth_of_the_weights():
    def count(width):
        return sum(
            values.numel()
            for name, values in Network("resnet18", 4, width).named_parameters()
            if values.ndim == 4
        )

    shapes = {
        name: tuple(values.shape)
        for name, values in Network("resnet18", 4, 16).features(torch.zeros(1, 3, 64, 128)).items()
    }
    assert shapes == {
        "layer1": (1, 16, 16, 32),
        "layer2": (1, 32, 8, 16),
        "layer3": (1, 64, 4, 8),
        "layer4": (1, 128, 2, 4),
    }
    assert tuple(shapes) == LAYERS
    assert count(16) == pytest.approx(count(64) / 16, rel=0.01)


def test_embeddings_have_length_one_and_logits_are_scaled_cosines():
    network = Network("resnet18", 5, 8, scale=30.0).eval()
    embedding, logits = network(torch.randn(3, 3, 32, 64))
    assert torch.allclose(embedding.norm(dim=1), torch.ones(3), atol=1e-6)
    for row in range(3):
        for individual in range(5):
            cosine = functional.cosine_similarity(
                embedding[row], network.directions[:, individual], dim=0
            )
            assert logits[row, individual].item() == pytest.approx(30 * cosine.item(), abs=1e-4)


def test_the_length_of_a_direction_does_not_change_the_logits():
    network = Network("resnet18", 5, 8).eval()
    images = torch.randn(2, 3, 32, 64)
    before = network(images)[1]
    with torch.no_grad():
        network.directions.mul_(7)
    assert torch.allclose(network(images)[1], before, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "individuals", "width", "words"),
    [
        ("vgg16", 5, 64, "'vgg16' is unknown"),
        ("resnet18", 1, 64, "at least 2 named individuals"),
        ("resnet18", 5, 4, "8 to 64"),
        ("resnet18", 5, 128, "8 to 64"),
        ("resnet101", 5, 32, "64 only"),
        ("resnext50_32x4d", 5, 32, "64 only"),
    ],
)
def test_a_network_that_does_not_exist_is_refused(architecture, individuals, width, words):
    with pytest.raises(SettingsError, match=words):
        build_network(architecture, individuals, width)


def test_imagenet_weights_out_of_reach_name_the_two_ways_on(monkeypatch, tmp_path):
    def unreachable(*_args, **_kwargs):
        raise URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    with pytest.raises(CheckpointError, match=r"no route to host.*--weights none.*--weights FILE"):
        build_network("resnet18", 5, weights="imagenet")


def test_a_slim_network_has_no_imagenet_weights():
    with pytest.raises(SettingsError, match="Width 32 has no weights"):
        build_network("resnet18", 5, width=32, weights="imagenet")


def test_a_pth_file_is_refused_because_it_can_run_code(tmp_path):
    torch.save({}, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match="can run code"):
        build_network("resnet18", 5, weights=tmp_path / "weights.pth")


def test_weights_that_are_missing_damaged_or_of_another_network_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(CheckpointError, match="do not exist"):
        build_network("resnet18", 5, weights=path)
    path.write_bytes(b"not tensors at all")
    with pytest.raises(CheckpointError, match="cannot be read"):
        build_network("resnet18", 5, weights=path)
    save_file(resnet18().state_dict(), path)
    with pytest.raises(CheckpointError, match="do not fit resnet50"):
        build_network("resnet50", 5, weights=path)


def test_an_unknown_device_is_refused():
    assert choose_device("cpu") == torch.device("cpu")
    with pytest.raises(SettingsError, match="auto, cpu or cuda"):
        choose_device("tpu")
