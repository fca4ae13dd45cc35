"""The moving average of the weights against hand arithmetic."""

import math

import pytest
import torch

from whalecore.identifiers.average import decay_after, weight_average
from whalecore.identifiers.network import Network


def fill(network, value):
    """Every weight, mean and variance of a network at one value; counts of batches at 7."""
    with torch.no_grad():
        for values in network.state_dict().values():
            values.fill_(value if values.is_floating_point() else 7)


@pytest.fixture
def network():
    network = Network("resnet18", 2, 8)
    fill(network, 1.0)
    return network


def test_the_decay_grows_from_a_tenth_to_what_the_steps_ask_for():
    assert decay_after(1, 1000) == pytest.approx(2 / 11)
    assert decay_after(90, 1000) == pytest.approx(91 / 100)
    assert decay_after(10**6, 1000) == pytest.approx(math.exp(-1 / 1000))
    assert decay_after(10**6, 2.0) == pytest.approx(math.exp(-0.5))


def test_the_average_starts_at_the_first_weights_and_follows_by_the_decay(network):
    average = weight_average(network, steps=1000)
    expected = None
    for updates, value in enumerate((3.0, 5.0, -2.0)):
        fill(network, value)
        average.update_parameters(network)
        decay = decay_after(updates, 1000) if updates else 0.0
        expected = value if expected is None else decay * expected + (1 - decay) * value
        for name, values in average.module.state_dict().items():
            wanted = expected if values.is_floating_point() else 7
            assert torch.allclose(values.float(), torch.tensor(float(wanted)), atol=1e-5), name


def test_a_weight_of_so_many_steps_ago_counts_one_e_th(network):
    average = weight_average(network, steps=4)
    fill(network, 1.0)
    for _ in range(200):
        average.update_parameters(network)
    fill(network, 0.0)
    for _ in range(4):
        average.update_parameters(network)
    assert average.module.neck.running_mean[0].item() == pytest.approx(1 / math.e, abs=1e-4)


def test_the_average_is_not_learnt_and_leaves_the_network_as_it_is(network):
    average = weight_average(network, steps=10)
    average.update_parameters(network)
    fill(network, 2.0)
    average.update_parameters(network)
    assert not any(values.requires_grad for values in average.parameters())
    assert all(values.requires_grad for values in network.parameters())
    assert (network.directions == 2.0).all()
