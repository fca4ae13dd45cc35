"""Spectral clustering of heatmaps (Kierdorf et al. 2020, section 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from whalecore.clusters.affinity import GAPS, PAPER_SIGMA, SigmaChoice, check_sigma
from whalecore.clusters.chance import noise_stability
from whalecore.clusters.clustering import Clustering, Earlier
from whalecore.clusters.descriptor import COMPONENTS, fit_projection, mirrored, shortened
from whalecore.clusters.eigen import dense_embedding, groups_of
from whalecore.clusters.extension import nystrom
from whalecore.clusters.forming import (
    FEWER_STARTS,
    carried,
    cluster_again,
    earlier_centres,
    grouped,
    stand_ins,
)
from whalecore.clusters.given import given_heatmaps
from whalecore.clusters.grouping import STARTS, number_clusters
from whalecore.clusters.how_many import check_clusters, most_groups
from whalecore.clusters.landmarks import landmark_eigenvalues
from whalecore.clusters.mean_maps import mean_maps
from whalecore.clusters.modes import SCALE_COMPONENTS, compared, mode_for
from whalecore.clusters.placing import memberships, outside, usual_distance
from whalecore.clusters.stability import cluster_stability, weighted_stability
from whalecore.clusters.sweep import choose_sigma, typical_distance
from whalecore.errors import SettingsError
from whalecore.types import LARGEST_SEED, HeatmapSet, Progress, Report, silent

NEIGHBOURING = (-2, -1, 1, 2)
"""Other numbers of clusters that are kept, as differences from the wanted one."""

STABILITY_MOST = 2500
"""Heatmaps that are drawn each time the stability is measured."""

LANDMARKS_LEAST = 1200
"""Heatmaps from which on the number of clusters is read off the landmarks' eigenvalues."""


