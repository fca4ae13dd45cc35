"""The mean heatmap of each cluster."""

from __future__ import annotations

import numpy as np

BLOCK = 2000
"""Heatmaps that are averaged together."""


def mean_maps(
    values: np.ndarray, labels: np.ndarray, turned: np.ndarray | None = None
) -> np.ndarray:
    """Mean heatmap of each cluster, (clusters, rows, cols) float16.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)
    labels : ndarray of shape (heatmaps,), int
        1 to the number of clusters.
    turned : ndarray of shape (heatmaps,), bool, optional
        Which are mirrored before.
    """
    members = np.bincount(labels - 1)
    sums = np.zeros((len(members), values[0].size))
    for start in range(0, len(labels), BLOCK):
        rows = slice(start, start + BLOCK)
        belongs = (labels[rows] == np.arange(1, len(members) + 1)[:, None]).astype(np.float32)
        block = values[rows]
        if turned is not None:
            block = np.where(turned[rows, None, None], block[:, :, ::-1], block)
        sums += belongs @ block.reshape(belongs.shape[1], -1).astype(np.float32)
    return (sums / members[:, None]).reshape(-1, *values.shape[1:]).astype(np.float16)
