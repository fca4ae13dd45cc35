"""Heatmaps as points."""

import numpy as np
import pytest

from whalecore.clusters import descriptor
from whalecore.clusters.affinity import squared_distances
from whalecore.clusters.descriptor import (
    descriptors,
    fit_projection,
    mirrored,
    parts_of,
    pool_of,
    shortened,
)
from whalecore.errors import SettingsError


def heatmaps(count=20, rows=8, cols=12, seed=0):
    return np.random.default_rng(seed).normal(size=(count, rows, cols)).astype(np.float32)


def test_four_pixels_of_the_input_are_pooled_whatever_the_stride():
    assert [pool_of(stride) for stride in (1, 2, 3, 4, 5, 16)] == [4, 2, 1, 1, 1, 1]


def test_blocks_are_pooled_by_their_maximum_and_scaled_to_one():
    values = np.zeros((1, 8, 8), dtype=np.float32)
    values[0, 1, 2], values[0, 6, 0], values[0, 7, 7] = 8, 2, 4
    np.testing.assert_array_equal(descriptors(values, 1), [[1, 0, 0.25, 0.5]])


def test_ragged_edges_are_pooled_too():
    values = -np.arange(1.0, 31.0).reshape(1, 5, 6)
    # Blocks start at -1, -5 (first row) and -25, -29 (fifth row).
    np.testing.assert_allclose(descriptors(values, 1), [[1, 24 / 28, 4 / 28, 0]], atol=1e-7)


def test_pooling_equals_a_brute_force_twin():
    values = heatmaps(3, 7, 10)
    expected = []
    for grid in values:
        blocks = [grid[i : i + 2, j : j + 2].max() for i in range(0, 7, 2) for j in range(0, 10, 2)]
        blocks = np.array(blocks)
        expected.append((blocks - blocks.min()) / (blocks.max() - blocks.min()))
    np.testing.assert_allclose(descriptors(values, 2), expected, atol=1e-6)


def test_each_map_is_scaled_on_its_own_and_not_pooled_at_stride_four():
    values = heatmaps()
    described = descriptors(values * np.arange(1, 21)[:, None, None] + 5, 4)
    assert described.shape == (20, 96)
    assert described.dtype == np.float32
    np.testing.assert_array_equal(described.min(axis=1), 0)
    np.testing.assert_array_equal(described.max(axis=1), 1)
    np.testing.assert_allclose(described, descriptors(values, 4), atol=1e-5)


def test_a_constant_map_becomes_zeros():
    values = heatmaps(3)
    values[1], values[2] = 0, -3.5
    np.testing.assert_array_equal(descriptors(values, 4)[1:], 0)
    assert np.isfinite(fit_projection(values, 4).points(values)).all()


def test_constant_maps_alone_can_still_be_projected():
    values = np.zeros((5, 4, 4), dtype=np.float32)
    np.testing.assert_array_equal(fit_projection(values, 4).points(values), 0)


def test_the_projection_keeps_distances_when_no_component_is_dropped():
    values = heatmaps(30, 3, 4)
    described = descriptors(values, 4)
    points = fit_projection(values, 4).points(values)
    for first, second in ((0, 1), (5, 29), (7, 7)):
        expected = np.linalg.norm(described[first] - described[second])
        assert np.linalg.norm(points[first] - points[second]) == pytest.approx(expected, abs=1e-5)


def test_at_most_a_thousand_components_are_kept():
    projection = fit_projection(heatmaps(1100, 32, 40), 4)
    assert projection.components.shape == (1000, 1280)
    assert fit_projection(heatmaps(20), 4).components.shape == (19, 96)


def test_a_heatmap_gets_the_same_point_alone_and_among_others():
    values = heatmaps()
    projection = fit_projection(values, 4)
    np.testing.assert_allclose(
        projection.points(values[3:4])[0], projection.points(values)[3], atol=1e-5
    )


def test_another_grid_is_refused():
    projection = fit_projection(heatmaps(), 4)
    with pytest.raises(SettingsError, match=r"\(8, 12\)"):
        projection.points(heatmaps(2, 4, 6))


@pytest.mark.parametrize("shape", [(8, 12), (0, 8, 12), (3, 0, 12)])
def test_something_that_is_no_stack_of_maps_is_refused(shape):
    with pytest.raises(SettingsError, match="shape"):
        descriptors(np.zeros(shape), 4)


def test_values_that_are_not_finite_are_refused_by_place():
    values = heatmaps()
    values[4, 0, 0], values[9, 1, 1] = np.nan, np.inf
    with pytest.raises(SettingsError, match=r"2 of 20 .* at place 4"):
        descriptors(values, 4)


def test_a_stride_below_one_is_refused():
    with pytest.raises(SettingsError, match="stride 0"):
        descriptors(heatmaps(), 0)


def test_a_shortened_projection_keeps_who_is_near_whom():
    rng = np.random.default_rng(5)
    kinds = rng.normal(size=(4, 16, 32))
    values = kinds[np.arange(80) % 4] + 0.3 * rng.normal(size=(80, 16, 32))
    projection = fit_projection(values.astype(np.float32), 8)
    points = projection.points(values)
    short = shortened(projection, points)
    assert len(short.components) < len(projection.components)
    near = short.points(values)
    held = np.square(near).sum() / np.square(points).sum()
    assert 0.99 <= held <= 1.0
    nearest = [
        np.argsort(squared_distances(every, every), axis=1)[:, 1] % 4 for every in (points, near)
    ]
    assert (nearest[0] == nearest[1]).all()


