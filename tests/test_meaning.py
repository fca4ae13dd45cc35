"""What clusters rest on, by hand on small grids."""

import numpy as np
import pytest

from whalecore.clusters import meaning
from whalecore.clusters.meaning import (
    PARTS,
    Surroundings,
    border,
    describe_clusters,
    fluke_parts,
    mass_shares,
    part_shares,
)


@pytest.fixture(autouse=True)
def no_cluster_is_too_small(monkeypatch):
    """So that shares can be counted by hand."""
    monkeypatch.setattr(meaning, "FEW", 1)


def nothing_seen(count):
    return Surroundings(*np.full((4, count), np.nan, np.float32))


def described(
    labels, values, individuals=None, blurred=None, new=None, seen=None, photos=None, aligned=False
):
    count = len(labels)
    return describe_clusters(
        np.array(labels, np.int32),
        values,
        individuals or [f"whale {number}" for number in range(count)],
        np.zeros(count, bool) if blurred is None else np.array(blurred),
        np.zeros(count, bool) if new is None else np.array(new),
        seen or nothing_seen(count),
        photos or [None] * count,
        aligned,
    )


def even(count, rows=20, cols=40):
    return np.ones((count, rows, cols), np.float32)


def test_the_parts_of_a_small_crop_are_those_worked_out_by_hand():
    parts = fluke_parts(4, 10)
    drawn = np.full((4, 10), "?")
    for letter, part in zip("LRTNEI", PARTS, strict=True):
        assert (drawn[parts[part]] == "?").all()
        drawn[parts[part]] = letter
    # y = .125 .375 .625 .875; a = .25 .15 .05 in columns 2 to 4. The trailing edge is above
    # y = .3625 .4375 .5125, the leading edge below .7 .9 1.1.
    assert ["".join(row) for row in drawn] == [
        "LLTTNNTTRR",
        "LLITNNTIRR",
        "LLIIIIIIRR",
        "LLEIIIIERR",
    ]


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 7), (16, 32), (64, 128)])
def test_every_cell_belongs_to_exactly_one_part(shape):
    masks = np.stack(list(fluke_parts(*shape).values()))
    assert (masks.sum(axis=0) == 1).all()


def test_left_and_right_tip_mirror_each_other():
    parts = fluke_parts(16, 32)
    np.testing.assert_array_equal(parts["left tip"], parts["right tip"][:, ::-1])


def test_the_shares_of_the_parts_count_positive_values_only():
    values = np.zeros((3, 4, 10))
    values[0, 0, 0], values[0, 0, 4], values[0, 3, 9], values[0, 2, 4] = 3, 1, -5, 4
    values[1, 3, 2] = 0.5
    expected = [[3 / 8, 0, 0, 1 / 8, 0, 4 / 8], [0, 0, 0, 0, 1, 0], [0] * 6]
    np.testing.assert_allclose(part_shares(values), expected, atol=1e-7)
    assert part_shares(values).dtype == np.float32


def test_half_precision_sums_do_not_overflow():
    values = np.full((1, 64, 128), 60000, np.float16)
    assert part_shares(values).sum() == pytest.approx(1, abs=1e-5)


def test_a_mask_may_cover_a_part_of_a_cell():
    values, mask = np.array([[[1.0, 3.0]]]), np.array([[[0.5, 0.25]]])
    np.testing.assert_allclose(mass_shares(values, mask), [[(0.5 + 0.75) / 4]])


def test_the_border_is_a_twentieth_of_each_side_and_at_least_a_cell():
    assert border(20, 40).sum() == 20 * 40 - 18 * 36
    assert border(4, 4).sum() == 12
    assert border(1, 1).all()


def test_purity_is_counted_by_candidate_and_by_the_animal_on_the_photo():
    candidates, photos = ["b", "a", "b", "a", "a", "c"], ["x", "x", "x", "y", None, None]
    first, second = described([1, 1, 1, 1, 2, 2], even(6), candidates, photos=photos)
    assert (first.heatmaps, first.individuals, first.purity, first.individual) == (4, 2, 0.5, "a")
    assert (first.photo_individuals, first.photo_purity, first.photo_individual) == (2, 0.75, "x")
    assert (second.heatmaps, second.individuals, second.individual) == (2, 2, "a")
    nobody = (second.photo_individuals, second.photo_purity, second.photo_individual)
    assert nobody == (0, 0, None)


def test_a_cluster_of_photos_of_one_whale_is_warned_of_unless_all_photos_are_of_that_whale():
    photos = ["a"] * 9 + ["b"] + [f"other {number}" for number in range(30)]
    first, second = described([1] * 10 + [2] * 30, even(40), photos=photos)
    assert first.one_whale
    assert first.warnings[0].startswith("90% of these heatmaps are of photos of one whale, a:")
    assert not second.one_whale
    (single,) = described([1], even(1), photos=["a"])
    assert not single.one_whale
    (alone,) = described([1] * 10, even(10), photos=["a"] * 10)
    assert alone.photo_purity == 1
    assert not alone.one_whale


