"""What the parts of the benchmark of clusters share: heatmaps, held-out photos, words."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np

from whalecore.clusters import spectral
from whalecore.clusters.clustering import Clustering, Earlier
from whalecore.clusters.given import stride_of
from whalecore.clusters.matching import match_clusters
from whalecore.clusters.placing import assign_many
from whalecore.clusters.spectral import spectral_clustering
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapSet, Progress
from whalecore.workflow.bench.grouping import STRIDE
from whalecore.workflow.bench.planted import Planted, planted_heatmaps

SMALL = Planted(kinds=6, rows=16, cols=32)


@dataclass(frozen=True)
class Subject:
    """Heatmaps to be clustered, the photo of each, and its kind where that is known."""

    name: str
    heatmaps: np.ndarray
    photos: np.ndarray
    stride: int
    clusters: int
    kinds: np.ndarray | None = None


def planted_subject(count: int, small: bool) -> Subject:
    planted = SMALL if small else Planted()
    heatmaps, kinds = planted_heatmaps(count, planted)
    photos = np.array([f"photo {number}" for number in range(count)])
    return Subject("planted kinds", heatmaps, photos, STRIDE, planted.kinds, kinds)


def lab_subject(lab: Lab, most: int | None, clusters: int) -> Subject:
    heatmaps = lab.heatmaps()
    heatmaps = some_of(heatmaps, np.arange(len(heatmaps))[:most])
    clusters = min(clusters, len(heatmaps) // 10)
    photos = np.array(heatmaps.photo_ids)
    return Subject(lab.name, heatmaps.values, photos, stride_of(heatmaps.settings), clusters)


def group(
    subject: Subject, which: np.ndarray, seed: int, earlier: Earlier | None = None
) -> Clustering:
    """Cluster some of the heatmaps; those of a photo are held out together, as in a lab."""
    count = int(which.sum())
    heatmaps = HeatmapSet(
        method="osm",
        settings="",
        values=subject.heatmaps[which],
        model_ids=("",) * count,
        photo_ids=tuple(subject.photos[which].tolist()),
        individuals=("",) * count,
        ranks=np.ones(count, int),
        scores=np.ones(count, np.float32),
        correct=np.zeros(count, bool),
    )
    return spectral_clustering(
        heatmaps, subject.clusters, seed=seed, stride=subject.stride, earlier=earlier
    )


@contextmanager
def without_stability() -> Iterator[None]:
    """Leave out what takes most of the time of a clustering and says nothing of placing."""

    def unknown(points: np.ndarray, labels: np.ndarray, *_: object, **__: object) -> np.ndarray:
        return np.full(labels.max(), np.nan, np.float32)

    with (
        patch.object(spectral, "cluster_stability", unknown),
        patch.object(spectral, "noise_stability", lambda *_, **__: float("nan")),
    ):
        yield


def unlike_of_kind(subject: Subject, kinds: np.ndarray, place: int) -> float:
    """Share of a kind's heatmaps that are called unlike any cluster where the kind is new.

    All heatmaps of the photos that have one of the kind are left out of the clustering, because
    nothing of a new photo was clustered either.

    Parameters
    ----------
    kinds : ndarray of shape (heatmaps,), int
        From 0.
    place : int
        Which kind, 0 for that with the fewest heatmaps.
    """
    of_kind = kinds == np.argsort(np.bincount(kinds), kind="stable")[place]
    others = ~np.isin(subject.photos, subject.photos[of_kind])
    with without_stability():
        clustering = group(replace(subject, clusters=subject.clusters - 1), others, place)
    return float(assign_many(clustering, subject.heatmaps[of_kind]).unlike.mean())


def held_out_photos(photos: np.ndarray, seed: int, share: float = 0.1) -> np.ndarray:
    """Which heatmaps belong to a random tenth of the photos: bool (heatmaps,)."""
    names = np.unique(photos)
    count = max(1, round(share * len(names)))
    chosen = np.random.default_rng(seed).choice(names, count, replace=False)
    return np.isin(photos, chosen)


def joint_names(apart: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Return the joint run's number of each cluster 1 to K of the run apart, at its place.

    Parameters
    ----------
    apart, joint : ndarray of shape (heatmaps,), int
        Clusters of the same heatmaps in both runs.

    Returns
    -------
    ndarray of shape (K + 1,), int
        0 for a cluster without a counterpart, and at place 0.
    """
    names = np.zeros(apart.max() + 1, int)
    for match in match_clusters(apart, joint):
        names[match.cluster] = match.earlier or 0
    return names


def some_of(heatmaps: HeatmapSet, which: np.ndarray) -> HeatmapSet:
    """A part of the heatmaps."""
    names = {
        key: tuple(getattr(heatmaps, key)[index] for index in which)
        for key in ("model_ids", "photo_ids", "individuals")
    }
    arrays = {
        key: getattr(heatmaps, key)[which] for key in ("values", "ranks", "scores", "correct")
    }
    return replace(heatmaps, **names, **arrays)


class Clock:
    """Listens to progress and remembers how long the steps took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last: tuple[str, float] | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter()
        if self._last is not None:
            step, since = self._last
            self.seconds[step] = self.seconds.get(step, 0.0) + now - since
        self._last = progress.step, now

    def words(self, step: str, purpose: str) -> str:
        """Such as ``, 3.0 s of them for the stability``; empty for a step that was not heard of."""
        total = sum(seconds for name, seconds in self.seconds.items() if step in name)
        return f", {total:.1f} s of them for {purpose}" if total else ""


def interval(low: float, high: float) -> str:
    return f"{low:.3f} to {high:.3f}"


def say(progress: Progress) -> None:
    if progress.message:
        print(progress.message, file=sys.stderr, flush=True)


def show(lines: Sequence[str]) -> None:
    print(*lines, sep="\n", flush=True)
