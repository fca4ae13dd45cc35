"""The losses against hand arithmetic, and the head they share with the network."""

import math
from dataclasses import replace

import pytest
import torch

from whalecore.identifiers.losses import IdentifierLoss, focal_loss
from whalecore.identifiers.network import Network
from whalecore.identifiers.settings import PRESETS

ONLY = replace(PRESETS["demo"], triplet=0.0, arcface=0.0, focal=1.0)


def network_with(directions, scale=10.0):
    """A network whose head has these directions, (individuals, size)."""
    with torch.device("meta"):  # Its blocks are not asked.
        network = Network("resnet18", len(directions), 8, scale)
    network.directions = torch.nn.Parameter(torch.tensor(directions).T.contiguous())
    return network


def at_degrees(*angles):
    turns = torch.deg2rad(torch.tensor(angles))
    return torch.stack([turns.cos(), turns.sin()], 1)


def test_focal_loss_of_four_equal_logits():
    labels = torch.tensor([0, 3])
    value = focal_loss(torch.zeros(2, 4), labels, focusing=2.0)
    assert value.item() == pytest.approx(0.75**2 * math.log(4))


def test_focal_loss_without_focusing_is_cross_entropy():
    logits, labels = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 4, 0])
    expected = torch.nn.functional.cross_entropy(logits, labels)
    assert focal_loss(logits, labels, 0.0).item() == pytest.approx(expected.item(), rel=1e-5)


def test_arcface_adds_its_margin_to_the_angle_of_the_right_individual():
    network = network_with([[1.0, 0.0], [0.0, 1.0]])
    settings = replace(ONLY, arcface=1.0, focal=0.0, arcface_margin=math.radians(20))
    loss = IdentifierLoss(network, settings)
    embeddings, labels = at_degrees(30.0), torch.tensor([0])
    right = 10 * math.cos(math.radians(30 + 20))
    wrong = 10 * math.cos(math.radians(60))
    expected = -right + math.log(math.exp(right) + math.exp(wrong))
    found = loss(embeddings, network.logits(embeddings), labels).item()
    assert found == pytest.approx(expected, abs=1e-4)


def arcface(angle, margin_share=1.0, margin=20.0):
    """Loss of a photo so many degrees from its individual and 60 from the other one."""
    network = network_with([[1.0, 0.0], [math.cos(math.radians(60 + angle)),
                                        math.sin(math.radians(60 + angle))]])  # fmt: skip
    settings = replace(ONLY, arcface=1.0, focal=0.0, arcface_margin=math.radians(margin))
    embeddings, labels = at_degrees(angle), torch.tensor([0])
    loss = IdentifierLoss(network, settings)
    return loss(embeddings, network.logits(embeddings), labels, margin_share).item()


def by_hand(angle, added):
    right, wrong = (10 * math.cos(math.radians(one)) for one in (angle + added, 60))
    return math.log(1 + math.exp(wrong - right))


@pytest.mark.parametrize("angle", [5.0, 30.0, 70.0, 120.0])
def test_the_margin_makes_the_right_individual_harder_by_as_much_as_theory_says(angle):
    assert arcface(angle) == pytest.approx(by_hand(angle, 20), abs=1e-4)
    assert arcface(angle, margin=0.0) == pytest.approx(by_hand(angle, 0), abs=1e-4)
    assert arcface(angle) > arcface(angle, margin=0.0)


def test_while_the_margin_rises_its_share_is_added_and_then_all_of_it():
    assert arcface(30.0, margin_share=0.0) == pytest.approx(by_hand(30, 0), abs=1e-4)
    assert arcface(30.0, margin_share=0.5) == pytest.approx(by_hand(30, 10), abs=1e-4)
    assert arcface(30.0, margin_share=1.0) == pytest.approx(by_hand(30, 20), abs=1e-4)


def test_the_focal_loss_counts_the_hardest_photos_only():
    logits = torch.tensor([[3.0, 0.0], [0.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 1.0]])
    labels = torch.zeros(5, dtype=torch.int64)

    def one(gap):
        p = 1 / (1 + math.exp(-gap))
        return -((1 - p) ** 2) * math.log(p)

    assert focal_loss(logits, labels, 2.0, 0.4).item() == pytest.approx(
        (one(-2) + one(-1)) / 2, rel=1e-5
    )
    # Rounded up, so that there is always a photo.
    assert focal_loss(logits, labels, 2.0, 0.41).item() == pytest.approx(
        (one(-2) + one(-1) + one(0)) / 3, rel=1e-5
    )
    easy = torch.tensor([[9.0, 0.0]]).repeat(3, 1).requires_grad_()
    everyone = torch.cat([easy, logits])
    focal_loss(everyone, torch.zeros(8, dtype=torch.int64), 2.0, 0.5).backward()
    assert (easy.grad == 0).all()