def test_one_candidate_of_many_whales_and_photos_of_nobody_are_no_cluster_of_one_whale():
    candidates = ["a"] * 10 + ["b"] * 30
    photos = [f"whale {number}" for number in range(10)] + [None] * 30
    first, second = described([1] * 10 + [2] * 30, even(40), candidates, photos=photos)
    assert first.purity == second.purity == 1
    assert first.photo_purity == 0.1
    assert not first.one_whale
    assert not second.one_whale
    assert first.warnings == second.warnings == ()


def test_where_mirrored_flukes_were_turned_both_tips_are_the_left_one():
    values = np.zeros((2, 20, 40), np.float32)
    values[0, 10, 3], values[1, 10, 36] = 1, 1
    (as_they_are,) = described([1, 1], values)
    assert (as_they_are.part_shares["left tip"], as_they_are.part_shares["right tip"]) == (0.5, 0.5)
    (aligned,) = described([1, 1], values, aligned=True)
    assert (aligned.part_shares["left tip"], aligned.part_shares["right tip"]) == (1, 0)
    assert aligned.mirrored_share == 0.5


def test_a_cluster_on_the_border_is_warned_of_and_an_even_one_is_not():
    values = even(2)
    values[0, 1:-1, 2:-2] = 0.1
    resting, spread = described([1, 2], values)
    ring = 20 * 40 - 18 * 36
    assert resting.border_share == pytest.approx(ring / (ring + 0.1 * 648), abs=1e-6)
    assert "border" in resting.warnings[0]
    assert spread.border_share == pytest.approx(ring / 800, abs=1e-6)
    assert spread.warnings == ()


def test_background_and_print_are_compared_with_their_area():
    seen = Surroundings(
        background=np.array([0.8, np.nan, 0.5, 0.5], np.float32),
        background_area=np.array([0.6, np.nan, 0.6, 0.6], np.float32),
        printed=np.array([0.01, np.nan, 0.3, 0.3], np.float32),
        printed_area=np.array([0.0, np.nan, 0.1, 0.1], np.float32),
    )
    sea, label = described([1, 1, 2, 2], even(4), seen=seen)
    assert sea.background_share == pytest.approx(0.8)
    assert [("beside" in one, "printed" in one) for one in sea.warnings] == [(True, False)]
    assert label.printed_share == pytest.approx(0.3)
    assert [("beside" in one, "printed" in one) for one in label.warnings] == [(False, True)]


def test_without_a_look_at_photos_nothing_is_said_of_background_and_print():
    (found,) = described([1, 1], even(2))
    assert np.isnan(found.background_share)
    assert np.isnan(found.printed_share)
    assert found.warnings == ()


def test_mostly_blurred_and_mostly_new_are_warned_of_against_all_heatmaps():
    labels = [1] * 4 + [2] * 12
    blurred, new = [True] * 3 + [False] * 13, [True] * 2 + [False] * 14
    first, second = described(labels, even(16), blurred=blurred, new=new)
    assert (first.blurred_share, first.new_share) == (0.75, 0.5)
    assert [one.split(" are of ")[1].split(",")[0] for one in first.warnings] == [
        "blurred photos",
        "photos of whales not yet known",
    ]
    assert second.warnings == ()
    every = described(labels, even(16), blurred=[True] * 16)
    assert all(found.warnings == () for found in every)


def test_heatmaps_that_rest_on_the_right_count_as_mirrored():
    values = np.zeros((4, 2, 3))
    values[0, 0, 0] = values[1, 0, 2] = values[2, 1, 2] = values[3, 0, 1] = 1
    (found,) = described([7, 7, 7, 7], values)
    assert (found.cluster, found.mirrored_share) == (7, 0.5)


def test_empty_heatmaps_do_not_water_the_shares_down():
    values = np.zeros((2, 4, 10))
    values[0, 0, 0] = 1
    (found,) = described([1, 1], values)
    assert found.part_shares["left tip"] == 1
    assert found.border_share == 1
    (empty,) = described([1], values[1:])
    assert empty.part_shares == dict.fromkeys(PARTS, 0)


def test_of_a_cluster_of_a_few_heatmaps_nothing_but_that_is_said(monkeypatch):
    monkeypatch.setattr(meaning, "FEW", 3)
    values = even(5)
    values[:2, 1:-1, 2:-2] = 0.1
    small, large = described([1, 1, 2, 2, 2], values)
    assert small.warnings == ("Only 2 heatmaps are here: too few to say what they share.",)
    assert small.warnings != large.warnings
