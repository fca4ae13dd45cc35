"""New heatmaps in old clusters, and clusters on disk."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.planted import planted_heatmaps
from whalecore.clusters.assignment import (
    assign,
    assign_many,
    load_clustering,
    save_clustering,
)
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import CheckpointError, SettingsError


@pytest.fixture(scope="module")
def planted():
    return planted_heatmaps(6, each=50)


@pytest.fixture(scope="module")
def clustering(planted):
    return spectral_clustering(planted[0][:200], clusters=6)


def test_held_out_heatmaps_fall_into_the_cluster_of_their_kind(planted, clustering):
    values, kind = planted
    clusters, memberships = assign_many(clustering, values[200:])
    of_cluster = {
        cluster: np.bincount(kind[:200][clustering.labels == cluster]).argmax()
        for cluster in range(1, 7)
    }
    agreement = np.mean([of_cluster[c] == k for c, k in zip(clusters, kind[200:], strict=True)])
    assert agreement > 0.97
    assert memberships.mean() > 0.9
    assert ((memberships > 0) & (memberships <= 1)).all()


def test_votes_are_counted_as_by_hand(planted, clustering):
    value = planted[0][210]
    point = clustering.projection.points(value[None])[0]
    order = np.argsort(((clustering.points - point) ** 2).sum(axis=1))
    counts = np.bincount(clustering.labels[order[:10]])
    cluster, membership = assign(clustering, value)
    assert cluster == counts.argmax()
    assert membership == pytest.approx(counts.max() / 10)


def test_equal_votes_go_to_the_nearest(clustering, planted):
    value = planted[0][210]
    point = clustering.projection.points(value[None])[0]
    order = np.argsort(((clustering.points - point) ** 2).sum(axis=1))
    labels = np.full(200, 6, dtype=np.int32)
    labels[order[[0, 3, 4, 5, 9]]] = 2
    labels[order[[1, 2, 6, 7, 8]]] = 1
    assert assign(replace(clustering, labels=labels), value) == (2, 0.5)


def test_few_clustered_heatmaps_all_vote():
    values, _ = planted_heatmaps(2, each=2)
    small = spectral_clustering(values, clusters=2)
    cluster, membership = assign(small, values[0])
    assert cluster in (1, 2)
    assert 0.25 <= membership <= 1


def test_a_heatmap_of_another_grid_is_refused(clustering):
    with pytest.raises(SettingsError, match="same method, patch, stride and model"):
        assign(clustering, np.zeros((8, 8)))


def test_a_clustering_survives_the_disk_unchanged(tmp_path, clustering, planted):
    path = tmp_path / "deeper" / "c.safetensors"
    digest = save_clustering(clustering, path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = load_clustering(path)
    for name in ("labels", "memberships", "eigenvalues", "points"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(clustering, name))
    for name in ("clusters", "sigma", "stability", "settings"):
        assert getattr(loaded, name) == getattr(clustering, name)
    first, second = (assign_many(c, planted[0][200:]) for c in (loaded, clustering))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert [entry.name for entry in path.parent.iterdir()] == ["c.safetensors"]


def test_saving_twice_gives_the_same_bytes(tmp_path, clustering):
    save_clustering(clustering, tmp_path / "a")
    save_clustering(clustering, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_write_leaves_the_old_file(tmp_path, clustering, monkeypatch):
    path = tmp_path / "c.safetensors"
    save_clustering(clustering, path)
    before = path.read_bytes()

    def full_disk(_):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_clustering(replace(clustering, stability=0.0), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.safetensors"]


@pytest.mark.parametrize("spoil", ["missing", "empty", "text", "truncated", "other arrays"])
def test_a_file_that_is_no_clustering_is_refused_in_one_sentence(tmp_path, clustering, spoil):
    path = tmp_path / "c.safetensors"
    save_clustering(clustering, path)
    if spoil == "missing":
        path.unlink()
    elif spoil == "empty":
        path.write_bytes(b"")
    elif spoil == "text":
        path.write_text("clusters, please")
    elif spoil == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        save_file({"weights": np.zeros(3)}, path)
    with pytest.raises(CheckpointError, match=r"c\.safetensors"):
        load_clustering(path)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.ones(199, dtype=np.int32)},
        {"labels": np.full(200, 9, dtype=np.int32)},
        {"points": np.full((200, 5), np.nan, dtype=np.float32)},
        {"points": np.zeros((200, 5), dtype=np.float32)},
    ],
    ids=["too few labels", "label without cluster", "points that are no numbers", "too few axes"],
)
def test_arrays_that_do_not_fit_together_are_refused(tmp_path, clustering, change):
    save_clustering(replace(clustering, **change), tmp_path / "c.safetensors")
    with pytest.raises(CheckpointError, match="cluster the heatmaps again"):
        load_clustering(tmp_path / "c.safetensors")
