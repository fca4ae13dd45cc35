"""Batches against the rules they promise."""

import numpy as np

from whalecore.identifiers.sampler import balanced_batches


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
