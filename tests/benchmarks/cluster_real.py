"""Part `real`: the paper's Figures 6 and 8 of a lab's own heatmaps, and what clusters rest on."""

from __future__ import annotations

import argparse
import time

import numpy as np

from tests.benchmarks.cluster_subjects import Clock, interval, show, some_of
from whalecore.clusters.clustering import Clustering
from whalecore.clusters.meaning import ClusterMeaning
from whalecore.clusters.spectral import spectral_clustering
from whalecore.clusters.stability import is_unstable
from whalecore.lab.lab import Lab, open_lab
from whalecore.reliability.metrics import wilson_interval
from whalecore.types import TOP, HeatmapSet
from whalecore.workflow.bench.tables import markdown
from whalecore.workflow.meaning import cluster_meanings

MAPS = {"top5": "all five candidates", "correct": "correct assignments only (the paper)"}


def real(given: argparse.Namespace) -> None:
    """Correctness, score, stability and meaning of clusters of all heatmaps and of the paper's."""
    for folder in given.labs or ("data/demo",):
        lab = open_lab(folder)
        for maps, words in MAPS.items():
            heatmaps = lab.heatmaps(correct_only=maps == "correct")
            if given.small:
                heatmaps = some_of(heatmaps, np.arange(min(200, len(heatmaps))))
            print(f"## {lab.name}, {words}\n")
            _real(lab, heatmaps, maps, given.clusters, 100 if given.small else 2000)


