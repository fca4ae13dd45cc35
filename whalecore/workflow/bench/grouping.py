"""Those who compete in grouping heatmaps: this package's modes and other libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from whalecore.clusters.descriptor import fit_projection
from whalecore.clusters.spectral import spectral_clustering

CORELAY = "corelay.pipeline.spectral"

STRIDE = 4
"""Of planted heatmaps: at 4 nothing is pooled any more."""


@dataclass(frozen=True)
class Task:
    """What every competitor is given.

    Attributes
    ----------
    heatmaps : ndarray of shape (heatmaps, rows, cols), float16
    clusters : int
    sigma : float or None
        As chosen by this package, for those that need one; None: choose it.
    seed : int
    """

    heatmaps: np.ndarray
    clusters: int
    sigma: float | None
    seed: int


@dataclass(frozen=True)
class Method:
    """One way to group heatmaps.

    Attributes
    ----------
    name : str
        ``exact``, ``scale``, ``sklearn`` or ``corelay``.
    variant : str
        Which of several ways of the same library; empty where there is one.
    group : callable
        Task -> (labels of shape (heatmaps,), the sigma it used or None).
    module : str
        That has to be installed; loaded before the clock starts.
    bytes_per_pair : float
        What is held of every pair of heatmaps at the same time, roughly: 0 where nothing is.
    needs_sigma : bool
        Cannot choose it: an own mode has to have run before.
    most : int
        Heatmaps up to which it ends within an hour or so.
    """

    name: str
    variant: str
    group: Callable[[Task], tuple[np.ndarray, float | None]]
    module: str = "sklearn.cluster"
    bytes_per_pair: float = 0.0
    needs_sigma: bool = False
    most: int = 10**9

    @property
    def title(self) -> str:
        """Name and variant."""
        return f"{self.name} ({self.variant})" if self.variant else self.name

    @property
    def package(self) -> str:
        """What has to be installed."""
        return self.module.partition(".")[0]

    @property
    def installed(self) -> bool:
        """Whether the library it needs is there."""
        return find_spec(self.package) is not None


def points_of(task: Task) -> np.ndarray:
    """What the other libraries group: pooled, scaled and projected as this package does it."""
    projection = fit_projection(task.heatmaps, STRIDE, task.seed)
    return projection.points(task.heatmaps)


def _own(mode: str) -> Callable[[Task], tuple[np.ndarray, float | None]]:
    def group(task: Task) -> tuple[np.ndarray, float | None]:
        found = spectral_clustering(
            task.heatmaps,
            clusters=task.clusters,
            sigma="auto" if task.sigma is None else task.sigma,
            seed=task.seed,
            stride=STRIDE,
            mode=mode,
        )
        return found.labels, found.sigma.sigma

    return group


def _sklearn(**affinity) -> Callable[[Task], tuple[np.ndarray, float | None]]:
    def group(task: Task) -> tuple[np.ndarray, float | None]:
        from sklearn.cluster import SpectralClustering

        kernel = affinity["affinity"] == "rbf"
        gamma = {"gamma": 1 / (2 * task.sigma**2)} if kernel else {}
        model = SpectralClustering(task.clusters, random_state=task.seed, **affinity, **gamma)
        return model.fit_predict(points_of(task)), task.sigma if kernel else None

    return group


def _corelay(eigenvectors: int | None) -> Callable[[Task], tuple[np.ndarray, float | None]]:
    def group(task: Task) -> tuple[np.ndarray, float | None]:
        from corelay.pipeline.spectral import SpectralClustering
        from corelay.processor.clustering import KMeans
        from corelay.processor.embedding import EigenDecomposition

        again = {"random_state": task.seed}
        pipeline = SpectralClustering(
            embedding=EigenDecomposition(n_eigval=eigenvectors or task.clusters),
            clustering=KMeans(n_clusters=task.clusters, kwargs=again, is_output=True),
        )
        return pipeline(points_of(task)), None

    return group


METHODS = (
    Method("exact", "", _own("exact"), bytes_per_pair=4),
    Method("scale", "", _own("scale")),
    Method("sklearn", "rbf", _sklearn(affinity="rbf"), bytes_per_pair=28, needs_sigma=True),
    Method(
        "sklearn",
        "nearest neighbours",
        _sklearn(affinity="nearest_neighbors", n_neighbors=10, eigen_solver="arpack"),
        most=50_000,
    ),
    Method("corelay", "an eigenvector a cluster", _corelay(None), CORELAY, bytes_per_pair=36),
    Method("corelay", "its 32 eigenvectors", _corelay(32), CORELAY, bytes_per_pair=36),
)
"""In the order in which they run: rbf takes over the sigma that the exact mode chose."""

FEWER = METHODS[:-1]
"""Without CoRelAy's default number of eigenvectors, which is not that of the clusters."""


def method_named(title: str) -> Method:
    """The method with this title."""
    return next(method for method in METHODS if method.title == title)
