"""Figures of identification with new whales among the queries."""

import numpy as np
import pytest

from tests.identifier_figures import (
    Said,
    Thresholds,
    baks,
    baus,
    compared,
    competition_map5,
    figures,
    fit_thresholds,
    ranks_with_new,
    unseen_figures,
)
from tests.identifier_protocol import (
    NEW,
    QUERY,
    QUERY_NEW,
    TRAIN,
    UNSEEN_GALLERY,
    UNSEEN_QUERY,
    VALID,
    VALID_NEW,
    Lists,
    Looked,
    Protocol,
)
from whalecore.errors import SettingsError


def said(scores, reference):
    """Photos with exactly these probabilities."""
    return Said(np.log(np.array(scores, float)), np.array(reference))


FIVE = said(
    [
        [0.7, 0.2, 0.1],  # 0, and right
        [0.5, 0.3, 0.2],  # 0, but is 1
        [0.1, 0.1, 0.8],  # 2, and right
        [0.4, 0.35, 0.25],  # new
        [0.9, 0.06, 0.04],  # new
    ],
    [0, 1, 2, -1, -1],
)


def test_probabilities_and_ranks_are_those_of_the_values():
    np.testing.assert_allclose(FIVE.scores[0], [0.7, 0.2, 0.1])
    np.testing.assert_array_equal(FIVE.ranks, [1, 2, 1, 0, 0])
    np.testing.assert_array_equal(FIVE.known, [True, True, True, False, False])


def test_a_new_whale_stands_before_all_below_the_threshold():
    # At 0.45: the second photo's own individual has 0.3, the first new whale has nobody above.
    np.testing.assert_array_equal(ranks_with_new(FIVE, 0.45), [1, 3, 1, 1, 2])
    np.testing.assert_array_equal(ranks_with_new(FIVE, 0.0), [1, 2, 1, 4, 4])
    np.testing.assert_array_equal(ranks_with_new(FIVE, 1.0), [2, 3, 2, 1, 1])


def test_the_competitions_measure_is_the_mean_of_one_over_the_rank():
    assert competition_map5(FIVE, 0.45) == pytest.approx((1 + 1 / 3 + 1 + 1 + 1 / 2) / 5)


def test_new_whales_count_for_the_share_that_is_asked_for():
    known, new = (1 + 1 / 3 + 1) / 3, (1 + 1 / 2) / 2
    assert competition_map5(FIVE, 0.45, 0.2) == pytest.approx(0.8 * known + 0.2 * new)


def test_beyond_the_fifth_place_nothing_is_won():
    six = said([[0.3, 0.2, 0.16, 0.14, 0.12, 0.08]], [5])
    assert competition_map5(six, 0.0) == 0.0
    assert competition_map5(said(six.scores, [4]), 0.0) == pytest.approx(1 / 5)
    # The new whale takes the fourth place.
    assert competition_map5(said(six.scores, [4]), 0.15) == 0.0


def test_known_individuals_count_alike_however_many_photos_they_have():
    photos = said([[0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.45, 0.55]], [0, 0, 0, 1])
    assert baks(photos, 0.0) == 1.0
    # Below 0.58 only the one photo of individual 1 is taken for a new whale.
    assert baks(photos, 0.58) == pytest.approx(0.5)
    assert baks(photos, 0.65) == pytest.approx((2 / 3) / 2)


def test_a_wrong_name_is_no_better_for_a_high_probability():
    assert baks(FIVE, 0.0) == pytest.approx(2 / 3)


def test_new_whales_are_right_where_the_highest_probability_is_below_the_threshold():
    assert [baus(FIVE, threshold) for threshold in (0.3, 0.45, 0.95)] == [0.0, 0.5, 1.0]


def test_thresholds_part_known_from_new_where_they_can_be_parted():
    photos = said([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.4, 0.6]], [0, 1, -1, -1])
    thresholds = fit_thresholds(photos)
    assert 0.6 < thresholds.map5 < 0.8
    assert 0.6 < thresholds.balanced < 0.8
    assert competition_map5(photos, thresholds.map5) == 1.0


def test_the_threshold_of_the_competition_weighs_new_whales_as_a_fifth():
    # Four new whales look like the one known photo, all a little more so: with new whales as four
    # fifths all would be called new (0.8 + 0.2 / 2 against 0.2 + 0.8 / 2).
    photos = said([[0.7, 0.3]] + 4 * [[0.71, 0.29]], [0, -1, -1, -1, -1])
    threshold = fit_thresholds(photos).map5
    assert 0.3 < threshold < 0.7
    np.testing.assert_array_equal(ranks_with_new(photos, threshold), [1, 2, 2, 2, 2])


@pytest.mark.parametrize("reference", [[0, 1], [-1, -1]])
def test_thresholds_need_known_and_new_photos(reference):
    with pytest.raises(SettingsError, match="some that do and some that do not"):
        fit_thresholds(said([[0.6, 0.4], [0.3, 0.7]], reference))


