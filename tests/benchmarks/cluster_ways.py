"""Parts `way` and `vote`: which way to cluster many heatmaps, and which to place new ones."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from tests.benchmarks.cluster_subjects import (
    Subject,
    group,
    held_out_photos,
    joint_names,
    lab_subject,
    planted_subject,
    show,
    without_stability,
)
from whalecore.clusters.clustering import Clustering, Earlier
from whalecore.clusters.descriptor import fit_projection
from whalecore.clusters.eigen import dense_embedding
from whalecore.clusters.extension import (
    centres_of,
    nearest_centre,
    nystrom,
    squared_distances,
    unit_rows,
)
from whalecore.clusters.grouping import group_rows
from whalecore.clusters.landmarks import fit_landmarks, landmark_weights
from whalecore.clusters.placing import VOTERS, assign_many
from whalecore.clusters.stability import cluster_stability
from whalecore.clusters.sweep import choose_sigma, typical_distance
from whalecore.lab.lab import open_lab
from whalecore.workflow.bench.tables import markdown

NEIGHBOURS = 15
"""Of a heatmap in the sparse graph."""

COMPONENTS = 128
"""Principal components that all ways are given."""

LANDMARKS_EACH = 10
"""Heatmaps for each landmark; at most 1,000 landmarks."""

STARTS = 10

Way = Callable[[np.ndarray, float, int, int], np.ndarray]
"""Points (heatmaps, components), sigma, number of clusters, seed -> labels from 0."""


def exact(points: np.ndarray, sigma: float, clusters: int, seed: int) -> np.ndarray:
    """The affinity of all pairs, as in the paper."""
    rows = unit_rows(dense_embedding(points, sigma, clusters).vectors)
    return group_rows(rows, clusters, seed, STARTS)


def carried(points: np.ndarray, sigma: float, clusters: int, seed: int) -> np.ndarray:
    """Exact for a random half; the other half is carried into its embedding (Nystrom)."""
    kept = np.sort(np.random.default_rng(seed).permutation(len(points))[: len(points) // 2])
    found = dense_embedding(points[kept], sigma, clusters)
    labels = group_rows(unit_rows(found.vectors), clusters, seed, STARTS)
    labels = np.unique(labels, return_inverse=True)[1]
    extension = nystrom(
        points[kept], found.vectors, found.degrees, found.eigenvalues, sigma, labels + 1
    )
    rows = unit_rows(extension.embedded(points))
    everybody = nearest_centre(rows, centres_of(rows[kept], labels + 1)) - 1
    everybody[kept] = labels
    return everybody


def sparse_graph(points: np.ndarray, sigma: float, clusters: int, seed: int) -> np.ndarray:
    """A graph of the 15 nearest neighbours, weighted alike, and its eigenvectors by ARPACK."""
    from scipy.sparse import diags
    from scipy.sparse.linalg import eigsh
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(points, min(NEIGHBOURS, len(points) - 1), include_self=True)
    graph = 0.5 * (graph + graph.T)
    scale = diags(1 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel()))
    start = np.random.default_rng(0).normal(size=len(points))
    vectors = eigsh(scale @ graph @ scale, k=clusters, which="LA", v0=start)[1]
    return group_rows(unit_rows(vectors), clusters, seed, STARTS)


def landmarks(points: np.ndarray, sigma: float, clusters: int, seed: int) -> np.ndarray:
    """Landmarks chosen by k-means (Chen and Cai 2011)."""
    count = min(1000, max(2 * clusters, len(points) // LANDMARKS_EACH))
    weights = landmark_weights(
        points, fit_landmarks(points, count, seed), typical_distance(points, seed)
    )
    columns = np.asarray(weights.sum(axis=0)).ravel()
    used = columns > 0
    scaled = weights[:, used].multiply(1 / np.sqrt(columns[used])).toarray()
    vectors = np.linalg.svd(scaled, full_matrices=False)[0][:, :clusters]
    return group_rows(unit_rows(vectors), clusters, seed, STARTS)


def kmeans(points: np.ndarray, sigma: float, clusters: int, seed: int) -> np.ndarray:
    """k-means on the principal components, without any graph."""
    return group_rows(points, clusters, seed, STARTS)


WAYS: dict[str, Way] = {
    "exact": exact,
    "half exact, half carried (Nystrom)": carried,
    "graph of 15 neighbours": sparse_graph,
    "landmarks": landmarks,
    "k-means": kmeans,
}


def way(given: argparse.Namespace) -> None:
    """Ways to do without the affinity of all pairs: do they give the exact mode's clusters?"""
    from sklearn.metrics import adjusted_rand_score as agreement

    rows = []
    for subject in subjects_of(given):
        projection = fit_projection(subject.heatmaps, subject.stride, components=COMPONENTS)
        points = projection.points(subject.heatmaps)
        sigma = choose_sigma(points, subject.clusters).sigma
        seeds = range(1 if given.small else 3)
        wanted = {seed: exact(points, sigma, subject.clusters, seed) for seed in seeds}
        for name, make in WAYS.items():
            started = time.perf_counter()
            found = [make(points, sigma, subject.clusters, 100 + seed) for seed in seeds]
            seconds = (time.perf_counter() - started) / len(found)
            near = [agreement(one, two) for one, two in zip(wanted.values(), found, strict=True)]
            own = [agreement(one, found[0]) for one in found[1:]]
            kinds = subject.kinds
            true = [] if kinds is None else [agreement(kinds, one) for one in found]
            stable = stability_of(make, points, found[0], sigma, subject)
            rows.append([subject.name, len(points), subject.clusters, name, f"{seconds:.1f}"])
            rows[-1] += [words(near), words(own), words(true), f"{stable:.2f}"]
            print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["heatmaps of", "heatmaps", "clusters", "way", "s", "ARI to exact", "to itself"]
    show(markdown([*headings, "to the planted kinds", "stability"], rows))
    print(
        "\nAll ways are given the same 128 principal components and the sigma that the exact mode "
        "chooses; other seeds than those\nof the exact runs they are compared with, so that the "
        "first row of each says what chance alone changes. To itself:\nbetween seeds. Stability: "
        "share of pairs that stay together when four fifths of the photos are clustered again, "
        "mean\nover the heatmaps. Mean over three seeds; lowest and highest in brackets."
    )


