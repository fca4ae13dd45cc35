"""Families of clusters: the pattern of the mean heatmaps counts, not their strength."""

import numpy as np
import pytest

from whalecore.clusters.families import families_of, likeness
from whalecore.errors import SettingsError

LEFT = np.array([[1.0, -1.0], [1.0, -1.0]])
UPPER = np.array([[1.0, 1.0], [-1.0, -1.0]])
MEANS = np.stack([LEFT, UPPER, 2 * LEFT + 3, 0.1 * UPPER - 5])


def test_likeness_is_the_correlation_of_two_maps():
    expected = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    np.testing.assert_allclose(likeness(MEANS), expected, atol=1e-12)
    np.testing.assert_allclose(likeness(np.stack([LEFT, -LEFT])), [[1, -1], [-1, 1]])


def test_a_map_without_a_pattern_is_like_no_other():
    np.testing.assert_array_equal(likeness(np.stack([LEFT, np.ones((2, 2))])), np.eye(2))


def test_clusters_of_the_same_pattern_are_one_family_however_strong_they_are():
    assert families_of(MEANS, 2).tolist() == [1, 2, 1, 2]


def test_families_are_numbered_by_their_first_cluster():
    means = np.stack([UPPER, LEFT, -LEFT, 3 * LEFT])
    assert families_of(means, 3).tolist() == [1, 2, 3, 2]
    assert families_of(means, 4).tolist() == [1, 2, 3, 4]
    assert families_of(means, 1).tolist() == [1, 1, 1, 1]


def test_one_cluster_is_one_family():
    assert families_of(LEFT[None], 1).tolist() == [1]


@pytest.mark.parametrize("families", [0, 5])
def test_more_families_than_clusters_are_refused_in_a_sentence(families):
    with pytest.raises(SettingsError, match="ask for 1 to 4"):
        families_of(MEANS, families)
