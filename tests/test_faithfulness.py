"""Deletion and insertion curves against values worked out by hand."""

import numpy as np
import pytest
import torch

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain.faithfulness import (
    centre_blob,
    deletion_insertion,
    edge_map,
    enlarged,
    random_map,
)


class Adding:
    """The logit of `sum` is the sum of the first channel, that of `none` always 0."""

    individuals = ("sum", "none")
    device = torch.device("cpu")
    height = width = 2

    def __init__(self):
        self.passes = []

    def logits(self, images):
        self.passes.append(len(images))
        total = images[:, 0].sum(dim=(1, 2))
        return torch.stack([total, torch.zeros_like(total)], dim=1)

    def scores(self, logits):
        return torch.softmax(logits, dim=1)


PHOTO = torch.stack([torch.tensor([[4.0, 3.0], [2.0, 1.0]]), *torch.full((2, 2, 2), 9.0)])
FITTING = np.array([[4.0, 3.0], [2.0, 1.0]])


def test_a_linear_network_has_the_curves_worked_out_by_hand():
    curves = deletion_insertion(Adding(), PHOTO, "sum", FITTING, steps=4, target="logit")
    np.testing.assert_array_equal(curves.shares, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(curves.deletion, [10, 6, 3, 1, 0])
    np.testing.assert_array_equal(curves.insertion, [0, 4, 7, 9, 10])
    assert curves.deletion_area == pytest.approx(0.25 * (5 + 6 + 3 + 1))
    assert curves.insertion_area == pytest.approx(0.25 * (4 + 7 + 9 + 5))
    assert curves.faithfulness == pytest.approx(6.25 - 3.75)


def test_the_opposite_heatmap_is_as_wrong_as_the_fitting_one_is_right():
    curves = deletion_insertion(Adding(), PHOTO, "sum", -FITTING, steps=4, target="logit")
    np.testing.assert_array_equal(curves.deletion, [10, 9, 7, 4, 0])
    assert curves.faithfulness == pytest.approx(-2.5)


def test_probabilities_are_those_of_the_curve_of_logits():
    logits = deletion_insertion(Adding(), PHOTO, "sum", FITTING, steps=4, target="logit")
    chances = deletion_insertion(Adding(), PHOTO, "sum", FITTING, steps=4)
    np.testing.assert_allclose(chances.deletion, 1 / (1 + np.exp(-logits.deletion)), rtol=1e-6)


def test_covered_pixels_take_the_chosen_value():
    curves = deletion_insertion(Adding(), PHOTO, "sum", FITTING, steps=2, fill=-1.0, target="logit")
    np.testing.assert_array_equal(curves.deletion, [10, 2 + 1 - 2, -4])
    np.testing.assert_array_equal(curves.insertion, [-4, 4 + 3 - 2, 10])


def test_steps_that_do_not_divide_the_pixels_end_at_the_whole_photo():
    curves = deletion_insertion(Adding(), PHOTO, "sum", FITTING, steps=3, target="logit")
    np.testing.assert_array_equal(curves.shares, [0, 0.25, 0.75, 1])
    np.testing.assert_array_equal(curves.deletion, [10, 6, 1, 0])


def test_a_coarse_heatmap_covers_whole_pieces_of_the_photo():
    identifier = Adding()
    photo = torch.zeros(3, 4, 8)
    photo[0, :, 4:] = 1
    curves = deletion_insertion(identifier, photo, "sum", [[0.0, 1.0]], steps=2, target="logit")
    np.testing.assert_array_equal(curves.deletion, [16, 0, 0])
    assert max(identifier.passes) <= 16


def test_equal_values_are_not_covered_from_the_top_downwards():
    photo = torch.zeros(3, 20, 20)
    photo[0, :10] = 1
    curves = deletion_insertion(Adding(), photo, "sum", np.zeros((2, 2)), steps=2, target="logit")
    assert 70 < curves.deletion[1] < 130


def test_of_a_real_network_both_curves_run_between_the_clean_and_the_covered_photo():
    identifier = residual_identifier()
    (photo,) = random_photos(1, 32, 64)
    curves = deletion_insertion(identifier, photo, "w1", random_map(4, 8), steps=5)
    ends = identifier.scores(identifier.logits(torch.stack([photo, torch.zeros_like(photo)])))
    clean, covered = ends[:, 1].tolist()
    assert curves.deletion[[0, -1]] == pytest.approx([clean, covered], abs=1e-6)
    assert curves.insertion[[0, -1]] == pytest.approx([covered, clean], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"individual": "nobody"}, "nobody"),
        ({"heatmap": np.array([[np.nan, 1.0]])}, "finite"),
        ({"heatmap": np.ones(4)}, "rows and columns"),
        ({"steps": 0}, "0 steps"),
        ({"steps": 5}, "4 pixels"),
        ({"target": "rank"}, "rank"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_a_sentence(change, word):
    given = {"individual": "sum", "heatmap": FITTING, "steps": 4, **change}
    with pytest.raises(SettingsError, match=word):
        deletion_insertion(Adding(), PHOTO, **given)


def test_a_heatmap_is_enlarged_with_straight_lines():
    row = enlarged(np.array([[0.0, 4.0]]), 1, 4)[0]
    np.testing.assert_allclose(row, [0, 1, 3, 4])


def test_the_centre_blob_is_the_same_in_all_four_directions_and_highest_in_the_middle():
    blob = centre_blob(6, 8)
    np.testing.assert_allclose(blob, blob[::-1], rtol=1e-6)
    np.testing.assert_allclose(blob, blob[:, ::-1], rtol=1e-6)
    assert set(map(tuple, np.argwhere(blob == blob.max()))) <= {(2, 3), (2, 4), (3, 3), (3, 4)}


def test_the_edge_map_sees_edges_and_nothing_else():
    photo = torch.zeros(3, 8, 8)
    photo[:, :, 4:] = 2.0
    # Central differences: half of the step of 2 in the two columns beside the edge.
    expected = np.zeros((8, 8), np.float32)
    expected[:, 3:5] = 1.0
    np.testing.assert_array_equal(edge_map(photo, 8, 8), expected)
    np.testing.assert_array_equal(edge_map(photo, 1, 2), [[0.25, 0.25]])


def test_maps_from_chance_are_the_same_for_the_same_seed():
    np.testing.assert_array_equal(random_map(3, 4, seed=5), random_map(3, 4, seed=5))
    assert not np.array_equal(random_map(3, 4, seed=5), random_map(3, 4, seed=6))