def spectral_clustering(
    heatmaps: HeatmapSet | np.ndarray | Sequence[HeatmapSet] | Sequence[np.ndarray],
    clusters: int | str = 30,
    sigma: str | float = "auto",
    seed: int = 0,
    stride: int | Sequence[int] | None = None,
    correct: np.ndarray | None = None,
    mode: str = "auto",
    signed: bool = False,
    aligned: bool = False,
    report: Report = silent,
    earlier: Earlier | None = None,
) -> Clustering:
    """Group heatmaps that look alike.

    Principal components are fitted on all heatmaps, or on a random 10,000 of them where there are
    more, in either mode.

    Parameters
    ----------
    heatmaps : HeatmapSet or ndarray of shape (heatmaps, rows, cols), or a sequence of them
        Several are the parts of each heatmap: maps of the same photos and individuals, in the
        same order, by different methods or settings.
    clusters : int or 'auto'
        K, 2 to the number of heatmaps; ``auto`` takes the number below the largest eigengap, up to
        60 clusters and to one for every ten heatmaps. From 1,200 heatmaps on it is looked for with
        landmarks in both modes: where only the nearest count, kinds that overlap still show a gap,
        which the full affinity smooths away. Never more than there are different heatmaps.
    sigma : float, 'auto' or 'paper'
        Distance up to which two heatmaps count as alike; ``auto`` chooses it from the data,
        ``paper`` is 0.2 times the root of the descriptor's length.
    seed : int
        Of k-means, samples and landmarks; the same seed gives the same labels.
    stride : int, optional
        Of the heatmaps, in pixels of the model's input; one for all, or one per part. Without it
        that of the heatmaps' settings, or 4 (no pooling) where they have none.
    correct : ndarray of shape (heatmaps,), bool, optional
        By which the clusters are numbered; that of the heatmaps where left out.
    mode : str
        ``exact``: the paper's dense affinity, 4 bytes for each pair of heatmaps. ``scale``: the
        same for a random sample of 10,000 and 128 principal components; the others are carried
        into its embedding as new heatmaps are, see `whalecore.clusters.extension`. ``auto``:
        exact up to 20,000 heatmaps where memory allows it, scale otherwise.
    signed, aligned : bool
        See `whalecore.clusters.descriptor.descriptors`.
    report : callable, optional
        Called with the `Progress`.
    earlier : Earlier, optional
        A clustering to continue, so that clusters stay where they were: its sigma takes the place
        of ``auto``, and where the number of clusters is the same and each is still there, k-means
        starts from them instead of at random; ``started`` of the result says whether it did.

    Returns
    -------
    Clustering

    Raises
    ------
    SettingsError
        If there are fewer heatmaps than clusters, the parts do not belong together, the exact mode
        needs more memory than is free, or a setting is not allowed.

    References
    ----------
    Kierdorf et al. 2020, section 4.2; Ng, Jordan and Weiss 2001; Fowlkes et al. 2004.
    """
    given = given_heatmaps(heatmaps, stride, correct)
    count = len(given.parts[0])
    check_clusters(clusters, count)
    if not 0 <= seed <= LARGEST_SEED:
        raise SettingsError(
            f"The seed {seed} is not allowed: use a whole number from 0 to {LARGEST_SEED}."
        )
    mode = mode_for(count, mode, sum(part[0].size for part in given.parts))
    step = _steps(report)

    step("describe heatmaps", f"{count} heatmaps, {mode} mode")
    most = COMPONENTS if mode == "exact" else SCALE_COMPONENTS
    full = fit_projection(given.parts, given.strides, seed, signed, aligned, components=most)
    points = full.points(given.parts)

    step("choose how near heatmaps must be to count as alike")
    wanted = None if clusters == "auto" else int(clusters)
    deciding = None
    if wanted is None and count >= LANDMARKS_LEAST:
        deciding = landmark_eigenvalues(points, typical_distance(points, seed), seed)
        wanted = groups_of(deciding[: most_groups(count) + 1])
    if earlier is not None and sigma == "auto":
        choice = earlier.sigma
    else:
        choice = _sigma(points, full.features, sigma, wanted, seed)

    step("find groups that hang together")
    kept = compared(count, mode, seed)
    if wanted is None:
        found = dense_embedding(points[kept], choice.sigma, 1).eigenvalues
        wanted = groups_of(found[: most_groups(count) + 1])
    embedding = dense_embedding(
        points[kept], choice.sigma, min(wanted + max(NEIGHBOURING), len(kept))
    )
    vectors = carried(points, kept, embedding, choice.sigma)
    same = stand_ins(points, kept)
    different = len(np.unique(same[kept]))
    groups = min(wanted, different)

    step("form clusters")

    def numbered(
        number: int, starts: int = STARTS, centres: np.ndarray | None = None
    ) -> np.ndarray:
        found = grouped(vectors[:, :number], kept, number, seed, starts, centres)
        return number_clusters(found[same], given.correct, given.scores)

    centres = earlier_centres(vectors[:, :groups], earlier)
    labels = numbered(groups, centres=centres)
    others = {
        wanted + more: numbered(wanted + more, FEWER_STARTS)
        for more in NEIGHBOURING
        if groups == wanted and 2 <= wanted + more <= different
    }

    step("measure how stable the clusters are")
    stability = cluster_stability(
        points,
        labels,
        lambda drawn, again: cluster_again(drawn, choice.sigma, groups, again),
        most=STABILITY_MOST,
        units=given.units,
        seed=seed,
    )
    by_chance = noise_stability(
        points,
        choice.sigma,
        lambda noise, width, again: cluster_again(noise, width, groups, again),
        seed=seed,
    )

    step("prepare to place new heatmaps")
    placing = shortened(full, points)
    everything = len(kept) == count
    kept_parts = given.parts if everything else [part[kept] for part in given.parts]
    # Rounded as they are stored: a clustering that was read again places heatmaps as before.
    near = placing.points(kept_parts).astype(np.float16).astype(np.float32)
    shown = "+".join(map(str, given.strides))
    return Clustering(
        labels=labels,
        clusters=int(labels.max()),
        eigenvalues=embedding.eigenvalues[:GAPS] if deciding is None else deciding,
        sigma=choice,
        mode=mode,
        memberships=memberships(
            points[:, : len(placing.components)],
            labels,
            given.units,
            None if everything else kept,
        ),
        cluster_stability=stability,
        stability=weighted_stability(stability, labels),
        noise_stability=by_chance,
        others=others,
        settings=f"clusters={clusters},sigma={sigma},seed={seed},stride={shown},mode={mode}"
        f",signed={signed:d},aligned={aligned:d}",
        projection=placing,
        points=near,
        point_labels=labels[kept],
        usual_distance=usual_distance(
            near,
            seed,
            None if given.units is None else given.units[kept],
            outside(placing, kept_parts, near),
        ),
        extension=nystrom(
            near,
            embedding.vectors[:, :groups],
            embedding.degrees,
            embedding.eigenvalues,
            choice.sigma,
            labels[kept],
        ),
        means=mean_maps(given.parts[0], labels, mirrored(given.parts[0]) if aligned else None),
        started=centres is not None,
        by_landmarks=deciding is not None,
    )


def _sigma(
    points: np.ndarray, features: int, sigma: str | float, clusters: int | None, seed: int
) -> SigmaChoice:
    if sigma == "auto":
        return choose_sigma(points, clusters, seed)
    if sigma == "paper":
        return SigmaChoice(PAPER_SIGMA * features**0.5, "the paper's 0.2 per feature")
    if isinstance(sigma, str):
        raise SettingsError(
            f"The sigma '{sigma}' is unknown: use a number above 0, 'auto' or 'paper'."
        )
    check_sigma(sigma)
    return SigmaChoice(float(sigma), "given")


STEPS = 6


def _steps(report: Report) -> Callable[..., None]:
    done = iter(range(STEPS))
    return lambda step, message="": report(Progress(step, next(done), STEPS, message=message))
