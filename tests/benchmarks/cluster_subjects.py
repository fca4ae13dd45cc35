"""What the parts of the benchmark of clusters share: heatmaps, held-out photos, words."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from whalecore.clusters.clustering import Clustering, Earlier
from whalecore.clusters.matching import match_clusters
from whalecore.clusters.spectral import spectral_clustering, stride_of
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapSet, Progress
from whalecore.workflow.bench.grouping import STRIDE
from whalecore.workflow.bench.planted import Planted, planted_heatmaps

SMALL = Planted(kinds=6, rows=16, cols=32)


@dataclass(frozen=True)
class Subject:
    """Heatmaps to be clustered, and the photo of each."""

    name: str
    heatmaps: np.ndarray
    photos: np.ndarray
    stride: int
    clusters: int


def planted_subject(count: int, small: bool) -> Subject:
    planted = SMALL if small else Planted()
    heatmaps, _ = planted_heatmaps(count, planted)
    return Subject("planted kinds", heatmaps, np.arange(count), STRIDE, planted.kinds)


def lab_subject(lab: Lab, most: int | None, clusters: int) -> Subject:
    heatmaps = lab.heatmaps()
    heatmaps = some_of(heatmaps, np.arange(len(heatmaps))[:most])
    clusters = min(clusters, len(heatmaps) // 10)
    photos = np.array(heatmaps.photo_ids)
    return Subject(lab.name, heatmaps.values, photos, stride_of(heatmaps.settings), clusters)


def group(
    subject: Subject, which: np.ndarray, seed: int, earlier: Earlier | None = None
) -> Clustering:
    return spectral_clustering(
        subject.heatmaps[which],
        subject.clusters,
        seed=seed,
        stride=subject.stride,
        earlier=earlier,
    )


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
