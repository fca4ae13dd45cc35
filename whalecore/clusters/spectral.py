"""Spectral clustering of heatmaps (Kierdorf et al. 2020, section 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whalecore.clusters.affinity import GAPS, PAPER_SIGMA, SigmaChoice, check_sigma
from whalecore.clusters.alike import alike
from whalecore.clusters.chance import noise_stability
from whalecore.clusters.clustering import Clustering, Earlier
from whalecore.clusters.descriptor import (
    COMPONENTS,
    fit_projection,
    mirrored,
    parts_of,
    shortened,
)
from whalecore.clusters.eigen import Embedding, dense_embedding, groups_of
from whalecore.clusters.extension import (
    centres_of,
    nearest_centre,
    nystrom,
    unit_rows,
)
from whalecore.clusters.grouping import STARTS, group_rows, number_clusters
from whalecore.clusters.landmarks import landmark_eigenvalues
from whalecore.clusters.placing import memberships, outside, usual_distance
from whalecore.clusters.stability import cluster_stability, weighted_stability
from whalecore.clusters.sweep import choose_sigma, typical_distance
from whalecore.errors import SettingsError
from whalecore.memory import available_bytes
from whalecore.types import HeatmapSet, Progress, Report, silent

MODES = ("auto", "exact", "scale")

EXACT_MOST = 20_000
"""Heatmaps up to which the exact mode is taken by itself: about 2.3 GB."""

BYTES_PER_PAIR = 4
"""Of an affinity in the exact mode, and of a value of a point: single precision."""

BYTES_PER_CELL = 2
"""Of a heatmap: half precision."""

USUAL_CELLS = 64 * 128
"""Of an occlusion map of 256 x 512 pixels with stride 4."""

NEIGHBOURING = (-2, -1, 1, 2)
"""Other numbers of clusters that are kept, as differences from the wanted one."""

FEWER_STARTS = 3
"""Random starts of k-means where groups are only compared with others."""

STABILITY_MOST = 2500
"""Heatmaps that are drawn each time the stability is measured."""

FEWEST_EACH = 10
"""Heatmaps that a cluster has at least on average: fewer say nothing about the cluster."""

SCALE_SAMPLE = 10_000
"""Heatmaps that the scale mode compares with each other."""

SCALE_COMPONENTS = 128
"""Principal components of the scale mode."""

LANDMARKS_LEAST = 1200
"""Heatmaps from which on the number of clusters is read off the landmarks' eigenvalues."""

