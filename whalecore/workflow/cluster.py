"""Group the lab's heatmaps and remember which heatmap fell where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from whalecore.clusters.clustering import Clustering
from whalecore.clusters.how_many import FEWEST_EACH
from whalecore.clusters.matching import flows
from whalecore.clusters.modes import compared
from whalecore.clusters.placing import distances_to_others, outside
from whalecore.clusters.spectral import spectral_clustering
from whalecore.clusters.storing import save_clustering
from whalecore.errors import SettingsError, TooFewError
from whalecore.lab.lab import Lab
from whalecore.types import HeatmapPart, HeatmapSet, Progress, settings_from_key
from whalecore.workflow.clusterable import clusterable_heatmaps
from whalecore.workflow.continued import (
    Before,
    clustering_before,
    continuing,
    made_before,
    number_kept,
    start_of,
    take_over,
)
from whalecore.workflow.meaning import cluster_meanings
from whalecore.workflow.progress import Report, silent

MAPS = ("correct", "top5")

FORMAT = 7
"""Grows when the same heatmaps and settings give other clusters than before."""


@dataclass(frozen=True)
class Clustered:
    """A clustering, and the heatmaps that are not in it.

    Attributes
    ----------
    clustering_id : str
        The same heatmaps and settings that continue the same clustering give the same one.
    left_out : int
        Heatmaps that were left out.
    note : str
        Why, a sentence for each reason; empty where there are none.
    """

    clustering_id: str
    left_out: int = 0
    note: str = ""


def cluster_heatmaps(
    lab: Lab,
    maps: str,
    clusters: int | str = 30,
    sigma: float | str = "auto",
    settings: str | Sequence[str] | None = None,
    seed: int = 0,
    report: Report = silent,
    mode: str = "auto",
    method: str = "osm",
    signed: bool = False,
    aligned: bool = False,
    anew: bool = False,
) -> Clustered:
    """Cluster the lab's heatmaps spectrally (Kierdorf et al. 2020, section 4.2).

    Heatmaps that are doubtful, damaged or lack one of several maps are left out, see
    `whalecore.workflow.clusterable`. What was clustered before is not clustered again, but put into
    use again. Where the same kind of heatmaps was clustered before, the clusters are continued:
    they keep sigma and start from where they were, see `whalecore.workflow.continued.start_of`. In
    any case they are matched to the earlier ones and take over their names and notes.

    A clustering that is cut off leaves nothing that counts: its row is written last.

    Parameters
    ----------
    maps : str
        ``correct``: only heatmaps of the reference individual, as in the paper;
        ``top5``: all heatmaps, which is what a new photo can be compared with.
    clusters : int or 'auto'
        K; lowered where the lab has fewer than 10 heatmaps for each, and then kept while heatmaps
        are added until there are enough. ``auto``: where the eigenvalues have their largest gap.
    sigma : float or str
        Width of the kernel, ``auto`` or ``paper``.
    settings : str or sequence of str, optional
        Keys of heatmap settings, such as ``patch=16,stride=8`` (see
        `whalecore.types.settings_from_key`); several describe a heatmap together. Without, those
        of `method` with most heatmaps. Mean heatmaps, and what clusters rest on, are of the first.
    mode : str
        ``exact``, ``scale`` or ``auto``, by the number of heatmaps.
    method : str
        ``osm`` or ``gradcam``, where no settings are given.
    signed : bool
        Keep the negative part of the maps.
    aligned : bool
        Mirror heatmaps that lie more on the right.
    anew : bool
        Do not continue earlier clusters: choose sigma again and start from chance.

    Raises
    ------
    LabError
        If there are too few heatmaps to speak of clusters.
    SettingsError
        If settings are not allowed.
    """
    keys = (settings,) if isinstance(settings, str) else tuple(settings or ())
    parts = tuple(part_named(key) for key in keys)
    chosen = clusterable_heatmaps(lab, maps, parts, method)
    stacks, left_out, note = chosen.stacks, chosen.left_out, chosen.note
    first = stacks[0]
    most = len(first) // FEWEST_EACH
    if most < 2:
        raise TooFewError(
            f"The lab has {len(first)} heatmaps to cluster ('{maps}') and at least "
            f"{2 * FEWEST_EACH} are needed: explain more photos first. {note}".strip()
        )
    count = clusters if clusters == "auto" else min(clusters, most)
    asked = {
        "clusters": clusters,
        "sigma": sigma,
        "seed": seed,
        "mode": mode,
        "anew": anew,
    }
    representation = {
        "parts": [{"method": one.method, "settings": one.settings} for one in stacks],
        "signed": signed,
        "aligned": aligned,
    }
    key = _identity(stacks, maps, count, {**asked, **representation})
    with lab.claim(f"cluster-{key}"):
        there = made_before(lab, key)
        if there is not None:
            _complete(lab, there, stacks, seed)
            lab.use_clustering(there)
            return Clustered(there, left_out, note)
        report(Progress("cluster heatmaps", 0, 1, message=f"{len(first)} heatmaps ({maps})"))
        # With the paper's heatmaps all are right, so that what counts is being right at top 1.
        right = first.ranks == 1 if maps == "correct" else first.correct
        before = clustering_before(lab, first, maps, representation, asked)
        earlier = None if anew else start_of(lab, before, asked)
        clustering_id = key
        if earlier is not None:
            count = number_kept(lab, before, clusters, most)
            clustering_id = continuing(key, before.clustering_id, count)
        clustering = spectral_clustering(
            first if len(stacks) == 1 else stacks,
            clusters=count,
            sigma=sigma,
            seed=seed,
            correct=right,
            mode=mode,
            signed=signed,
            aligned=aligned,
            report=report,
            earlier=earlier,
        )
        _keep(
            lab,
            clustering,
            stacks,
            before,
            {
                "clustering_id": clustering_id,
                "model_id": first.model_ids[0],
                "method": first.method,
                "heatmap_settings": first.settings,
                "ranks": maps,
                "settings": {
                    **asked,
                    "key": key,
                    "sigma_rule": clustering.sigma.rule,
                    "number": count,
                    "by_landmarks": clustering.by_landmarks,
                    "continued": earlier is not None,
                    "started": clustering.started,
                },
                "representation": representation,
                "matched_to": before.clustering_id if before else None,
            },
            seed,
        )
    report(Progress("cluster heatmaps", 1, 1, 0.0))
    return Clustered(clustering_id, left_out, note)


def part_named(text: str) -> HeatmapPart:
    """The maps that a settings key means, with or without the method's name before it.

    Raises
    ------
    SettingsError
        If the key cannot be read, or is not of that method.
    """
    named, _, key = text.strip().partition(" ")
    # A key that somebody wrote with blanks after its commas names no method.
    prefixed = bool(key) and "=" not in named
    settings = settings_from_key(key if prefixed else text.strip())
    if prefixed and named != settings.method:
        raise SettingsError(
            f"The heatmap settings '{key[:60]}' belong to '{settings.method}', not to "
            f"'{named[:20]}': give '{settings.method} {settings.key}'."
        )
    return HeatmapPart(settings.method, settings.key)


def _keep(
    lab: Lab,
    clustering: Clustering,
    stacks: Sequence[HeatmapSet],
    before: Before | None,
    about: dict,
    seed: int,
) -> None:
    """Write everything that belongs to a clustering; its own row, by which it counts, last."""
    clustering_id, heatmaps = about["clustering_id"], stacks[0]
    meanings = cluster_meanings(lab, heatmaps, clustering, seed)
    digest = save_clustering(clustering, lab.clustering_path(clustering_id))
    lab.write("assignments", _assignments(clustering_id, stacks, clustering, seed))
    lab.write(
        "clusters",
        [
            {
                **asdict(one),
                "clustering_id": clustering_id,
                "stability": float(clustering.cluster_stability[one.cluster - 1]),
            }
            for one in meanings
        ],
    )
    if before is not None:
        take_over(lab, clustering_id, before, clustering.labels)
    lab.write(
        "clusterings",
        [
            {
                **about,
                "clusters": clustering.clusters,
                "sigma": clustering.sigma.sigma,
                "sigma_sweep": [asdict(one) for one in clustering.sigma.sweep],
                "eigenvalues": np.asarray(clustering.eigenvalues, float).tolist(),
                "heatmaps": len(heatmaps),
                "stability": clustering.stability,
                "noise_stability": clustering.noise_stability,
                "mode": clustering.mode,
                "usual_distance": clustering.usual_distance,
                "neighbouring": {
                    str(number): [
                        [one.cluster, one.other, one.heatmaps]
                        for one in flows(clustering.labels, labels)
                    ]
                    for number, labels in sorted(clustering.others.items())
                },
                "arrays_sha256": digest,
            }
        ],
    )


def _complete(lab: Lab, clustering_id: str, stacks: Sequence[HeatmapSet], seed: int) -> None:
    """Write again which heatmap fell where, if that was lost for some.

    A crop that is corrected and put back brings its heatmaps back, but not their clusters.
    """
    if len(lab.assignments(clustering_id)) != len(stacks[0]):
        clustering = lab.clustering(clustering_id)
        lab.write("assignments", _assignments(clustering_id, stacks, clustering, seed))


def _assignments(
    clustering_id: str, stacks: Sequence[HeatmapSet], clustering: Clustering, seed: int
) -> pa.Table:
    heatmaps = stacks[0]
    count = len(heatmaps)
    return pa.table(
        {
            "clustering_id": [clustering_id] * count,
            "model_id": heatmaps.model_ids,
            "photo_id": heatmaps.photo_ids,
            "individual": heatmaps.individuals,
            "method": [heatmaps.method] * count,
            "settings": [heatmaps.settings] * count,
            "cluster": clustering.labels,
            "membership": clustering.memberships,
            "unlike": _unlike(stacks, clustering, seed),
        }
    )


def _unlike(stacks: Sequence[HeatmapSet], clustering: Clustering, seed: int) -> pa.Array:
    """Whether each heatmap is unlike the kept ones of other photos."""
    values = [one.values for one in stacks]
    points = clustering.projection.points(values)
    rest = outside(clustering.projection, values, points)
    photos = np.array(stacks[0].photo_ids)
    kept = compared(len(points), clustering.mode, seed)
    # As for a new heatmap: one of several maps that shows something is enough.
    flat = [np.ptp(one.reshape(len(points), -1), axis=1) == 0 for one in values]
    blank = np.logical_and.reduce(flat)
    distances = distances_to_others(points, photos, rest, among=kept)
    return pa.array((distances > clustering.usual_distance) | blank)


def _identity(stacks: Sequence[HeatmapSet], maps: str, clusters: int | str, asked: dict) -> str:
    """Key of a clustering: the same for the same heatmaps and settings, whatever it continues."""
    first = stacks[0]
    digest = hashlib.sha256(json.dumps([FORMAT, maps, clusters, asked], sort_keys=True).encode())
    for names in (first.model_ids, first.photo_ids, first.individuals):
        digest.update(" ".join(names).encode())
    # Clusters are numbered by what is right: another truth makes another clustering.
    digest.update(first.correct.tobytes())
    for one in stacks:
        digest.update(np.ascontiguousarray(one.values).view(np.uint8).data)
    return f"{maps}-k{clusters}-{digest.hexdigest()[:10]}"