def stranger_loss(weights, angles, labels):
    network = network_with([[1.0, 0.0], [0.0, 1.0]])
    weights = {"triplet": 0.0, "arcface": 0.0, "focal": 1e-9, "triplet_margin": 0.5} | weights
    embeddings = at_degrees(*angles)
    loss = IdentifierLoss(network, replace(ONLY, **weights))
    return loss(embeddings, network.logits(embeddings), torch.tensor(labels)).item()


def apart(first, second):
    return 2 * math.sin(math.radians(abs(first - second)) / 2)


def test_a_new_whale_is_the_stranger_of_a_triplet_and_never_a_friend():
    """The nearest stranger is unknown; the two unknown animals are far from each other."""
    angles, labels = (0.0, 30.0, 90.0, 95.0, 40.0, 170.0), [0, 0, 1, 1, -1, -2]
    hardest = [
        apart(0, 30) - apart(0, 40),
        apart(30, 0) - apart(30, 40),
        apart(90, 95) - apart(90, 40),
        apart(95, 90) - apart(95, 40),
    ]
    violated = [value + 0.5 for value in hardest if value + 0.5 > 0]
    found = stranger_loss({"triplet": 1.0}, angles, labels)
    assert found == pytest.approx(sum(violated) / len(violated), abs=1e-4)


def test_new_whales_alone_are_in_no_triplet():
    angles = (0.0, 50.0, 100.0, 150.0)
    assert stranger_loss({"triplet": 1.0}, angles, [0, -1, -2, -3]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", ["arcface", "focal"])
def test_new_whales_are_left_out_of_the_losses_that_name_an_individual(name):
    angles, labels = (10.0, 50.0, 80.0), [0, 0, 1]
    alone = stranger_loss({name: 1.0}, angles, labels)
    beside = stranger_loss({name: 1.0}, (*angles, 20.0, 130.0), [*labels, -1, -2])
    assert beside == pytest.approx(alone, rel=1e-6)
    assert alone > 0.001


def test_the_triplet_loss_takes_the_farthest_friend_and_the_nearest_stranger():
    network = network_with([[1.0, 0.0], [0.0, 1.0]])
    settings = replace(ONLY, triplet=1.0, arcface=0.0, focal=1.0, triplet_margin=0.5)
    embeddings = at_degrees(0.0, 10.0, 40.0, 60.0, 90.0, 100.0)
    labels = torch.tensor([0, 0, 0, 1, 1, 1])

    def apart(first, second):
        return 2 * math.sin(math.radians(abs(first - second)) / 2)

    hardest = [
        apart(0, 40) - apart(0, 60),
        apart(10, 40) - apart(10, 60),
        apart(40, 0) - apart(40, 60),
        apart(60, 100) - apart(60, 40),
        apart(90, 60) - apart(90, 40),
        apart(100, 60) - apart(100, 40),
    ]
    violated = [value + 0.5 for value in hardest if value + 0.5 > 0]
    logits = network.logits(embeddings)
    triplets = sum(violated) / len(violated)
    expected = triplets + focal_loss(logits, labels, settings.focusing).item()
    found = IdentifierLoss(network, settings)(embeddings, logits, labels).item()
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_losses_are_added_with_their_weights():
    torch.manual_seed(0)
    network = Network("resnet18", 4, 8)
    embeddings, logits = network(torch.randn(8, 3, 32, 64))
    labels = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])

    def value(**weights):
        weights = {"triplet": 0.0, "arcface": 0.0, "focal": 1e-9} | weights
        return IdentifierLoss(network, replace(ONLY, **weights))(embeddings, logits, labels).item()

    parts = 2 * value(triplet=1.0) + 3 * value(arcface=1.0) + 4 * value(focal=1.0)
    assert value(triplet=2.0, arcface=3.0, focal=4.0) == pytest.approx(parts, rel=1e-5)


def test_the_head_is_what_arcface_trains():
    torch.manual_seed(0)
    network = Network("resnet18", 4, 8)
    loss = IdentifierLoss(network, replace(ONLY, arcface=1.0, focal=0.0))
    embeddings, logits = network(torch.randn(4, 3, 32, 64))
    before = network.directions.detach().clone()
    loss(embeddings, logits, torch.arange(4)).backward()
    torch.optim.SGD(network.parameters(), lr=1.0).step()
    assert not torch.equal(network.directions, before)
    with torch.no_grad():
        ours = network.logits(embeddings)
        theirs = loss.arcface.get_logits(embeddings)
    assert torch.allclose(ours, theirs, atol=1e-4)