BLOCK = 2000
"""Heatmaps that are averaged together."""


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
    given = _given(heatmaps, stride, correct)
    count = len(given.parts[0])
    _check_clusters(clusters, count)
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
    vectors = _carried(points, kept, embedding, choice.sigma)
    same = _stand_ins(points, kept)
    different = len(np.unique(same[kept]))
    groups = min(wanted, different)

    step("form clusters")

    def numbered(
        number: int, starts: int = STARTS, centres: np.ndarray | None = None
    ) -> np.ndarray:
        found = _grouped(vectors[:, :number], kept, number, seed, starts, centres)
        return number_clusters(found[same], given.correct, given.scores)

    centres = _earlier_centres(vectors[:, :groups], earlier)
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
        lambda drawn, again: _cluster_again(drawn, choice.sigma, groups, again),
        most=STABILITY_MOST,
        units=given.units,
        seed=seed,
    )
    by_chance = noise_stability(
        points,
        choice.sigma,
        lambda noise, width, again: _cluster_again(noise, width, groups, again),
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


def stride_of(settings: str) -> int:
    """Return the stride that heatmap settings name; 4 (no pooling) where they name none."""
    named = dict(part.split("=", 1) for part in settings.split(",") if "=" in part)
    return int(named.get("stride", 4))


def mode_for(heatmaps: int, mode: str = "auto", cells: int = USUAL_CELLS) -> str:
    """Return the mode, ``exact`` or ``scale``, that so many heatmaps are clustered in.

    ``auto`` is exact where `exact_bytes` are free and there are at most 20,000 heatmaps.

    Parameters
    ----------
    heatmaps : int
    mode : str
    cells : int
        Of a heatmap, all parts together.

    Raises
    ------
    SettingsError
        If the mode is unknown, or ``exact`` was asked for and would take more memory than is free.
    """
    if mode not in MODES:
        raise SettingsError(
            f"The mode '{mode}' is unknown: choose 'auto', 'exact' (the paper) or 'scale'."
        )
    needed, free = exact_bytes(heatmaps, cells), available_bytes()
    fits = free is None or needed <= free
    if mode == "auto":
        return "exact" if heatmaps <= EXACT_MOST and fits else "scale"
    if mode == "exact" and not fits:
        raise SettingsError(
            f"The exact mode needs {needed / 1e9:.1f} GB for {heatmaps} heatmaps, and "
            f"{free / 1e9:.1f} GB of this computer's memory are free: use the mode 'scale', or "
            "close other programs."
        )
    return mode


def exact_bytes(heatmaps: int, cells: int = USUAL_CELLS) -> int:
    """Memory that the exact mode takes: the affinity of all pairs, the heatmaps and their points.

    The points are there about four times: all components, those compared, and as they are stored.
    """
    each = BYTES_PER_CELL * cells + 4 * BYTES_PER_PAIR * COMPONENTS
    return heatmaps * (BYTES_PER_PAIR * heatmaps + each)


def mean_maps(
    values: np.ndarray, labels: np.ndarray, turned: np.ndarray | None = None
) -> np.ndarray:
    """Mean heatmap of each cluster, (clusters, rows, cols) float16.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)
    labels : ndarray of shape (heatmaps,), int
        1 to the number of clusters.
    turned : ndarray of shape (heatmaps,), bool, optional
        Which are mirrored before.
    """
    members = np.bincount(labels - 1)
    sums = np.zeros((len(members), values[0].size))
    for start in range(0, len(labels), BLOCK):
        rows = slice(start, start + BLOCK)
        belongs = (labels[rows] == np.arange(1, len(members) + 1)[:, None]).astype(np.float32)
        block = values[rows]
        if turned is not None:
            block = np.where(turned[rows, None, None], block[:, :, ::-1], block)
        sums += belongs @ block.reshape(belongs.shape[1], -1).astype(np.float32)
    return (sums / members[:, None]).reshape(-1, *values.shape[1:]).astype(np.float16)


@dataclass(frozen=True, eq=False)
class _Given:
    """Heatmaps as arrays, with what is known about them."""

    parts: tuple[np.ndarray, ...]
    strides: tuple[int, ...]
    correct: np.ndarray | None
    scores: np.ndarray | None
    units: np.ndarray | None


def _given(heatmaps, stride, correct: np.ndarray | None) -> _Given:
    alone = isinstance(heatmaps, HeatmapSet | np.ndarray)
    sets = (heatmaps,) if alone else tuple(heatmaps)
    known = [one for one in sets if isinstance(one, HeatmapSet)]
    for other in known[1:]:
        same = (other.photo_ids, other.individuals) == (known[0].photo_ids, known[0].individuals)
        if not same:
            raise SettingsError(
                f"The heatmaps of '{known[0].method} {known[0].settings}' and '{other.method} "
                f"{other.settings}' are not of the same photos and individuals in the same order: "
                "give only those that both have."
            )
    parts = parts_of([one.values if isinstance(one, HeatmapSet) else one for one in sets])
    if stride is None:
        strides = tuple(
            stride_of(one.settings) if isinstance(one, HeatmapSet) else 4 for one in sets
        )
    else:
        strides = (int(stride),) * len(parts) if np.ndim(stride) == 0 else tuple(stride)
    if known and correct is None:
        correct = known[0].correct
    return _Given(
        parts=parts,
        strides=strides,
        correct=correct,
        scores=known[0].scores if known else None,
        units=np.unique(known[0].photo_ids, return_inverse=True)[1] if known else None,
    )


def _check_clusters(clusters: int | str, heatmaps: int) -> None:
    if clusters == "auto":
        clusters = 2
    if isinstance(clusters, str):
        raise SettingsError(
            f"The number of clusters '{clusters}' is unknown: use a number from 2, or 'auto'."
        )
    if clusters < 2:
        raise SettingsError(f"{clusters} clusters are too few: ask for at least 2.")
    if heatmaps < clusters:
        raise SettingsError(
            f"{heatmaps} heatmaps cannot form {clusters} clusters: compute more heatmaps or "
            "ask for fewer clusters."
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


def most_groups(count: int) -> int:
    """Clusters that the eigengap may choose: of ten heatmaps each on average, and at most 60."""
    return max(2, min(GAPS, count // FEWEST_EACH))


def compared(count: int, mode: str, seed: int) -> np.ndarray:
    """Return the places of the heatmaps that are compared with each other, rising.

    Parameters
    ----------
    count : int
        Heatmaps in all.
    mode : str
        ``exact`` or ``scale``.
    seed : int
    """
    if mode == "exact" or count <= SCALE_SAMPLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:SCALE_SAMPLE])


def _carried(
    points: np.ndarray, kept: np.ndarray, embedding: Embedding, sigma: float
) -> np.ndarray:
    """The embedding of all points from that of the kept ones; of no matter which length."""
    if len(kept) == len(points):
        return embedding.vectors
    nobody = np.ones(len(kept), int)
    extension = nystrom(
        points[kept], embedding.vectors, embedding.degrees, embedding.eigenvalues, sigma, nobody
    )
    vectors = extension.embedded(points)
    vectors[kept] = embedding.vectors
    return vectors


def _earlier_centres(vectors: np.ndarray, earlier: Earlier | None) -> np.ndarray | None:
    """Where the clusters of an earlier clustering lie now; None where they are not all there."""
    if earlier is None:
        return None
    there = earlier.labels > 0
    wanted = np.arange(1, vectors.shape[1] + 1)
    if not np.array_equal(np.unique(earlier.labels[there]), wanted):
        return None
    return centres_of(unit_rows(vectors[there]), earlier.labels[there])


def _grouped(
    vectors: np.ndarray,
    kept: np.ndarray,
    groups: int,
    seed: int,
    starts: int,
    centres: np.ndarray | None = None,
) -> np.ndarray:
    """Group the kept heatmaps, and give each other one to the group with the nearest centre."""
    rows = unit_rows(vectors)
    own = group_rows(rows[kept], groups, seed, starts, centres)
    if len(kept) == len(rows):
        return own
    # Groups are numbered without gaps, because each has a centre.
    own = np.unique(own, return_inverse=True)[1]
    labels = nearest_centre(rows, centres_of(rows[kept], own + 1)) - 1
    labels[kept] = own
    return labels


def _cluster_again(points: np.ndarray, sigma: float, groups: int, seed: int) -> np.ndarray:
    groups = min(groups, len(np.unique(alike(points))))
    rows = unit_rows(dense_embedding(points, sigma, groups).vectors)
    return group_rows(rows, groups, seed, FEWER_STARTS)


def _stand_ins(points: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """For each heatmap the place of one that is the same, a kept one where there is one."""
    first = alike(points)
    standing = np.arange(len(points))
    standing[first[kept]] = kept
    return standing[first]


STEPS = 6


def _steps(report: Report) -> Callable[..., None]:
    done = iter(range(STEPS))
    return lambda step, message="": report(Progress(step, next(done), STEPS, message=message))
