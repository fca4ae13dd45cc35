"""Group the lab's heatmaps and remember which heatmap fell where."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np

from whalecore.clusters.assignment import save_clustering
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import LabError, TooFewError
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapSet, Progress
from whalecore.workflow.progress import Report, silent

MAPS = ("correct", "top5")
HEATMAPS_PER_CLUSTER = 10
"""At least so many heatmaps a cluster on average: fewer say nothing about the cluster."""


@dataclass(frozen=True)
class Clustered:
    """A clustering, and the fast heatmaps that were too far from the exact ones for it.

    Attributes
    ----------
    clustering_id : str
        The same heatmaps and settings give the same one.
    left_out : int
        Fast heatmaps that were refused.
    note : str
        One sentence on them; empty where there are none.
    """

    clustering_id: str
    left_out: int = 0
    note: str = ""


def cluster_heatmaps(
    lab: Lab,
    maps: str,
    clusters: int = 30,
    sigma: float | str = "auto",
    settings: str | None = None,
    seed: int = 0,
    report: Report = silent,
) -> Clustered:
    """Cluster the lab's occlusion maps spectrally (Kierdorf et al. 2020, section 4.2).

    Fast heatmaps are left out whose estimates correlate with computed values less than the lab's
    ``least_correlation`` asks for. What was clustered before is not clustered again.

    Parameters
    ----------
    maps : str
        ``correct``: only heatmaps of the reference individual, as in the paper;
        ``top5``: all heatmaps, which is what a new photo can be compared with.
    clusters : int
        K; lowered where the lab has fewer than 10 heatmaps for each.
    sigma : float or str
        Width of the kernel, ``auto`` or ``paper``.
    settings : str, optional
        Key of the heatmap settings; those with most heatmaps when not given.

    Returns
    -------
    Clustered

    Raises
    ------
    LabError
        If there are too few heatmaps to speak of clusters.
    """
    correct_only, least = maps == "correct", lab.info.least_correlation
    left_out = lab.count_doubtful(settings, correct_only, least)
    note = _note(left_out, maps, least)
    try:
        heatmaps = lab.heatmaps(
            method="osm",
            settings=settings,
            correct_only=correct_only,
            least_correlation=least,
        )
    except LabError as error:
        if not left_out:
            raise
        raise TooFewError(f"No heatmap is left to be clustered: {note}") from error
    count = min(clusters, len(heatmaps) // HEATMAPS_PER_CLUSTER)
    if count < 2:
        raise TooFewError(
            f"The lab has {len(heatmaps)} heatmaps to cluster ('{maps}') and at least "
            f"{2 * HEATMAPS_PER_CLUSTER} are needed: explain more photos first. {note}".strip()
        )
    clustering_id = _identity(heatmaps, maps, count, sigma, seed)
    outcome = Clustered(clustering_id, left_out, note)
    with lab.claim(f"cluster-{clustering_id}"):
        if clustering_id in {row["clustering_id"] for row in lab.rows("clusterings")}:
            return outcome
        report(Progress("cluster heatmaps", 0, 1, message=f"{len(heatmaps)} heatmaps ({maps})"))
        # With the paper's heatmaps all are right, so that what counts is being right at top 1.
        right = heatmaps.ranks == 1 if maps == "correct" else heatmaps.correct
        clustering = spectral_clustering(
            heatmaps, clusters=count, sigma=sigma, seed=seed, correct=right
        )
        digest = save_clustering(clustering, lab.clustering_path(clustering_id))
        lab.write(
            "assignments",
            [
                {
                    "clustering_id": clustering_id,
                    "model_id": heatmaps.model_ids[index],
                    "photo_id": heatmaps.photo_ids[index],
                    "individual": heatmaps.individuals[index],
                    "method": heatmaps.method,
                    "settings": heatmaps.settings,
                    "cluster": int(clustering.labels[index]),
                    "membership": float(clustering.memberships[index]),
                }
                for index in range(len(heatmaps))
            ],
        )
        lab.write(
            "clusterings",
            [
                {
                    "clustering_id": clustering_id,
                    "model_id": heatmaps.model_ids[0],
                    "method": heatmaps.method,
                    "heatmap_settings": heatmaps.settings,
                    "ranks": maps,
                    "settings": json.dumps({"clusters": clusters, "sigma": sigma, "seed": seed}),
                    "clusters": clustering.clusters,
                    "sigma": clustering.sigma.sigma,
                    "sigma_sweep": json.dumps([asdict(one) for one in clustering.sigma.sweep]),
                    "eigenvalues": np.asarray(clustering.eigenvalues, float).tolist(),
                    "heatmaps": len(heatmaps),
                    "stability": clustering.stability,
                    "arrays_sha256": digest,
                }
            ],
        )
    report(Progress("cluster heatmaps", 1, 1, 0.0))
    return outcome


def _note(left_out: int, maps: str, least: float) -> str:
    if not left_out:
        return ""
    return (
        f"{left_out} fast heatmaps were left out ('{maps}'), because their correlation with the "
        f"exact ones is below the lab's limit of {least:g} or not known: compute them again with "
        "a higher 'explain --accuracy', or 1 for exact ones."
    )


def _identity(heatmaps: HeatmapSet, maps: str, clusters: int, sigma, seed: int) -> str:
    digest = hashlib.sha256(
        f"{maps} {clusters} {sigma} {seed} {heatmaps.method} {heatmaps.settings}".encode()
    )
    digest.update(" ".join(heatmaps.model_ids).encode())
    digest.update(" ".join(heatmaps.photo_ids).encode())
    digest.update(" ".join(heatmaps.individuals).encode())
    digest.update(np.ascontiguousarray(heatmaps.values).tobytes())
    return f"{maps}-k{clusters}-{digest.hexdigest()[:10]}"
