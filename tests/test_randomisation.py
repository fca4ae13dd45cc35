"""Networks that forget, and heatmaps that notice or do not."""

import numpy as np
import pytest

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain.faithfulness import edge_map
from whalecore.explain.gradcam import grad_cam
from whalecore.explain.randomisation import (
    BLOCKS,
    randomisation,
    rank_correlation,
    shuffled,
)


@pytest.fixture(scope="module")
def identifier():
    return residual_identifier()


@pytest.fixture(scope="module")
def photo():
    return random_photos(1, 32, 64)[0]


def test_shuffled_weights_are_the_same_numbers_in_another_order(identifier):
    weights, others = identifier.network.state_dict(), shuffled(identifier).network.state_dict()
    for name, values in weights.items():
        here, there = values.numpy().ravel(), others[name].numpy().ravel()
        np.testing.assert_array_equal(np.sort(here), np.sort(there))
        if len(set(here.tolist())) > 10:
            assert not np.array_equal(here, there), name


def test_blocks_below_the_named_one_keep_what_they_learned(identifier):
    weights = identifier.network.state_dict()
    others = shuffled(identifier, "layer3").network.state_dict()
    changed = {
        name.split(".")[0]
        for name, values in weights.items()
        if not np.array_equal(values.numpy(), others[name].numpy())
    }
    assert changed == {"directions", "neck", "layer4", "layer3"}


def test_the_identifier_itself_forgets_nothing(identifier):
    before = identifier.fingerprint
    shuffled(identifier)
    again = identifier.replaced()
    assert again.fingerprint == before
    assert shuffled(identifier, seed=1).fingerprint != shuffled(identifier, seed=2).fingerprint


def test_a_heatmap_that_ignores_the_network_never_changes(identifier, photo):
    found = randomisation(
        identifier, photo, "w0", lambda network, prepared, name: edge_map(prepared, 4, 8)
    )
    assert found == dict.fromkeys(BLOCKS, pytest.approx(1.0))


def test_a_heatmap_changes_at_the_block_it_reads_and_not_before(identifier, photo):
    def of_layer1(network, prepared, name):
        return network.network.layer1[0].conv1.weight.numpy().ravel()

    found = randomisation(identifier, photo, "w0", of_layer1)
    before = BLOCKS[: BLOCKS.index("layer1")]
    assert {block: found[block] for block in before} == dict.fromkeys(before, pytest.approx(1.0))
    assert abs(found["layer1"]) < 0.2
    assert abs(found["stem"]) < 0.2


def test_grad_cam_depends_on_the_weights(identifier, photo):
    found = randomisation(identifier, photo, "w0", lambda *one: grad_cam(*one, "layer1"))
    assert abs(found["stem"]) < 0.9


def test_a_map_that_becomes_the_same_everywhere_has_changed_altogether():
    assert rank_correlation(np.arange(4.0), np.ones(4)) == 0


def test_only_the_order_of_values_counts():
    grid = np.random.default_rng(0).normal(size=(3, 5))
    assert rank_correlation(grid, np.exp(grid)) == pytest.approx(1)
    assert rank_correlation(grid, -(grid**3)) == pytest.approx(-1)


@pytest.mark.parametrize("stages", [("layer5",), ()])
def test_stages_that_do_not_exist_are_refused(identifier, photo, stages):
    with pytest.raises(SettingsError, match="choose some of head"):
        randomisation(identifier, photo, "w0", lambda *one: np.ones(3), stages)
