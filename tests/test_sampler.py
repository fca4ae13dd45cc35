"""Batches against the rules they promise."""

import numpy as np

from whalecore.identifiers.sampler import balanced_batches, deal, groups


def batches_of(labels, individuals, photos, seed=0):
    return balanced_batches(np.array(labels), individuals, photos, np.random.default_rng(seed))


def test_every_individual_comes_once_with_the_same_number_of_photos():
    labels = np.repeat(np.arange(6), [1, 2, 3, 4, 9, 30])
    batches = batches_of(labels, individuals=3, photos=4)
    assert [len(batch) for batch in batches] == [12, 12]
    assert np.bincount(labels[np.concatenate(batches)]).tolist() == [4] * 6


def test_photos_repeat_only_when_there_are_too_few():
    labels = np.repeat(np.arange(4), [1, 3, 4, 10])
    chosen = np.concatenate(batches_of(labels, individuals=2, photos=4))
    times = [
        sorted(np.unique(chosen[labels[chosen] == i], return_counts=True)[1]) for i in range(4)
    ]
    assert times == [[4], [1, 1, 2], [1] * 4, [1] * 4]


def test_the_last_batch_is_filled_up():
    labels = np.repeat(np.arange(5), 2)
    batches = batches_of(labels, individuals=2, photos=2)
    assert [len(set(labels[batch])) for batch in batches] == [2, 2, 2]
    counts = np.bincount(labels[np.concatenate(batches)])
    assert sorted(counts) == [2, 2, 2, 2, 4]


def test_fewer_individuals_than_asked_for_make_smaller_batches():
    batches = batches_of([0, 0, 1, 1], individuals=16, photos=2)
    assert [sorted(batch) for batch in batches] == [[0, 1, 2, 3]]


def test_the_seed_decides_the_batches():
    labels = np.repeat(np.arange(20), 5)
    first, again = batches_of(labels, 4, 3, seed=1), batches_of(labels, 4, 3, seed=1)
    other = batches_of(labels, 4, 3, seed=2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_photos_come_in_turn_over_several_passes():
    labels = np.repeat(np.arange(3), 12)
    generator = np.random.default_rng(0)
    seen = {int(i) for _ in range(30) for b in balanced_batches(labels, 3, 4, generator) for i in b}
    assert seen == set(range(36))


def test_strangers_are_dealt_without_repeating_one_before_all_have_come():
    parts = deal(5, [2, 0, 3, 5], np.random.default_rng(0))
    assert [len(part) for part in parts] == [2, 0, 3, 5]
    assert sorted(np.concatenate(parts[:3])) == list(range(5))
    assert sorted(parts[3]) == list(range(5))


def test_few_strangers_come_again_and_every_one_as_often():
    parts = deal(2, [4, 4], np.random.default_rng(0))
    assert np.bincount(np.concatenate(parts)).tolist() == [4, 4]


def test_a_quarter_of_the_groups_shows_unknown_animals():
    assert groups(16, 0.25, individuals=100) == (12, 4)
    assert groups(8, 0.25, individuals=100) == (6, 2)
    assert groups(16, 0.0, individuals=100) == (16, 0)


def test_with_few_individuals_the_share_of_unknown_animals_stays():
    assert groups(16, 0.25, individuals=6) == (6, 2)
    assert groups(16, 0.0, individuals=6) == (6, 0)


def test_two_individuals_always_have_room():
    assert groups(4, 0.75, individuals=9) == (2, 2)
    assert groups(2, 0.75, individuals=9) == (2, 0)
