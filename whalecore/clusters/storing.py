"""Keeping clusters on disk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from whalecore.clusters.affinity import SigmaChoice, SigmaTrial
from whalecore.clusters.clustering import Clustering
from whalecore.clusters.descriptor import Projection
from whalecore.clusters.extension import Extension
from whalecore.errors import CheckpointError, SettingsError
from whalecore.files import write_bytes

OTHERS = "others."
"""Starts the names of the arrays with labels for other numbers of clusters."""


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

    projection, extension = clustering.projection, clustering.extension
    arrays = {
        "labels": clustering.labels,
        "memberships": clustering.memberships,
        "cluster_stability": clustering.cluster_stability,
        "eigenvalues": clustering.eigenvalues,
        "points": clustering.points.astype(np.float16),
        "point_labels": clustering.point_labels,
        "means": clustering.means,
        "mean": projection.mean,
        "components": projection.components.astype(np.float16),
        "rows": extension.rows,
        "centres": extension.centres,
    } | {f"{OTHERS}{count}": labels for count, labels in clustering.others.items()}
    if extension.anchors is not clustering.points:
        arrays["anchors"] = extension.anchors.astype(np.float16)
    about = {
        "clusters": clustering.clusters,
        "mode": clustering.mode,
        "sigma": asdict(clustering.sigma),
        "stability": clustering.stability,
        "noise_stability": clustering.noise_stability,
        "settings": clustering.settings,
        "usual_distance": clustering.usual_distance,
        "shapes": projection.shapes,
        "strides": projection.strides,
        "signed": projection.signed,
        "aligned": projection.aligned,
        "anchor_sigma": extension.sigma,
        "started": clustering.started,
        "by_landmarks": clustering.by_landmarks,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = save(arrays, metadata={"clustering": json.dumps(about)})
    write_bytes(Path(path), data)
    return hashlib.sha256(data).hexdigest()


def load_clustering(path: Path) -> Clustering:
    """Read a clustering.

    Points and components are held in single precision, so that heatmaps are placed without
    converting them each time.

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
        return _checked(_clustering(about, arrays))
    except FileNotFoundError:
        raise CheckpointError(
            f"There is no clustering at '{path.name}': cluster the heatmaps first."
        ) from None
    except (SafetensorError, SettingsError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"The file '{path.name}' is damaged or was made by another version of whalecore: "
            "cluster the heatmaps again."
        ) from error


def _clustering(about: dict, arrays: dict[str, np.ndarray]) -> Clustering:
    points = arrays["points"].astype(np.float32)
    sigma = about["sigma"]
    return Clustering(
        labels=arrays["labels"],
        clusters=int(about["clusters"]),
        eigenvalues=arrays["eigenvalues"],
        sigma=SigmaChoice(
            float(sigma["sigma"]),
            str(sigma["rule"]),
            tuple(SigmaTrial(**trial) for trial in sigma["sweep"]),
        ),
        mode=str(about["mode"]),
        memberships=arrays["memberships"],
        cluster_stability=arrays["cluster_stability"],
        stability=float(about["stability"]),
        others={
            int(name.removeprefix(OTHERS)): array
            for name, array in sorted(arrays.items())
            if name.startswith(OTHERS)
        },
        settings=str(about["settings"]),
        projection=Projection(
            shapes=tuple((int(rows), int(cols)) for rows, cols in about["shapes"]),
            strides=tuple(int(stride) for stride in about["strides"]),
            signed=bool(about["signed"]),
            aligned=bool(about["aligned"]),
            mean=arrays["mean"],
            components=arrays["components"].astype(np.float32),
        ),
        points=points,
        point_labels=arrays["point_labels"],
        usual_distance=float(about["usual_distance"]),
        means=arrays["means"],
        # Files of older versions do not have it.
        noise_stability=float(about.get("noise_stability", "nan")),
        extension=Extension(
            anchors=arrays["anchors"].astype(np.float32) if "anchors" in arrays else points,
            rows=arrays["rows"],
            centres=arrays["centres"],
            sigma=float(about["anchor_sigma"]),
        ),
        started=bool(about.get("started", False)),
        by_landmarks=bool(about.get("by_landmarks", False)),
    )


def _checked(clustering: Clustering) -> Clustering:
    """Refuse arrays that do not fit together, before anything is computed with them."""
    projection, extension = clustering.projection, clustering.extension
    count, clusters = len(clustering.labels), clustering.clusters
    names = range(1, clusters + 1)
    whole = (clustering.labels, clustering.point_labels, *clustering.others.values())
    real = (
        clustering.points,
        clustering.eigenvalues,
        clustering.memberships,
        clustering.means,
        projection.mean,
        projection.components,
        extension.anchors,
        extension.rows,
        extension.centres,
    )
    numbers = all(np.issubdtype(array.dtype, np.integer) for array in whole) and all(
        np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all() for array in real
    )
    components = clustering.points.shape[1:]
    fits = (
        all(array.shape == (count,) for array in (clustering.labels, *clustering.others.values()))
        and clustering.memberships.shape == (count,)
        and set(np.unique(clustering.labels)) == set(names)
        and len(components) == 1
        and clustering.point_labels.shape == clustering.points.shape[:1] != (0,)
        and set(np.unique(clustering.point_labels)) <= set(names)
        and projection.components.shape == (*components, projection.features)
        and projection.mean.shape == (projection.features,)
        and extension.anchors.shape == (len(extension.rows), *components)
        and extension.centres.shape == (clusters, *extension.rows.shape[1:])
        and extension.sigma > 0
        and clustering.cluster_stability.shape == (clusters,)
        and clustering.means.shape == (clusters, *projection.shapes[0])
        and clustering.usual_distance >= 0
    )
    if not (numbers and fits):
        raise ValueError("the arrays do not fit together")
    return clustering
