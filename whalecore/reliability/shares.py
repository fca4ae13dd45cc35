"""Shares of correct photos per cluster that never count the photo, or the group, they judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whalecore.reliability.evidence import Evidence


@dataclass(frozen=True)
class ClusterCounts:
    """Photos whose first heatmap fell into each cluster.

    Attributes
    ----------
    counts : mapping of int to (int, int)
        Per cluster the photos whose first candidate is right, and all.
    overall : float
        Share of right ones over all clusters; one half without photos.
    """

    counts: Mapping[int, tuple[int, int]]
    overall: float

    def without(self, evidence: Evidence, correct: bool) -> ClusterCounts:
        """The same without one of the photos that were counted."""
        hits, photos = self.counts.get(evidence.cluster, (0, 0))
        if evidence.unlike or not photos:
            return self
        return replace(
            self, counts={**self.counts, evidence.cluster: (hits - int(correct), photos - 1)}
        )


def cluster_counts(evidence: Sequence[Evidence], correct: np.ndarray) -> ClusterCounts:
    """Count the photos with a cluster; heatmaps that are unlike any count for nothing."""
    counts: dict[int, tuple[int, int]] = {}
    for one, right in zip(evidence, correct, strict=True):
        if one.cluster is not None and not one.unlike:
            hits, photos = counts.get(one.cluster, (0, 0))
            counts[one.cluster] = (hits + int(right), photos + 1)
    hits, photos = (sum(part) for part in zip(*counts.values(), strict=True)) if counts else (0, 0)
    return ClusterCounts(counts, hits / photos if photos else 0.5)


def with_shares(evidence: Sequence[Evidence], counted: ClusterCounts) -> list[Evidence]:
    """Give photos with a cluster the share that was counted on other photos.

    A cluster that holds none of them gets the overall share of no heatmaps. Photos without the
    number of a cluster keep what they have.
    """
    given = []
    for one in evidence:
        if one.cluster is not None and not one.unlike:
            hits, photos = counted.counts.get(one.cluster, (0, 0))
            share = hits / photos if photos else counted.overall
            one = replace(one, share_correct=share, cluster_heatmaps=photos)
        given.append(one)
    return given


def nested_shares(
    evidence: Sequence[Evidence], correct: np.ndarray, fold: np.ndarray
) -> list[Evidence]:
    """Give each photo the share of its cluster among the photos of the other folds.

    A model that is fitted on shares which count the photos' own answers takes even a useless
    cluster for telling.

    Parameters
    ----------
    evidence : sequence of Evidence
    correct : ndarray of shape (photos,), bool
    fold : ndarray of shape (photos,), int
        Photos that belong together have the same.
    """
    correct = np.asarray(correct, dtype=bool)
    given = list(evidence)
    for number in np.unique(fold):
        rest, own = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        counted = cluster_counts([evidence[place] for place in rest], correct[rest])
        chosen = with_shares([evidence[place] for place in own], counted)
        for place, one in zip(own, chosen, strict=True):
            given[place] = one
    return given


def deal_folds(kinds: np.ndarray, groups: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """Deal groups to folds, so that each fold gets its share of every kind.

    Parameters
    ----------
    kinds : ndarray of shape (photos,), int
        For example 0 new, 1 wrong, 2 right; a group counts by its mean.
    groups : sequence of str
        Of each photo; never divided.
    folds, seed : int

    Returns
    -------
    ndarray of shape (photos,), int
        0 to folds - 1.
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    mean_kind = np.bincount(group, kinds) / np.bincount(group)
    order = np.random.default_rng(seed).permutation(len(mean_kind))
    order = order[np.argsort(mean_kind[order], kind="stable")]
    fold_of = np.empty(len(mean_kind), dtype=int)
    fold_of[order] = np.arange(len(order)) % folds
    return fold_of[group]
