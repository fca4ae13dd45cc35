"""The promise about photos called reliable, by hand and by repetition."""

import numpy as np
import pytest

from whalecore.reliability.promise import fewest_photos, reliable_promise


@pytest.mark.parametrize(("limit", "photos"), [(0.05, 59), (0.10, 29), (0.02, 149)])
def test_so_many_faultless_photos_are_needed(limit, photos):
    assert fewest_photos(limit) == photos
    assert (1 - limit) ** (photos - 1) > 0.05
    assert (1 - limit) ** photos <= 0.05
    right = np.ones(photos, bool)
    assert reliable_promise(np.full(photos, 0.9), right, limit).reliable == photos
    assert reliable_promise(np.full(photos - 1, 0.9), right[1:], limit) is None


def test_a_limit_that_no_collection_can_keep_is_no_error():
    assert fewest_photos(1e-17) == pytest.approx(np.log(20) * 1e17)
    assert reliable_promise(np.full(100, 0.9), np.ones(100, bool), 1e-17) is None


def test_the_search_ends_at_the_first_share_that_fails():
    # The 100 surest of 200 photos are right, the next ten wrong, all others right again.
    chances = np.linspace(1, 0, 200)
    correct = np.ones(200, bool)
    correct[100:110] = False
    found = reliable_promise(chances, correct, 0.05)
    assert (found.reliable, found.wrong) == (100, 0)
    assert found.threshold == chances[99]


def test_equally_probable_photos_are_accepted_together():
    found = reliable_promise(np.full(100, 0.7), np.arange(100) > 0, 0.05)
    assert (found.reliable, found.wrong, found.threshold) == (100, 1, 0.7)


def test_the_promise_is_broken_in_no_more_than_one_of_twenty_collections():
    random = np.random.default_rng(0)
    chances = np.linspace(1, 0.5, 20_000) ** 0.2
    broken = given = 0
    for _ in range(150):
        drawn = random.choice(chances, 400)
        promise = reliable_promise(drawn, random.random(400) < drawn, 0.05)
        if promise is not None:
            given += 1
            broken += (1 - chances[chances >= promise.threshold]).mean() > 0.05
    assert given > 60
    assert broken <= 7


def test_nothing_is_promised_without_photos():
    assert reliable_promise(np.empty(0), np.empty(0, bool), 0.05) is None
