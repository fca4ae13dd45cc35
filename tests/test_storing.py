"""Clusters on disk."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.clusterings import clustering_of
from tests.planted import planted_heatmaps
from whalecore.clusters.extension import Extension
from whalecore.clusters.placing import assign_many
from whalecore.clusters.storing import load_clustering, save_clustering
from whalecore.errors import CheckpointError


@pytest.fixture(scope="module")
def planted():
    return planted_heatmaps(6, each=40)


@pytest.fixture(scope="module")
def clustering(planted):
    values, kind = planted
    return clustering_of(values[:200], kind[:200] + 1)


ARRAYS = (
    "labels",
    "memberships",
    "cluster_stability",
    "eigenvalues",
    "points",
    "point_labels",
    "means",
)
NUMBERS = (
    "clusters",
    "mode",
    "sigma",
    "stability",
    "settings",
    "usual_distance",
    "noise_stability",
    "started",
    "by_landmarks",
)


def test_a_clustering_survives_the_disk_unchanged(tmp_path, clustering, planted):
    path = tmp_path / "deeper" / "c.safetensors"
    clustering = replace(clustering, noise_stability=0.25, started=True, by_landmarks=True)
    digest = save_clustering(clustering, path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = load_clustering(path)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(clustering, name))
    for name in NUMBERS:
        assert getattr(loaded, name) == getattr(clustering, name)
    first, second = (assign_many(c, planted[0][200:]) for c in (loaded, clustering))
    for name in ("clusters", "memberships", "distances", "unlike"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert loaded.others.keys() == clustering.others.keys() == {5, 7}
    for count, labels in clustering.others.items():
        np.testing.assert_array_equal(loaded.others[count], labels)
    assert [entry.name for entry in path.parent.iterdir()] == ["c.safetensors"]


def test_anchors_that_are_the_points_are_stored_once(tmp_path, clustering):
    save_clustering(clustering, tmp_path / "a")
    loaded = load_clustering(tmp_path / "a")
    assert loaded.extension.anchors is loaded.points
    others = replace(clustering.extension, anchors=clustering.points + 1)
    save_clustering(replace(clustering, extension=others), tmp_path / "b")
    loaded = load_clustering(tmp_path / "b")
    np.testing.assert_allclose(loaded.extension.anchors, clustering.points + 1, atol=0.01)
    assert loaded.points.dtype == loaded.extension.anchors.dtype == np.float32


def test_a_stability_that_is_not_known_survives_the_disk(tmp_path, clustering):
    unknown = np.full(6, np.nan, np.float32)
    save_clustering(
        replace(clustering, stability=float("nan"), cluster_stability=unknown), tmp_path / "a"
    )
    loaded = load_clustering(tmp_path / "a")
    assert np.isnan(loaded.stability)
    assert np.isnan(loaded.cluster_stability).all()


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
        {"points": np.full((200, 30), np.nan, dtype=np.float32)},
        {"points": np.zeros((200, 5), dtype=np.float32)},
        {"point_labels": np.full(200, 7, dtype=np.int32)},
        {"point_labels": np.ones(20, dtype=np.int32)},
        {"others": {5: np.ones(3, dtype=np.int32)}},
        {"memberships": np.ones(3, dtype=np.float32)},
        {"cluster_stability": np.ones(3, dtype=np.float32)},
        {"means": np.ones((6, 2, 2), dtype=np.float16)},
        {"usual_distance": float("nan")},
        {"extension": Extension(np.ones((4, 30)), np.ones((3, 6)), np.ones((6, 6)), 1.0)},
        {"extension": Extension(np.ones((4, 30)), np.ones((4, 6)), np.ones((5, 6)), 1.0)},
        {"extension": Extension(np.ones((4, 30)), np.ones((4, 6)), np.ones((6, 6)), 0.0)},
    ],
    ids=[
        "too few labels",
        "label without cluster",
        "points that are no numbers",
        "too few axes",
        "point in no cluster",
        "too few point labels",
        "too few other labels",
        "too few memberships",
        "too few stabilities",
        "means of another grid",
        "no usual distance",
        "too few rows",
        "too few centres",
        "no sigma",
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(tmp_path, clustering, change):
    save_clustering(replace(clustering, **change), tmp_path / "c.safetensors")
    with pytest.raises(CheckpointError, match="cluster the heatmaps again"):
        load_clustering(tmp_path / "c.safetensors")


def test_a_file_of_the_format_before_is_refused_in_one_sentence(tmp_path):
    old = {name: np.zeros((3, 3)) for name in ("labels", "points", "mean", "components")}
    save_file(old, tmp_path / "old.safetensors", metadata={"clustering": '{"rows": 16}'})
    with pytest.raises(CheckpointError, match="cluster the heatmaps again"):
        load_clustering(tmp_path / "old.safetensors")
