"""New heatmaps in old clusters, and what is unlike all of them."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from tests.clusterings import clustering_of, embedding
from tests.planted import planted_heatmaps
from whalecore.clusters.descriptor import Projection
from whalecore.clusters.extension import Extension, nystrom
from whalecore.clusters.placing import (
    Placement,
    assign,
    assign_many,
    distances_to_others,
    memberships,
    usual_distance,
)
from whalecore.errors import SettingsError

KINDS = 6


@pytest.fixture(scope="module")
def planted():
    return planted_heatmaps(KINDS, each=60)


@pytest.fixture(scope="module")
def clustering(planted):
    values, kind = planted
    return clustering_of(values[:260], kind[:260] + 1)


def test_held_out_heatmaps_fall_into_the_cluster_of_their_kind(planted, clustering):
    values, kind = planted
    found = assign_many(clustering, values[260:])
    assert (found.clusters == kind[260:] + 1).mean() >= 0.97
    assert found.memberships.mean() > 0.9
    assert ((found.memberships >= 0) & (found.memberships <= 1)).all()


def test_one_heatmap_is_placed_as_among_many(planted, clustering):
    values = planted[0][260:270]
    many = assign_many(clustering, values)
    for place, value in enumerate(values):
        one = assign(clustering, value)
        assert one == assign(clustering, value[None]) == assign(clustering, [value])
        assert one.cluster == many.clusters[place]
        assert one.membership == many.memberships[place]
        assert one.distance == pytest.approx(many.distances[place], rel=1e-5)
        assert one.unlike == many.unlike[place]


def test_membership_and_distance_are_those_of_the_ten_nearest(planted, clustering):
    value = planted[0][300]
    centred = value.ravel().astype(float) - value.min()
    centred = centred / centred.max() - clustering.projection.mean
    # All cells count, also what the kept components do not hold.
    kept = clustering.points @ clustering.projection.components
    distances = np.sqrt(((kept - centred) ** 2).sum(axis=1))
    nearest = np.argsort(distances)[:10]
    found = assign(clustering, value)
    assert found.distance == pytest.approx(distances[nearest].mean(), rel=1e-4)
    assert found.membership == pytest.approx(
        np.mean(clustering.point_labels[nearest] == found.cluster)
    )


def test_a_clustered_point_is_carried_to_its_own_row():
    random = np.random.default_rng(0)
    points = random.normal(size=(50, 3)).astype(np.float32)
    eigenvalues, vectors, degrees = embedding(points.astype(float), 1.0, 4)
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = 1 + (rows[:, 1] > 0) + 2 * (rows[:, 2] > 0)
    extension = nystrom(points, vectors, degrees, eigenvalues, 1.0, labels)
    centres = np.stack([rows[labels == number].mean(axis=0) for number in (1, 2, 3, 4)])
    np.testing.assert_allclose(extension.centres, centres, atol=1e-6)
    nearest = ((rows[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1) + 1
    np.testing.assert_array_equal(extension.clusters(points), nearest)


def test_a_heatmap_far_from_all_anchors_still_has_a_cluster():
    anchors = np.array([[0.0], [1.0]], np.float32)
    extension = Extension(anchors, np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), 0.01)
    assert extension.clusters(np.array([[1e4], [-1e4]], np.float32)).tolist() == [2, 1]


def test_other_anchors_than_the_points_place_as_well(planted, clustering):
    values, kind = planted
    centres = np.stack(
        [clustering.points[clustering.labels == number].mean(axis=0) for number in range(1, 7)]
    )
    landmarks = Extension(centres, np.eye(KINDS, dtype=np.float32), np.eye(KINDS), 1.0)
    found = assign_many(replace(clustering, extension=landmarks), values[260:])
    assert (found.clusters == kind[260:] + 1).mean() >= 0.97


@pytest.mark.parametrize("kind", ["noise", "constant", "another kind", "one cell"])
def test_what_was_not_clustered_is_unlike(kind, planted, clustering):
    random = np.random.default_rng(3)
    if kind == "noise":
        maps = random.normal(size=(50, 16, 32))
    elif kind == "constant":
        maps = np.full((50, 16, 32), 0.3)
    elif kind == "one cell":
        maps = np.zeros((50, 16, 32))
        maps[np.arange(50), 8, np.arange(50) % 32] = 1
    else:
        values, kinds = planted
        maps = values[kinds == 5]
        left = kinds < 5
        clustering = clustering_of(values[left], kinds[left] + 1)
    assert assign_many(clustering, maps).unlike.mean() > 0.9


def test_hardly_any_held_out_heatmap_of_the_clustered_kinds_is_unlike():
    values, kind = planted_heatmaps(4, each=250)
    found = assign_many(clustering_of(values[:400], kind[:400] + 1), values[400:])
    assert found.unlike.mean() < 0.03


def test_the_usual_distance_is_counted_as_by_hand():
    # Two heatmaps per photo; the ten nearest are those of the five nearest other photos.
    points = np.array([0, 0, 1, 1, 3, 3, 6, 6, 10, 10, 15, 15, 60, 60.0])[:, None]
    photos = np.repeat(list("abcdefg"), 2)
    distances = []
    for place in range(14):
        others = np.abs(points[photos != photos[place], 0] - points[place, 0])
        distances.append(np.sort(others)[:10].mean())
    expected = np.quantile(distances, 0.99)
    assert usual_distance(points, units=photos) == pytest.approx(expected, rel=1e-5)
    assert usual_distance(points) < expected


def test_photos_that_repeat_themselves_do_not_make_distances_small():
    points = np.random.default_rng(0).normal(size=(40, 5)).repeat(12, axis=0)
    photos = np.arange(40).repeat(12)
    assert usual_distance(points) < 0.01
    assert usual_distance(points, units=photos) > 1


def test_one_photo_alone_makes_nothing_unlike():
    assert usual_distance(np.zeros((5, 2)), units=np.zeros(5)) == float("inf")


def test_memberships_are_the_share_of_the_ten_nearest_others(monkeypatch):
    random = np.random.default_rng(0)
    points, labels = random.normal(size=(60, 3)), random.integers(1, 4, 60)
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    expected = [
        np.mean(labels[np.argsort(row)[:10]] == labels[place])
        for place, row in enumerate(distances)
    ]
    np.testing.assert_allclose(memberships(points, labels), expected, rtol=1e-6)
    monkeypatch.setattr("whalecore.clusters.placing.VALUES", 7 * 60)
    np.testing.assert_allclose(memberships(points, labels), expected, rtol=1e-6)


def test_memberships_leave_out_the_heatmaps_of_the_same_photo():
    points = np.arange(24.0)[:, None]
    points[16] = 15.9
    labels = np.repeat([1, 2], 12)
    photos = np.repeat(np.arange(12), 2)
    # Beside place 10 lies 11, of its own photo; the ten nearest others are 5 to 9, of the same
    # cluster, and 12 to 16.
    assert memberships(points, labels, photos)[10] == pytest.approx(0.5)
    # Compared with every third alone: 0, 3, 6, ... 21, eight of them, four in cluster 1.
    found = memberships(points, labels, photos, np.arange(0, 24, 3))
    assert found[10] == pytest.approx(4 / 8)
    # Of place 3 itself its own photo, 2 and 3, does not count: three of seven are in its cluster.
    assert found[3] == pytest.approx(3 / 7)
    np.testing.assert_array_equal(memberships(points, labels, np.zeros(24)), 1)


def test_few_heatmaps_have_memberships():
    np.testing.assert_array_equal(memberships(np.zeros((1, 2)), np.array([1])), [1])
    near = memberships(np.array([[0.0], [1.0], [9.0]]), np.array([1, 1, 2]))
    np.testing.assert_array_equal(near, [0.5, 0.5, 0])


def test_many_heatmaps_in_blocks_are_placed_as_at_once(planted, clustering, monkeypatch):
    values = planted[0][260:]
    at_once = assign_many(clustering, values)
    monkeypatch.setattr("whalecore.clusters.placing.VALUES", 7 * 260)
    in_blocks = assign_many(clustering, values)
    np.testing.assert_array_equal(in_blocks.clusters, at_once.clusters)
    np.testing.assert_array_equal(in_blocks.unlike, at_once.unlike)
    np.testing.assert_allclose(in_blocks.distances, at_once.distances, rtol=1e-5)


def test_parts_are_placed_together():
    values, kind = planted_heatmaps(3, each=20)
    from whalecore.clusters.descriptor import fit_projection

    both = (values, values[:, ::2, ::2])
    alone = clustering_of(values, kind + 1)
    projection = fit_projection(both, (4, 8), components=30)
    points = projection.points(both)
    eigenvalues, vectors, degrees = embedding(points.astype(float), 2.0, 3)
    together = replace(
        alone,
        projection=projection,
        points=points,
        extension=nystrom(points, vectors, degrees, eigenvalues, 2.0, kind + 1),
    )
    found = assign(together, [part[7] for part in both])
    assert isinstance(found, Placement)
    assert found.cluster == kind[7] + 1
    with pytest.raises(SettingsError, match="same methods"):
        assign(together, values[7])


def test_heatmaps_that_do_not_fit_are_refused(clustering):
    with pytest.raises(SettingsError, match="same methods, patch, stride and model"):
        assign(clustering, np.zeros((8, 8)))
    with pytest.raises(SettingsError, match="give a single one"):
        assign(clustering, np.zeros((2, 16, 32)))


@pytest.mark.slow
def test_one_heatmap_among_20000_is_placed_in_milliseconds(clustering):
    random = np.random.default_rng(0)
    points = random.normal(size=(20_000, 128)).astype(np.float32)
    large = replace(
        clustering,
        points=points,
        point_labels=random.integers(1, 7, 20_000).astype(np.int32),
        projection=Projection(
            ((64, 128),),
            (1,),
            False,
            False,
            np.zeros(512, np.float32),
            random.normal(size=(128, 512)).astype(np.float16),
        ),
        extension=Extension(
            points,
            random.normal(size=(20_000, 30)).astype(np.float32),
            random.normal(size=(6, 30)).astype(np.float32),
            8.0,
        ),
    )
    value = random.normal(size=(64, 128)).astype(np.float32)
    seconds = []
    for _ in range(20):
        start = perf_counter()
        assign(large, value)
        seconds.append(perf_counter() - start)
    # The goal is 2 ms; a busy machine may take a few times as long.
    assert min(seconds) < 0.01


# Twelve photos at 0, 1, ... 11 on a line, and two heatmaps of one photo side by side at 100.
POINTS = np.array([[float(place)] for place in range(12)] + [[100.0], [100.5]], np.float16)
PHOTOS = np.array([f"photo {place}" for place in range(12)] + ["far", "far"])


def test_a_heatmap_far_from_those_of_other_photos_is_far_away():
    # The ten nearest of photo 0 are 1 to 10, on average 5.5 away; of photo 1 they are 0 and 2 to
    # 10, on average 4.6 away; of the far ones 2 to 11, on average 93.5 and 94 away.
    ends = [True] + [False] * 10 + [True]
    assert (distances_to_others(POINTS, PHOTOS) > 5.4).tolist() == [*ends, True, True]
    assert (distances_to_others(POINTS, PHOTOS) > 5.6).tolist() == [False] * 12 + [True, True]
    assert (distances_to_others(POINTS, PHOTOS) > 93.7).tolist() == [False] * 13 + [True]


def test_heatmaps_are_compared_with_the_kept_ones_of_other_photos():
    kept = np.arange(0, 12, 2)
    found = distances_to_others(POINTS, PHOTOS, among=kept)
    # Photo 0 has 2, 4, 6, 8 and 10 beside it, photo 1 also 0.
    assert found[:2].tolist() == [6, (1 + 1 + 3 + 5 + 7 + 9) / 6]


def test_what_lies_outside_the_points_makes_a_heatmap_stranger():
    outside = np.zeros(14)
    # Ten at 1 to 10 from photo 0 and 40 to the side: the roots of 1600 + d^2 average to 40.5.
    outside[0] = 1600.0
    first, second = distances_to_others(POINTS, PHOTOS, outside)[:2]
    assert 40.4 < first < 40.6
    assert second < 5


def test_heatmaps_of_one_photo_alone_are_at_no_distance_from_others():
    points = np.array([[0.0], [9.0]], np.float32)
    assert distances_to_others(points, np.array(["p", "p"])).tolist() == [0, 0]