def test_all_figures_of_five_photos():
    found = figures(FIVE, Thresholds(map5=0.45, balanced=0.6))
    assert (found["known"], found["new"]) == (3, 2)
    assert found["map5"] == pytest.approx(23 / 30)
    assert found["top1"] == found["cmc_1"] == pytest.approx(2 / 3)
    assert [found[f"cmc_{k}"] for k in (2, 3, 5, 10, 20)] == [1.0] * 5
    # Known photos have 0.7, 0.5 and 0.8, new ones 0.4 and 0.9: three of six pairs are right.
    assert found["auroc"] == pytest.approx(3 / 6)
    assert found["baks"] == pytest.approx(2 / 3)
    assert found["baus"] == pytest.approx(1 / 2)
    assert found["ece"] == pytest.approx((0.3 + 0.5 + 0.2) / 3)
    # Each stands alone in its range: right with chance p it is off by 1 - p, wrong by p.
    mean = sum(2 * p * (1 - p) for p in (0.7, 0.5, 0.8)) / 3
    assert found["ece_perfect"] == pytest.approx(mean, abs=0.02)
    assert found["ece_perfect_high"] >= found["ece_perfect"]
    assert found["low"] == pytest.approx(0.2077, abs=1e-4)
    assert found["high"] == pytest.approx(0.9385, abs=1e-4)


def test_figures_of_the_unseen_population_have_no_new_whales():
    photos = said([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [0, 1, 2])
    found = unseen_figures(photos)
    assert (found["photos"], found["individuals"]) == (3, 3)
    assert found["top1"] == pytest.approx(1 / 3)
    assert found["top5"] == 1.0
    assert found["map5"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def tiny_protocol():
    """Two trained individuals, a and b, and two unseen ones, u and v."""
    photos = [("a", TRAIN), ("b", TRAIN), ("u", UNSEEN_GALLERY), ("v", UNSEEN_GALLERY)]
    photos += [("a", VALID), ("b", VALID), ("b", VALID), (NEW, VALID_NEW)]
    photos += [("a", QUERY), ("b", QUERY), (NEW, QUERY_NEW)]
    photos += [("u", UNSEEN_QUERY), ("v", UNSEEN_QUERY)]
    individuals, parts = zip(*photos, strict=True)
    images = tuple(f"{row}.jpg" for row in range(len(photos)))
    return Protocol(images, individuals, np.zeros((len(photos), 4)), np.array(parts, "U16"))


LOGITS = Lists(
    # The second photo of b is wrong: logits alone are worth a finite weight.
    np.array([[4, 0], [0, 4], [2, 1], [0.1, 0], [3, 0], [2, 0], [0, 0.1]], float),
    np.array([[5, 0, 2, 1], [0, 0, 3, 1]], float),
)
MARKS = Lists(
    np.array([[9, 0], [0, 9], [0, 5], [0, 0], [8, 0], [0, 9], [0, 0]], float),
    np.array([[0, 0, 7, 0], [0, 0, 0, 7]], float),
)


def test_an_identifier_is_judged_on_the_queries_alone():
    found = compared(tiny_protocol(), LOGITS)
    assert found["weights"]["mark_weight"] == 0.0
    assert (found["closed"]["known"], found["closed"]["new"]) == (2, 1)
    assert found["closed"]["top1"] == 0.5
    assert found["unseen"] == {
        "photos": 2, "individuals": 2, "top1": 0.5, "top5": 1.0, "map5": 0.75,
        "low": pytest.approx(0.0945, abs=1e-4), "high": pytest.approx(0.9055, abs=1e-4),
    }  # fmt: skip
    # Beside the trained individuals, a comes before u.
    assert found["joint"]["top1"] == 0.0
    assert [one["first"] for one in found["answers"]["closed"]] == ["a", "a", "b"]
    assert [one["rank"] for one in found["answers"]["closed"]] == [1, 2, 0]
    assert [one["image"] for one in found["answers"]["unseen"]] == ["11.jpg", "12.jpg"]


def test_marks_help_where_they_are_looked_at():
    found = compared(tiny_protocol(), LOGITS, MARKS)
    assert found["weights"]["mark_weight"] > 0
    assert found["closed"]["top1"] == 1.0
    assert found["unseen"]["top1"] == 1.0


def test_marks_of_those_who_are_not_looked_at_say_nothing():
    trained = LOGITS.trained
    lists = LOGITS.closed, LOGITS.unseen, LOGITS.unseen[:, trained:]
    looked = Looked(*(one == one.max(axis=1, keepdims=True) for one in lists))
    found = compared(tiny_protocol(), LOGITS, MARKS, looked)
    assert found["closed"]["top1"] == 0.5
    assert found["unseen"]["top1"] == 0.5


def test_values_of_queries_change_no_weight_and_no_threshold():
    changed = Lists(LOGITS.closed.copy(), LOGITS.unseen + 1)
    changed.closed[4:] = changed.closed[4:, ::-1]
    one, other = (compared(tiny_protocol(), logits, MARKS) for logits in (LOGITS, changed))
    assert one["weights"] == other["weights"]
    assert one["thresholds"] == other["thresholds"]
    assert one["closed"] != other["closed"]