def stability_of(
    make: Way, points: np.ndarray, labels: np.ndarray, sigma: float, subject: Subject
) -> float:
    """Mean stability of the clusters of a way, each counting by its heatmaps."""
    labels = np.unique(labels, return_inverse=True)[1] + 1
    found = cluster_stability(
        points,
        labels,
        lambda drawn, seed: make(drawn, sigma, subject.clusters, seed),
        repeats=5,
        most=2500,
        units=subject.photos,
    )
    counts = np.bincount(labels)[1:]
    known = np.isfinite(found)
    return float(np.average(found[known], weights=counts[known]))


def words(values: list[float]) -> str:
    """Mean, lowest and highest; empty without any."""
    if not values:
        return ""
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def subjects_of(given: argparse.Namespace) -> list[Subject]:
    """Planted kinds, and the labs, each with few and with many clusters."""
    found = [planted_subject(100 if given.small else given.heatmaps, given.small)]
    for folder in given.labs or ("data/demo",):
        for clusters in sorted({min(10, given.clusters), given.clusters}):
            most = 200 if given.small else None
            found.append(lab_subject(open_lab(folder), most, clusters))
    return found


def vote(given: argparse.Namespace) -> None:
    """Neighbour vote against the Nystrom extension for heatmaps that were held out."""
    rows = []
    for subject in subjects_of(given):
        for seed in range(1 if given.small else 3):
            rows.append([subject.name, len(subject.heatmaps), subject.clusters, seed])
            rows[-1] += compared(subject, seed)
            print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["heatmaps of", "heatmaps", "clusters", "seed", "held out", "Nystrom", "vote of 1"]
    headings += ["vote of 10", "vote of 30", "only Nystrom right", "only the vote of 10"]
    show(markdown(headings, rows))
    print(
        "\nHeld out: all heatmaps of 10 % of the photos. Shares of them that are placed in the "
        "cluster which a joint run,\nthat continues the clusters, gives them. A vote takes the "
        "cluster that most of the nearest clustered heatmaps lie in.\nThe last two columns count "
        "heatmaps that one way places rightly and the other does not."
    )


def compared(subject: Subject, seed: int) -> list[object]:
    """Number held out, share right of each way, heatmaps that only one of two ways has right."""
    out = held_out_photos(subject.photos, seed)
    with without_stability():
        apart = group(subject, ~out, seed)
    before = np.zeros(len(out), int)
    before[~out] = apart.labels
    with without_stability():
        joint = group(subject, np.ones_like(out), seed, Earlier(before, apart.sigma))
    renamed = joint_names(apart.labels, joint.labels[~out])
    held, truth = subject.heatmaps[out], joint.labels[out]
    carried_right = renamed[assign_many(apart, held).clusters] == truth
    voted = {
        count: renamed[voted_clusters(apart, held, count)] == truth for count in (1, VOTERS, 30)
    }
    return [
        int(out.sum()),
        *(f"{right.mean():.3f}" for right in (carried_right, *voted.values())),
        int((carried_right & ~voted[VOTERS]).sum()),
        int((voted[VOTERS] & ~carried_right).sum()),
    ]


def voted_clusters(clustering: Clustering, heatmaps: np.ndarray, voters: int) -> np.ndarray:
    """The cluster most of a heatmap's nearest clustered ones lie in; the nearer side in a draw.

    Parameters
    ----------
    heatmaps : ndarray of shape (heatmaps, rows, cols)
    voters : int

    Returns
    -------
    ndarray of shape (heatmaps,), int
    """
    points = clustering.projection.points(heatmaps).astype(np.float32)
    squares = squared_distances(points, clustering.points.astype(np.float32))
    nearest = np.argsort(squares, axis=1, kind="stable")[:, :voters]
    labels = clustering.point_labels[nearest]
    # A little more for the nearer ones decides draws, and nothing else.
    weights = 1 + np.arange(voters, 0, -1) / (voters + 1) ** 2
    votes = np.zeros((len(labels), clustering.clusters + 1))
    for place in range(labels.shape[1]):
        votes[np.arange(len(labels)), labels[:, place]] += weights[place]
    return votes.argmax(axis=1)
