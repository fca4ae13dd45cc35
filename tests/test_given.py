"""Heatmaps as a clustering is given them: their strides, and parts that belong together."""

from dataclasses import replace

import numpy as np
import pytest

from tests.planted import heatmap_set, planted_heatmaps
from whalecore.clusters.given import stride_of
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import SettingsError


def test_the_stride_comes_from_the_settings_of_the_heatmaps():
    assert stride_of("patch=5,stride=1,fill=0,target=logit") == 1
    assert stride_of("layer=layer4") == 4
    values, _ = planted_heatmaps(3, each=10)
    settings = "patch=5,stride=1,fill=0,target=logit"
    maps = heatmap_set(values, np.ones(30, dtype=bool), settings=settings)
    clustering = spectral_clustering(maps, clusters=3)
    assert clustering.projection.mean.shape == (4 * 8,)


def test_parts_of_other_heatmaps_are_refused():
    values, kind = planted_heatmaps(2, each=10)
    first = heatmap_set(values, kind == 0)
    second = replace(first, photo_ids=first.photo_ids[::-1])
    with pytest.raises(SettingsError, match="same photos and individuals in the same order"):
        spectral_clustering([first, second], clusters=2)
