"""The mean heatmap of each cluster."""

import numpy as np

from whalecore.clusters.mean_maps import mean_maps


def test_mean_maps_equal_hand_arithmetic():
    values = np.array([[[0, 2]], [[4, 6]], [[1, 1]]], np.float16)
    assert mean_maps(values, np.array([2, 2, 1])).tolist() == [[[1, 1]], [[2, 4]]]
