"""The number of clusters where it is looked for."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tests.planted import planted_heatmaps
from whalecore.clusters.spectral import spectral_clustering


@pytest.mark.parametrize("mode", ["exact", "scale"])
def test_auto_takes_the_number_of_clusters_from_the_eigengap(mode):
    values, kind = planted_heatmaps(6)
    clustering = spectral_clustering(values, clusters="auto", mode=mode)
    assert clustering.clusters == 6
    assert adjusted_rand_score(kind, clustering.labels) > 0.95


def test_auto_never_asks_for_clusters_of_a_few_heatmaps():
    noise = np.random.default_rng(0).normal(size=(40, 16, 32)).astype(np.float32)
    assert spectral_clustering(noise, clusters="auto").clusters <= 4
