"""Placing new heatmaps into existing clusters, and keeping clusters on disk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from whalecore.clusters.affinity import SigmaChoice, SigmaTrial, squared_distances
from whalecore.clusters.descriptor import Projection, pool_of
from whalecore.clusters.spectral import VOTERS, Clustering
from whalecore.errors import CheckpointError, SettingsError
from whalecore.files import write_bytes


def assign(clustering: Clustering, values: np.ndarray) -> tuple[int, float]:
    """Place one heatmap into a cluster.

    Parameters
    ----------
    clustering : Clustering
    values : ndarray of shape (rows, cols)
        Of the same method and settings as the clustered heatmaps.

    Returns
    -------
    cluster : int
        The one most of the ten nearest clustered heatmaps belong to; the nearest of the
        clusters with equally many votes.
    membership : float
        Share of the votes, above 0 and at most 1.

    Raises
    ------
    SettingsError
        If the heatmap has another grid than the clustered ones.
    """
    clusters, memberships = assign_many(clustering, np.asarray(values)[None])
    return int(clusters[0]), float(memberships[0])


def assign_many(clustering: Clustering, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place several heatmaps, see `assign`.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)

    Returns
    -------
    clusters : ndarray of shape (heatmaps,), int32
    memberships : ndarray of shape (heatmaps,), float32
    """
    distances = squared_distances(clustering.projection.points(values), clustering.points)
    voters = min(VOTERS, len(clustering.points))
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :voters]
    voted = clustering.labels[nearest]
    votes = (voted[:, :, None] == voted[:, None, :]).sum(axis=2)
    # The first of the largest is the nearest voter among equals.
    winner = votes.argmax(axis=1)
    rows = np.arange(len(voted))
    return voted[rows, winner], (votes[rows, winner] / voters).astype(np.float32)


def save_clustering(clustering: Clustering, path: Path) -> str:
    """Write a clustering to one file, whole or not at all.

    Parameters
    ----------
    clustering : Clustering
    path : Path
        A safetensors file; replaced if it is there.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    from safetensors.numpy import save

    arrays = {
        "labels": clustering.labels,
        "memberships": clustering.memberships,
        "eigenvalues": clustering.eigenvalues,
        "points": clustering.points,
        "mean": clustering.projection.mean,
        "components": clustering.projection.components,
    }
    about = {
        "clusters": clustering.clusters,
        "sigma": asdict(clustering.sigma),
        "stability": clustering.stability,
        "settings": clustering.settings,
        "rows": clustering.projection.rows,
        "cols": clustering.projection.cols,
        "stride": clustering.projection.stride,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = save(arrays, metadata={"clustering": json.dumps(about)})
    write_bytes(Path(path), data)
    return hashlib.sha256(data).hexdigest()


def load_clustering(path: Path) -> Clustering:
    """Read a clustering.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another kind.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads(file.metadata()["clustering"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _checked(
            Clustering(
                labels=arrays["labels"],
                clusters=int(about["clusters"]),
                eigenvalues=arrays["eigenvalues"],
                sigma=SigmaChoice(
                    float(about["sigma"]["sigma"]),
                    str(about["sigma"]["rule"]),
                    tuple(SigmaTrial(**trial) for trial in about["sigma"]["sweep"]),
                ),
                memberships=arrays["memberships"],
                stability=float(about["stability"]),
                settings=str(about["settings"]),
                projection=Projection(
                    int(about["rows"]),
                    int(about["cols"]),
                    int(about["stride"]),
                    arrays["mean"],
                    arrays["components"],
                ),
                points=arrays["points"],
            )
        )
    except FileNotFoundError:
        raise CheckpointError(
            f"There is no clustering at '{path.name}': cluster the heatmaps first."
        ) from None
    except (SafetensorError, SettingsError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"The file '{path.name}' cannot be read as a clustering ({type(error).__name__}): "
            "cluster the heatmaps again."
        ) from error


def _checked(clustering: Clustering) -> Clustering:
    """Refuse arrays that do not fit together, before anything is computed with them."""
    labels, points, projection = clustering.labels, clustering.points, clustering.projection
    numbers = np.issubdtype(labels.dtype, np.integer) and all(
        np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all()
        for array in (
            points,
            projection.mean,
            projection.components,
            clustering.eigenvalues,
            clustering.memberships,
        )
    )
    pool = pool_of(projection.stride)
    features = -(-projection.rows // pool) * -(-projection.cols // pool)
    fits = (
        labels.ndim == 1
        and points.ndim == projection.components.ndim == 2
        and len(labels) == len(points) == len(clustering.memberships) > 0
        and projection.components.shape == (points.shape[1], features)
        and projection.mean.shape == (features,)
        and set(np.unique(labels)) == set(range(1, clustering.clusters + 1))
    )
    if not (numbers and fits):
        raise ValueError("the arrays do not fit together")
    return clustering
