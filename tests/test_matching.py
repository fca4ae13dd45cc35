"""Which cluster is which after clustering again."""

from itertools import permutations

import numpy as np
import pytest

from whalecore.clusters.matching import (
    Flow,
    Joined,
    Match,
    continues,
    flows,
    match_clusters,
    merges,
    splits,
)
from whalecore.errors import SettingsError


def labels_of(*runs):
    """Labels from (label, times) pairs."""
    return np.repeat([label for label, _ in runs], [times for _, times in runs])


def test_renumbered_clusters_are_matched_completely():
    earlier = labels_of((1, 5), (2, 3), (3, 4))
    new = np.array([0, 3, 1, 2])[earlier]
    assert match_clusters(new, earlier) == (
        Match(1, 2, 3, 1.0),
        Match(2, 3, 4, 1.0),
        Match(3, 1, 5, 1.0),
    )


def test_overlap_is_counted_as_by_hand():
    # 6 heatmaps in both, 2 only in the new cluster 1, 1 only in the earlier cluster 5.
    new = labels_of((1, 8), (2, 4))
    earlier = labels_of((5, 6), (7, 2), (5, 1), (7, 3))
    assert match_clusters(new, earlier) == (
        Match(1, 5, 6, pytest.approx(6 / 9)),
        Match(2, 7, 3, pytest.approx(3 / 6)),
    )


def test_the_pairing_is_the_best_of_all():
    random = np.random.default_rng(0)
    new, earlier = random.integers(1, 6, 60), random.integers(1, 6, 60)
    earlier[:40] = new[:40]

    def overlap(cluster, other):
        both = (new == cluster) & (earlier == other)
        return both.sum() / ((new == cluster) | (earlier == other)).sum()

    best = max(
        sum(overlap(cluster, other) for cluster, other in enumerate(order, start=1))
        for order in permutations(range(1, 6))
    )
    matches = match_clusters(new, earlier)
    assert all(match.earlier for match in matches)
    assert sum(match.overlap for match in matches) == pytest.approx(best)


def test_the_nearest_is_given_up_where_the_sum_is_then_larger():
    # Both overlap most with earlier cluster 1 (7/19 and 9/16), which only one of them can have.
    new = labels_of((1, 10), (2, 9))
    earlier = labels_of((1, 7), (2, 3), (1, 9))
    assert match_clusters(new, earlier) == (
        Match(1, 2, 3, pytest.approx(3 / 10)),
        Match(2, 1, 9, pytest.approx(9 / 16)),
    )


def test_a_cluster_without_counterpart_has_no_match():
    new = labels_of((1, 10), (2, 10), (3, 2))
    earlier = labels_of((1, 10), (2, 12))
    assert match_clusters(new, earlier)[2] == Match(3, None, 0, 0.0)


def test_little_overlap_is_no_match():
    # A quarter is the limit: 1 of 4 is enough, 1 of 5 is not.
    assert match_clusters(np.array([1, 1, 2]), np.array([4, 5, 5]))[0].earlier == 4
    random = labels_of((1, 4), (2, 4), (3, 4), (4, 4), (5, 4))
    spread = np.tile([1, 2, 3, 4], 5)
    assert {match.earlier for match in match_clusters(random, spread)} == {None}


def test_a_cluster_continues_another_one_from_half_of_either_on():
    # Of 6 heatmaps in either, 3 lie in both; of 7, 3. That 1 and 6 share 1 of 4, and 2 and 5 share
    # 2 of 5, which is more in sum than a half, does not part those that are the same.
    half = match_clusters(labels_of((1, 4), (2, 2)), labels_of((5, 3), (6, 1), (5, 2)))[0]
    assert (half.earlier, half.shared, half.overlap) == (5, 3, 0.5)
    less = match_clusters(labels_of((1, 4), (2, 5)), labels_of((5, 3), (6, 1), (5, 3), (7, 2)))[0]
    assert (less.earlier, less.shared, less.overlap) == (5, 3, pytest.approx(3 / 7))
    assert continues(half.overlap)
    assert not continues(less.overlap)


def test_nothing_shared_gives_no_matches():
    nothing = np.array([], dtype=np.int32)
    assert match_clusters(nothing, nothing) == ()
    assert flows(nothing, nothing) == ()


def test_flows_are_counted_as_by_hand():
    labels = labels_of((1, 4), (2, 2))
    other = np.array([3, 1, 3, 3, 1, 1])
    assert flows(labels, other) == (Flow(1, 3, 3, 0.75), Flow(1, 1, 1, 0.25), Flow(2, 1, 2, 1.0))


def test_all_heatmaps_flow_somewhere():
    random = np.random.default_rng(1)
    labels, other = random.integers(1, 7, 200), random.integers(1, 9, 200)
    found = flows(labels, other)
    assert sum(flow.heatmaps for flow in found) == 200
    for cluster in range(1, 7):
        shares = [flow.share for flow in found if flow.cluster == cluster]
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


def test_a_merge_names_the_clusters_that_come_together():
    labels = labels_of((1, 10), (2, 20), (3, 30))
    other = labels_of((1, 29), (2, 31))
    # 10 of cluster 1 and 19 of cluster 2 make up the other clustering's first cluster.
    assert merges(labels, other) == (Joined(1, (2, 1), 29, 1.0),)
    assert splits(labels, other) == ()


def test_a_split_is_a_merge_the_other_way_round():
    labels = labels_of((1, 29), (2, 31))
    other = labels_of((1, 10), (2, 20), (3, 30))
    assert splits(labels, other) == (Joined(1, (2, 1), 29, 1.0),)
    assert merges(labels, other) == ()


def test_half_of_a_cluster_is_not_most_of_it():
    labels = labels_of((1, 4), (2, 4))
    other = labels_of((1, 6), (2, 2))
    assert merges(labels, other) == ()


@pytest.mark.parametrize(
    ("labels", "other", "words"),
    [
        ([1, 2], [1], "one label for each"),
        ([[1, 2]], [[1, 2]], "one label for each"),
        ([1.0, 2.0], [1, 2], "whole numbers"),
    ],
)
@pytest.mark.parametrize("compare", [match_clusters, flows, merges, splits])
def test_labels_that_cannot_be_compared_are_refused(compare, labels, other, words):
    with pytest.raises(SettingsError, match=words):
        compare(np.array(labels), np.array(other))