def test_signed_maps_keep_what_speaks_against_the_individual():
    values = np.zeros((2, 8, 8), dtype=np.float32)
    values[0, 1, 2], values[0, 0, 0], values[0, 7, 7] = 2, -8, 4
    values[1] = -3
    expected = [[0.25, 0, 0, 0.5, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]]
    np.testing.assert_array_equal(descriptors(values, 1, signed=True), expected)
    assert not np.array_equal(
        descriptors(values, 1, signed=True), descriptors(-values, 1, signed=True)
    )


def test_signed_maps_without_values_become_zeros():
    np.testing.assert_array_equal(
        descriptors(np.zeros((2, 4, 4)), 4, signed=True), np.zeros((2, 32))
    )


def test_mirrored_maps_rest_more_on_the_right_half():
    values = np.zeros((5, 1, 3))
    values[0], values[1], values[2] = [2, 9, 1], [1, 9, 2], [-9, 0, 1]
    values[3], values[4] = [1, 0, 1], [1, 0, -5]
    assert mirrored(values).tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("stride", [1, 4])
def test_aligned_maps_and_their_mirror_images_are_the_same_point(stride):
    values = heatmaps(6, 8, 13)
    aligned = descriptors(values, stride, aligned=True)
    np.testing.assert_array_equal(descriptors(values[:, :, ::-1], stride, aligned=True), aligned)
    turned = mirrored(values)
    assert 0 < turned.sum() < 6
    plain, flipped = descriptors(values, stride), descriptors(values[:, :, ::-1], stride)
    np.testing.assert_array_equal(aligned, np.where(turned[:, None], flipped, plain))


def test_the_first_part_decides_which_parts_are_mirrored():
    first, second = np.zeros((2, 1, 2)), np.zeros((2, 1, 4))
    first[0, 0], first[1, 0] = [0, 1], [1, 0]
    second[:, 0] = [1, 0, 0, 0]
    described = descriptors([first, second], 4, aligned=True)
    long, short = (3 / 4) ** 0.5, (3 / 2) ** 0.5
    expected = [[short, 0, 0, 0, 0, long], [short, 0, long, 0, 0, 0]]
    np.testing.assert_allclose(described, expected, rtol=1e-6)


def test_a_single_part_is_left_as_it_is():
    values = heatmaps()
    np.testing.assert_array_equal(descriptors([values], [2]), descriptors(values, 2))
    assert np.array_equal(
        fit_projection([values], 2).components, fit_projection(values, 2).components
    )


def test_parts_of_different_length_weigh_alike():
    long, short = heatmaps(40, 16, 32), heatmaps(40, 4, 8, seed=1)
    described = descriptors([long, short], [4, 4])
    alone = [descriptors(long, 4), descriptors(short, 4)]
    for at, part in ((slice(512), alone[0]), (slice(512, None), alone[1])):
        mean_square = np.square(described[:, at]).sum() / described.shape[1]
        assert mean_square == pytest.approx(np.square(part).sum() / part.shape[1] / 2, rel=1e-5)


def test_each_part_has_its_own_stride():
    fine, coarse = heatmaps(5, 8, 8), heatmaps(5, 2, 2, seed=1)
    projection = fit_projection([fine, coarse], (1, 4), signed=True)
    assert projection.shapes == ((8, 8), (2, 2))
    assert projection.strides == (1, 4)
    assert projection.features == len(projection.mean) == 16
    assert projection.points([fine, coarse]).shape == (5, 4)


def test_parts_that_do_not_fit_together_are_refused():
    values = heatmaps()
    with pytest.raises(SettingsError, match="20 and 19 heatmaps"):
        parts_of([values, values[1:]])
    with pytest.raises(SettingsError, match="no heatmaps"):
        parts_of([])
    with pytest.raises(SettingsError, match="3 strides were given for 2 parts"):
        descriptors([values, values], [1, 2, 4])
    with pytest.raises(SettingsError, match=r"\(8, 12\) and \(8, 12\)"):
        fit_projection([values, values], 4).points(values)


@pytest.mark.parametrize("options", [{}, {"signed": True}, {"aligned": True}])
def test_blocks_make_no_difference(monkeypatch, options):
    parts = [heatmaps(23), heatmaps(23, 4, 6, seed=1)]
    whole = fit_projection(parts, 4, **options)
    points, described = whole.points(parts), descriptors(parts, 4, **options)
    short, turned = shortened(whole, points), mirrored(parts[0])
    monkeypatch.setattr(descriptor, "BLOCK", 5)
    np.testing.assert_array_equal(descriptors(parts, 4, **options), described)
    np.testing.assert_array_equal(mirrored(parts[0]), turned)
    np.testing.assert_allclose(whole.points(parts), points, atol=1e-5)
    assert shortened(whole, points).components.shape == short.components.shape


def test_half_precision_is_read_as_it_is_stored():
    values = heatmaps().astype(np.float16)
    np.testing.assert_array_equal(descriptors(values, 2), descriptors(values.astype(np.float32), 2))


def test_a_sample_stands_for_many_heatmaps():
    rng = np.random.default_rng(2)
    kinds = rng.normal(size=(5, 8, 12))
    values = (kinds[np.arange(2000) % 5] + 0.05 * rng.normal(size=(2000, 8, 12))).astype(np.float32)
    projection = fit_projection(values, 4, components=4, sample=200)
    assert projection.components.shape == (4, 96)
    described = descriptors(values, 4)
    apart = described - described.mean(axis=0)
    held = np.square(projection.points(values)).sum() / np.square(apart).sum()
    assert held > 0.99 * np.square(fit_projection(values, 4, components=4).points(values)).sum() / (
        np.square(apart).sum()
    )
    again = fit_projection(values, 4, components=4, sample=200)
    np.testing.assert_array_equal(projection.components, again.components)
    other = fit_projection(values, 4, seed=1, components=4, sample=200)
    assert not np.array_equal(projection.mean, other.mean)
