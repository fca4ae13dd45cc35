"""Which mode heatmaps are clustered in, by their number and the memory that is free."""

import pytest

from tests.planted import planted_heatmaps
from whalecore.clusters import modes
from whalecore.clusters.modes import exact_bytes, mode_for
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import SettingsError


def test_the_mode_follows_the_number_of_heatmaps(monkeypatch):
    monkeypatch.setattr(modes, "available_bytes", lambda: 8e9)
    assert mode_for(20_000) == "exact"
    assert mode_for(20_001) == "scale"
    assert mode_for(10, "scale") == "scale"
    with pytest.raises(SettingsError, match=r"needs 40003238\.4 GB"):
        mode_for(100_000_000, "exact")


def test_the_memory_of_the_exact_mode_counts_pairs_heatmaps_and_points():
    # 3 x 3 pairs of 4 bytes, and for each of 3 heatmaps 10 cells of 2 bytes and 4 points of 1000
    # components of 4 bytes.
    assert exact_bytes(3, cells=10) == 9 * 4 + 3 * (10 * 2 + 4 * 1000 * 4)
    assert exact_bytes(20_000) / 1e9 == pytest.approx(2.3, abs=0.06)


def test_too_little_memory_leads_auto_to_the_scale_mode_and_refuses_the_exact_one(monkeypatch):
    monkeypatch.setattr(modes, "available_bytes", lambda: 8e8)
    assert mode_for(10_000, "exact") == mode_for(10_000) == "exact"
    assert mode_for(10_000, cells=256 * 512) == "scale"
    assert mode_for(20_000) == "scale"
    words = "needs 2.2 GB for 20000 heatmaps, and 0.8 GB of this computer's memory are free"
    with pytest.raises(SettingsError, match=words):
        mode_for(20_000, "exact")
    assert mode_for(20_000, "scale") == "scale"
    monkeypatch.setattr(modes, "available_bytes", lambda: None)
    assert mode_for(20_000, "exact") == mode_for(20_000) == "exact"


def test_a_clustering_is_made_in_the_scale_mode_where_memory_is_short(monkeypatch):
    values, _ = planted_heatmaps(3, each=20)
    monkeypatch.setattr(modes, "available_bytes", lambda: 1000)
    assert spectral_clustering(values, clusters=3).mode == "scale"
