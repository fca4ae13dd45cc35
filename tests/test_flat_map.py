"""The flat map of heatmaps: where they lie, what an outline holds, how the map is kept."""

from types import SimpleNamespace

import numpy as np
import pytest

from whalecore.clusters.flat_map import (
    arranged_map,
    broad_map,
    drawn,
    inside,
    load_flat_map,
    save_flat_map,
)
from whalecore.errors import CheckpointError, SettingsError

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
BOW_TIE = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def points_of(*rows) -> SimpleNamespace:
    return SimpleNamespace(points=np.array(rows, np.float32))


def test_the_broad_map_is_the_first_two_components_from_0_to_1():
    flat = broad_map(points_of([0, 5, 9], [2, 5, 9], [4, 7, 9]))
    np.testing.assert_array_equal(flat.kept, [0, 1, 2])
    np.testing.assert_array_equal(flat.x, [0, 0.5, 1])
    np.testing.assert_array_equal(flat.y, [0, 0, 1])
    assert not flat.arranged


def test_heatmaps_that_do_not_differ_lie_in_the_middle():
    flat = broad_map(points_of([3], [3]))
    assert flat.x.tolist() == flat.y.tolist() == [0.5, 0.5]


def test_of_many_heatmaps_a_sample_is_drawn_the_same_each_time():
    kept = drawn(1000, seed=1, most=50)
    assert len(set(kept.tolist())) == 50
    assert (np.diff(kept) > 0).all()
    np.testing.assert_array_equal(kept, drawn(1000, seed=1, most=50))
    np.testing.assert_array_equal(drawn(50, seed=1, most=50), np.arange(50))


def test_an_outline_holds_what_lies_in_it():
    x = np.array([0.5, 0.01, 0.99, 1.5, 0.5, -0.1])
    y = np.array([0.5, 0.99, 0.01, 0.5, 1.1, 0.5])
    assert inside(x, y, SQUARE).tolist() == [True, True, True, False, False, False]


def test_the_hollow_of_an_outline_is_outside():
    # A bow tie: its left and right halves are inside, above and below its knot is outside.
    x, y = np.array([0.2, 0.8, 0.5, 0.5]), np.array([0.5, 0.5, 0.1, 0.9])
    assert inside(x, y, BOW_TIE).tolist() == [True, True, False, False]


def test_an_outline_of_two_corners_is_refused():
    with pytest.raises(SettingsError, match="three corners"):
        inside(np.zeros(1), np.zeros(1), SQUARE[:2])


def test_a_kept_map_is_read_as_it_was(tmp_path):
    flat = broad_map(points_of([0, 1], [1, 0], [2, 2]))
    save_flat_map(flat, tmp_path / "c.map")
    again = load_flat_map(tmp_path / "c.map", 3)
    for name in ("kept", "x", "y"):
        np.testing.assert_array_equal(getattr(again, name), getattr(flat, name))
    assert again.arranged is False


def test_a_damaged_map_and_one_of_another_clustering_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_flat_map(tmp_path / "none.map", 3)
    (tmp_path / "bad.map").write_bytes(b"\x00" * 40)
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_flat_map(tmp_path / "bad.map", 3)
    save_flat_map(broad_map(points_of([0, 1], [1, 0], [2, 2])), tmp_path / "c.map")
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_flat_map(tmp_path / "c.map", 2)


@pytest.mark.slow
def test_the_arranged_map_brings_alike_heatmaps_together_that_the_broad_one_mixes():
    random = np.random.default_rng(0)
    kinds = np.repeat(np.arange(6), 20)
    # Kinds differ in the later components only; the first two are noise that is broader.
    points = random.normal(size=(120, 8)).astype(np.float32)
    points[:, 2:] = 0.2 * points[:, 2:] + 3.0 * np.eye(6)[kinds]

    def own(flat) -> float:
        """Share of heatmaps whose nearest one on the map is of their kind."""
        away = np.hypot(flat.x[:, None] - flat.x, flat.y[:, None] - flat.y)
        np.fill_diagonal(away, np.inf)
        return float((kinds[away.argmin(axis=1)] == kinds).mean())

    clustering = SimpleNamespace(points=points)
    arranged = arranged_map(clustering)
    assert arranged.arranged
    assert own(arranged) > 0.95
    assert own(broad_map(clustering)) < 0.5
    np.testing.assert_array_equal(arranged.x, arranged_map(clustering).x)


def test_three_heatmaps_are_too_few_to_arrange_and_are_shown_as_they_are():
    few = points_of([0, 1], [1, 0], [2, 2])
    np.testing.assert_array_equal(arranged_map(few).x, broad_map(few).x)
