"""Grad-CAM against values worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain.gradcam import grad_cam, grad_cams, grad_cams_of
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import build_network
from whalecore.types import LAYERS


class Blocks(nn.Module):
    """Four convolutions, averaged over positions, and a linear head.

    The logit is the mean over positions of the head's weights times ``layer4``, so the
    gradient at ``layer4`` is the weight divided by the number of positions: Grad-CAM there
    is known exactly.
    """

    individuals = ("w0", "w1", "w2")
    device = torch.device("cpu")
    height, width = 16, 24

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        sizes = (3, 4, 5, 6, 7)
        self.blocks = nn.ModuleList(
            nn.Conv2d(sizes[i], sizes[i + 1], 3, stride=2, padding=1) for i in range(4)
        )
        self.head = nn.Linear(7, 3)
        self.passes = 0

    def activations(self, batch, layers):
        self.passes += 1
        kept = {}
        for name, block in zip(LAYERS, self.blocks, strict=True):
            batch = torch.relu(block(batch))
            kept[name] = batch
        return {name: kept[name] for name in layers}, self.head(batch.mean(dim=(2, 3)))


@pytest.fixture
def identifier():
    return Blocks().eval()


@pytest.fixture
def prepared():
    return torch.randn(3, 16, 24, generator=torch.Generator().manual_seed(1))


def test_the_last_layer_equals_the_hand_computed_map(identifier, prepared):
    activations, _ = identifier.activations(prepared[None], LAYERS)
    block = activations["layer4"][0].detach().numpy()
    cells = block.shape[1] * block.shape[2]
    for column, name in enumerate(identifier.individuals):
        weights = identifier.head.weight[column].detach().numpy() / cells
        expected = np.maximum(np.einsum("c,chw->hw", weights, block), 0)
        np.testing.assert_allclose(grad_cam(identifier, prepared, name), expected, atol=1e-7)


@pytest.mark.parametrize("layer", LAYERS[:3])
def test_earlier_layers_equal_the_map_from_numeric_gradients(identifier, prepared, layer):
    identifier = identifier.double()
    prepared = prepared.double()
    start = LAYERS.index(layer) + 1
    with torch.no_grad():
        block = identifier.activations(prepared[None], (layer,))[0][layer]

        def logit(values):
            for later in identifier.blocks[start:]:
                values = torch.relu(later(values))
            return identifier.head(values.mean(dim=(2, 3)))[0, 1].item()

        weights = []
        for channel in range(block.shape[1]):
            # A step of the whole channel at once gives the sum of its gradients.
            up, down = block.clone(), block.clone()
            up[0, channel] += 1e-6
            down[0, channel] -= 1e-6
            weights.append((logit(up) - logit(down)) / 2e-6 / block[0, 0].numel())
    expected = np.maximum(np.einsum("c,chw->hw", weights, block[0].numpy()), 0)
    actual = grad_cam(identifier, prepared, "w1", layer)
    assert expected.max() > 0
    np.testing.assert_allclose(actual, expected, atol=1e-6 * expected.max() + 1e-8)


def test_all_individuals_and_layers_come_from_one_forward_pass(identifier, prepared):
    maps = grad_cams(identifier, prepared, ("w2", "w0"), LAYERS)
    assert identifier.passes == 1
    shapes = {layer: values.shape for layer, values in maps.items()}
    assert shapes == {
        "layer1": (2, 8, 12),
        "layer2": (2, 4, 6),
        "layer3": (2, 2, 3),
        "layer4": (2, 1, 2),
    }
    for layer in LAYERS:
        for row, name in enumerate(("w2", "w0")):
            single = grad_cam(identifier, prepared, name, layer)
            np.testing.assert_array_equal(maps[layer][row], single)


def test_maps_are_never_negative_and_differ_between_individuals(identifier, prepared):
    maps = grad_cams(identifier, prepared, identifier.individuals, ("layer2",))["layer2"]
    assert maps.dtype == np.float32
    assert maps.min() == 0
    assert len({values.tobytes() for values in maps}) == 3


def test_nothing_is_left_behind_in_the_network(identifier, prepared):
    before = [weight.clone() for weight in identifier.parameters()]
    grad_cams(identifier, prepared, identifier.individuals, LAYERS)
    assert all(weight.grad is None for weight in identifier.parameters())
    for weight, old in zip(identifier.parameters(), before, strict=True):
        assert torch.equal(weight, old)
    assert not any(module._forward_hooks for module in identifier.modules())
    assert not prepared.requires_grad


def test_a_surrounding_inference_mode_changes_nothing(identifier, prepared):
    expected = grad_cam(identifier, prepared, "w0", "layer2")
    with torch.inference_mode():
        inside = prepared * 1.0
        np.testing.assert_array_equal(grad_cam(identifier, inside, "w0", "layer2"), expected)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_residual_network_gives_the_maps_that_hooks_on_its_blocks_give(layer):
    torch.manual_seed(0)
    network = build_network("resnet18", individuals=3, width=8)
    identifier = Identifier(network, ("w0", "w1", "w2"), 64, 128)
    prepared = torch.randn(3, 64, 128)
    kept = {}

    def keep(_module, _inputs, output):
        kept["block"] = output.requires_grad_()
        kept["block"].retain_grad()

    handle = network.get_submodule(layer).register_forward_hook(keep)
    network(prepared[None])[1][0, 1].backward()
    handle.remove()
    weights = kept["block"].grad.mean(dim=(2, 3), keepdim=True)
    expected = (weights * kept["block"]).sum(dim=1)[0].clamp(min=0).detach().numpy()
    actual = grad_cam(identifier, prepared, "w1", layer)
    assert expected.max() > 0
    np.testing.assert_allclose(actual, expected, atol=1e-4 * expected.max())
    assert not any(module._forward_hooks for module in network.modules())


def test_one_name_gives_one_map_and_several_give_a_stack(identifier, prepared):
    assert grad_cam(identifier, prepared, "w0", "layer1").shape == (8, 12)
    assert grad_cam(identifier, prepared, ["w0"], "layer1").shape == (1, 8, 12)


@pytest.mark.parametrize(
    ("individual", "layer", "part"), [("w0", "layer5", "layer5"), ("nobody", "layer4", "nobody")]
)
def test_an_unknown_layer_or_individual_is_refused_in_one_sentence(
    identifier, prepared, individual, layer, part
):
    with pytest.raises(SettingsError, match=part):
        grad_cam(identifier, prepared, individual, layer)


@pytest.fixture(scope="module")
def residual():
    return residual_identifier("resnet18", individuals=4, height=32, width=64, channels=8)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_batch_gives_every_photo_the_map_of_its_own_individual(residual, layer):
    photos = random_photos(3, 32, 64)
    individuals = [("w2", "w0"), ("w1", "w1"), ("w3", "w2")]
    maps = grad_cams_of(residual, photos, individuals, LAYERS)[layer]
    assert maps.dtype == np.float32
    for photo, names, stack in zip(photos, individuals, maps, strict=True):
        for name, actual in zip(names, stack, strict=True):
            activations, logits = residual.activations(photo[None], (layer,))
            logits[0, residual.individuals.index(name)].backward(inputs=[activations[layer]])
            weights = activations[layer].grad.mean(dim=(2, 3), keepdim=True)
            expected = (weights * activations[layer]).sum(dim=1)[0].clamp(min=0).detach().numpy()
            assert expected.max() > 0
            np.testing.assert_allclose(actual, expected, atol=1e-4 * expected.max())


def test_a_batch_takes_one_forward_pass(identifier):
    photos = torch.randn(4, 3, 16, 24, generator=torch.Generator().manual_seed(2))
    maps = grad_cams_of(identifier, photos, [("w0", "w1", "w2")] * 4, ("layer2", "layer4"))
    assert identifier.passes == 1
    assert {layer: stack.shape for layer, stack in maps.items()} == {
        "layer2": (4, 3, 4, 6),
        "layer4": (4, 3, 1, 2),
    }


@pytest.mark.parametrize(
    ("shape", "individuals", "part"),
    [
        ((3, 16, 24), [("w0",)], "stack them"),
        ((2, 3, 16, 24), [("w0",)], "2 photos came with individuals for 1"),
        ((2, 3, 16, 24), [("w0",), ("w1", "w2")], "between 1 and 2 each"),
        ((1, 3, 16, 24), [()], "at least one"),
        ((2, 3, 16, 24), [("w0",), ("nobody",)], "nobody"),
    ],
)
def test_photos_and_individuals_that_do_not_fit_are_refused_in_one_sentence(
    identifier, shape, individuals, part
):
    with pytest.raises(SettingsError, match=part):
        grad_cams_of(identifier, torch.zeros(shape), individuals, ("layer4",))