def _real(lab: Lab, heatmaps: HeatmapSet, maps: str, wanted: int, draws: int) -> None:
    # Where all are of the right individual, what counts is being right at the first place.
    right = heatmaps.ranks == 1 if maps == "correct" else heatmaps.correct
    clock, started = Clock(), time.perf_counter()
    clusters = min(wanted, len(heatmaps) // 10)
    clustering = spectral_clustering(heatmaps, clusters, correct=right, report=clock)
    seconds = time.perf_counter() - started
    print(
        f"{len(heatmaps)} heatmaps of {len(set(heatmaps.photo_ids))} photos, {heatmaps.method} "
        f"{heatmaps.settings}, {clustering.clusters} clusters (asked for {wanted}).\n"
        f"Mode {clustering.mode}, sigma {clustering.sigma.sigma:.4g} ({clustering.sigma.rule}), "
        f"stability {clustering.stability:.3f}; {seconds:.1f} s in all"
        f"{clock.words('stable', 'the stability')}.\n\nFig. 8:\n"
    )
    headings = ["cluster", "heatmaps", "mean score", "s.d.", "right", "95 % interval"]
    headings += [f"top {rank}" for rank in range(1, TOP + 1)]
    show(markdown([*headings, "stability", ""], correctness(clustering, heatmaps, right)))
    _print_correlation(lab, clustering, heatmaps, right, draws)
    if maps == "correct":
        print("Right: at the first place, among heatmaps that are all of the right individual.")
    loose = [one for one in clustering.cluster_stability if is_unstable(one)]
    print(f"Unstable: {len(loose)} of {clustering.clusters} clusters.\n\nFig. 6:\n")
    show(markdown(["k", "eigenvalue", "step to the next"], eigenvalue_rows(clustering)))
    print("\nWhat the clusters rest on, as the page Clusters says it:\n")
    show(meaning_lines(cluster_meanings(lab, heatmaps, clustering), clustering))
    print(flush=True)


def _print_correlation(
    lab: Lab, clustering: Clustering, heatmaps: HeatmapSet, right: np.ndarray, draws: int
) -> None:
    named = {row["photo_id"]: row["individual"] or row["photo_id"] for row in lab.rows("photos")}
    units = np.array([named[photo_id] for photo_id in heatmaps.photo_ids])
    rows = correlation_rows(
        clustering.labels, right, heatmaps.scores, heatmaps.ranks == 1, units, draws
    )
    print(
        f"\nRank correlation (Spearman) of mean score and share right over {clustering.clusters} "
        "clusters:\n"
    )
    headings = ["heatmaps", "number", "correlation", "95 % interval", "labels shuffled"]
    show(markdown([*headings, "95 % of the shuffles"], rows))
    print(
        f"\nInterval: {draws} samples of the {len(np.unique(units))} individuals, the clusters "
        "held fixed. Labels shuffled: mean of as many groups\nof the same sizes that were dealt "
        "out at random. Score and correctness go together heatmap by heatmap, so that they\ndo in "
        "any groups: only what lies beyond the shuffles speaks of these clusters."
    )


def correlation_rows(
    labels: np.ndarray,
    right: np.ndarray,
    scores: np.ndarray,
    first: np.ndarray,
    units: np.ndarray,
    draws: int,
) -> list[list[object]]:
    """`rank_correlation` beside `shuffled_correlation`, of all heatmaps and of first candidates.

    Returns
    -------
    list of list
        Which heatmaps, their number, the correlation and its interval, that of shuffled labels and
        its range. Without heatmaps that are all right, or all wrong.
    """
    rows = []
    for words, which in (("all", np.ones(len(first), bool)), ("first candidates alone", first)):
        if len(set(right[which].tolist())) < 2:
            continue
        given = labels[which], right[which], scores[which]
        found, low, high = rank_correlation(*given, units[which], draws)
        chance, least, most = shuffled_correlation(*given, draws)
        found_words = f"{found:.3f}", interval(low, high)
        rows.append([words, int(which.sum()), *found_words, f"{chance:.3f}", interval(least, most)])
    return rows


def correctness(
    clustering: Clustering, heatmaps: HeatmapSet, right: np.ndarray
) -> list[list[object]]:
    """A row a cluster of Fig. 8.

    Returns
    -------
    list of list
        Number, heatmaps, mean and s.d. of the score, share right and its 95 % interval, share of
        the right individual at each place 1 to 5, stability, ``unstable`` or nothing.
    """
    rows = []
    for number in range(1, clustering.clusters + 1):
        inside = clustering.labels == number
        hits, count = int(right[inside].sum()), int(inside.sum())
        scores = heatmaps.scores[inside].astype(float)
        at = [inside & heatmaps.correct & (heatmaps.ranks == rank) for rank in range(1, TOP + 1)]
        stability = float(clustering.cluster_stability[number - 1])
        rows.append(
            [
                number,
                count,
                f"{scores.mean():.3f}",
                f"{scores.std():.3f}",
                f"{hits / count:.3f}",
                interval(*wilson_interval(hits, count)),
                *(f"{one.sum() / count:.3f}" for one in at),
                f"{stability:.3f}",
                "unstable" * is_unstable(stability),
            ]
        )
    return rows


def eigenvalue_rows(clustering: Clustering) -> list[list[object]]:
    """Number, value and step to the next of the smallest eigenvalues."""
    values = np.asarray(clustering.eigenvalues, float)
    steps = [f"{step:.4f}" for step in np.diff(values)] + [""]
    return [
        [number, f"{value:.4f}", step]
        for number, (value, step) in enumerate(zip(values, steps, strict=True), start=1)
    ]


def meaning_lines(meanings: list[ClusterMeaning], clustering: Clustering) -> list[str]:
    """What each cluster rests on as a table, and below it every warning."""
    rows = [
        [
            one.cluster,
            one.individuals,
            one.photo_individuals,
            *(f"{share:.3f}" for share in (
                one.purity, one.photo_purity, one.border_share, one.background_share,
                one.printed_share, one.mirrored_share, one.blurred_share, one.new_share)),
            f"{clustering.cluster_stability[one.cluster - 1]:.3f}",
            len(one.warnings),
        ]
        for one in meanings
    ]  # fmt: skip
    headings = ["cluster", "candidates", "animals on the photos", "purity by candidate"]
    headings += ["purity by photo", "on the border", "on the background"]
    headings += ["on printed text", "mirrored", "blurred", "new", "stability", "warnings"]
    lines = [*markdown(headings, rows), ""]
    said = [f"- Cluster {one.cluster}: {text}" for one in meanings for text in one.warnings]
    return [*lines, *(said or ["No cluster is warned of."])]


def rank_correlation(
    labels: np.ndarray,
    correct: np.ndarray,
    scores: np.ndarray,
    units: np.ndarray,
    draws: int,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Spearman's correlation over clusters of mean score and share correct, and its interval.

    Parameters
    ----------
    labels : ndarray of shape (heatmaps,), int
    correct, scores : ndarray of shape (heatmaps,)
    units : ndarray of shape (heatmaps,)
        Individuals: drawn with replacement, each with all its heatmaps.
    draws : int

    Returns
    -------
    (float, float, float)
        Of all heatmaps; 2.5th and 97.5th percentile over the samples. NaN where a share or a
        score is the same in all clusters. A cluster that is not in a sample is left out of it.
    """
    _, cluster = np.unique(labels, return_inverse=True)
    names, unit = np.unique(units, return_inverse=True)
    shape = (len(names), cluster.max() + 1)
    sums = []
    for weights in (np.ones(len(labels)), correct.astype(float), scores.astype(float)):
        table = np.zeros(shape)
        np.add.at(table, (unit, cluster), weights)
        sums.append(table)

    def correlation(times: np.ndarray) -> float:
        return _over_clusters(*(times @ table for table in sums))

    random = np.random.default_rng(seed)
    chances = np.full(len(names), 1 / len(names))
    found = [correlation(random.multinomial(len(names), chances)) for _ in range(draws)]
    low, high = np.nanpercentile(found, (2.5, 97.5))
    return correlation(np.ones(len(names))), float(low), float(high)


def shuffled_correlation(
    labels: np.ndarray, correct: np.ndarray, scores: np.ndarray, draws: int, seed: int = 0
) -> tuple[float, float, float]:
    """What `rank_correlation` gives for groups of the same sizes that mean nothing.

    Returns
    -------
    (float, float, float)
        Mean, 2.5th and 97.5th percentile over the shuffles of the labels.
    """
    random, cluster = np.random.default_rng(seed), np.unique(labels, return_inverse=True)[1]
    found = []
    for _ in range(draws):
        shuffled = random.permutation(cluster)
        sums = (np.bincount(shuffled, weights) for weights in (None, correct, scores))
        found.append(_over_clusters(*sums))
    return float(np.nanmean(found)), *map(float, np.nanpercentile(found, (2.5, 97.5)))


def _over_clusters(counts: np.ndarray, right: np.ndarray, score: np.ndarray) -> float:
    """Spearman's correlation of share right and mean score, from the sums of each cluster."""
    from scipy.stats import rankdata

    there = counts > 0
    shares, means = right[there] / counts[there], score[there] / counts[there]
    if np.ptp(shares) == 0 or np.ptp(means) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(shares), rankdata(means))[0, 1])
