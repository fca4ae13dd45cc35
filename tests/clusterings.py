"""A clustering of planted heatmaps for tests, made step by step from the paper's formulas."""

from dataclasses import replace

import numpy as np
from scipy.spatial.distance import cdist

from whalecore.clusters.affinity import SigmaChoice, SigmaTrial
from whalecore.clusters.clustering import Clustering
from whalecore.clusters.descriptor import fit_projection
from whalecore.clusters.extension import nystrom
from whalecore.clusters.placing import memberships, outside, usual_distance


def embedding(points, sigma, count):
    """First `count` eigenvalues and eigenvectors of L_sym, and the degrees."""
    distances = cdist(points, points, "sqeuclidean")
    affinity = np.exp(-distances / (2 * sigma**2))
    degrees = affinity.sum(axis=1)
    laplacian = np.eye(len(points)) - affinity / np.sqrt(np.outer(degrees, degrees))
    eigenvalues, vectors = np.linalg.eigh(laplacian)
    return eigenvalues[:count], vectors[:, :count], degrees


def clustering_of(values, labels, sigma=2.0, stride=4, components=30):
    """The exact clustering of maps (heatmaps, rows, cols) whose labels 1..K are known."""
    labels, clusters = labels.astype(np.int32), int(labels.max())
    projection = fit_projection(values, stride, components=components)
    # As exact as they are on disk.
    halves = projection.components.astype(np.float16).astype(np.float32)
    projection = replace(projection, components=halves)
    points = projection.points(values).astype(np.float16).astype(np.float32)
    eigenvalues, vectors, degrees = embedding(points.astype(float), sigma, clusters)
    means = np.stack([values[labels == number].mean(axis=0) for number in np.unique(labels)])
    return Clustering(
        labels=labels,
        clusters=clusters,
        eigenvalues=eigenvalues,
        sigma=SigmaChoice(sigma, "given", (SigmaTrial(sigma, 0.1, clusters, 5.0, 0.0, 0.9),)),
        mode="exact",
        memberships=memberships(points, labels),
        cluster_stability=np.linspace(0.5, 1, clusters, dtype=np.float32),
        stability=0.75,
        others={clusters - 1: np.minimum(labels, clusters - 1), clusters + 1: labels},
        settings=f"clusters={clusters}",
        projection=projection,
        points=points,
        point_labels=labels,
        usual_distance=usual_distance(points, outside=outside(projection, values, points)),
        means=means.astype(np.float16),
        extension=nystrom(points, vectors, degrees, eigenvalues, sigma, labels),
    )
