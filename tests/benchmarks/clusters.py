"""Do clusters hold: at scale, for new heatmaps, on drawings and on photographs?

    python tests/benchmarks/clusters.py scale --most 20000
    python tests/benchmarks/clusters.py way data/demo LAB
    python tests/benchmarks/clusters.py new data/demo
    python tests/benchmarks/clusters.py stable data/demo
    python tests/benchmarks/clusters.py vote data/demo LAB
    python tests/benchmarks/clusters.py sigma
    python tests/benchmarks/clusters.py demo data/demo
    python tests/benchmarks/clusters.py real LAB
    python tests/benchmarks/clusters.py printed LAB

Each part prints Markdown tables under a line with the computer, the date and the command.
``--small`` tries a part in seconds. CoRelAy takes part where it is installed:
``pip install -r tests/benchmarks/requirements.txt``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.cluster_printed import printed
from tests.benchmarks.cluster_real import real
from tests.benchmarks.cluster_stable import stable
from tests.benchmarks.cluster_subjects import (
    SMALL,
    Subject,
    group,
    held_out_photos,
    interval,
    joint_names,
    lab_subject,
    planted_subject,
    say,
    show,
    some_of,
    unlike_of_kind,
)
from tests.benchmarks.cluster_ways import vote, way
from whalecore.clusters.clustering import Earlier
from whalecore.clusters.descriptor import descriptors, fit_projection
from whalecore.clusters.given import stride_of
from whalecore.clusters.placing import assign, assign_many
from whalecore.clusters.spectral import spectral_clustering
from whalecore.explain.truth import mass_inside
from whalecore.lab.lab import Lab, open_lab
from whalecore.photos.crop import cut
from whalecore.reliability.metrics import wilson_interval
from whalecore.types import HeatmapSet, Photo
from whalecore.workflow.bench.clusters import Case, bench_clusters
from whalecore.workflow.bench.grouping import METHODS, STRIDE
from whalecore.workflow.bench.planted import Planted, planted_heatmaps
from whalecore.workflow.bench.subject import machine
from whalecore.workflow.bench.tables import CLUSTER_HEADINGS, CLUSTER_LEGEND, markdown, row_table
from whalecore.workflow.truth import feature_masks, true_photos

SIZES = (1000, 5000, 20_000, 50_000, 200_000)

SPOILT, NEW = "spoilt photo", "new whale"
NOWHERE = "no feature"


def scale(given: argparse.Namespace) -> None:
    """Time, memory and agreement of every method by the number of heatmaps."""
    cases = [Case(size) for size in SIZES if size <= given.most]
    if given.small:
        cases = [Case(300, SMALL, clusters=6)]
    rows = []
    for case in cases:
        rows += bench_clusters([case], METHODS, report=say)
        print(*row_table(rows, CLUSTER_HEADINGS)[-1:], sep="\n", file=sys.stderr, flush=True)
    show(row_table(rows, CLUSTER_HEADINGS))
    print("", *CLUSTER_LEGEND, sep="\n")


def new(given: argparse.Namespace) -> None:
    """Are held-out heatmaps placed where a clustering of all of them would put them?"""
    subjects = [planted_subject(100 if given.small else 5000, given.small)]
    most = 200 if given.small else None
    folders = given.labs or ("data/demo",)
    subjects += [lab_subject(open_lab(folder), most, given.clusters) for folder in folders]
    rows = []
    for subject in subjects:
        for seed in range(1 if given.small else 3):
            rows.append([subject.name, len(subject.heatmaps), subject.clusters, seed])
            rows[-1] += held_out(subject, seed)
            print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["heatmaps of", "heatmaps", "clusters", "seed", "held out", "same cluster"]
    headings += ["95 % interval", "the others", "anew: same cluster", "anew: the others"]
    headings += ["unlike any", "of a kind left out", "us each", "ms alone"]
    show(markdown(headings, rows))
    print(
        "\nHeld out: all heatmaps of 10 % of the photos. The other heatmaps are clustered without "
        "them, and once\nmore together with them, continuing those clusters, as the lab does when "
        "photos arrive; clusters of the two\nare matched by the heatmaps both have. Same cluster: "
        "share of the held-out heatmaps that were placed in the\ncluster which the joint run gave "
        "them. The others: share of the heatmaps in both runs that kept their cluster,\nwhich no "
        "way of placing can be expected to exceed by much. Anew: the joint run chooses sigma "
        "again and starts\nfrom chance. Of a kind left out: share unlike any cluster among the "
        "heatmaps of a planted kind, or of one of the\nsmallest clusters of the joint run, whose "
        "photos were not clustered at all. us each: microseconds per heatmap, placed together; ms "
        "alone: one by itself."
    )


def held_out(subject: Subject, seed: int) -> list[object]:
    """Number held out, shares in the same cluster with an interval, shares unlike, times."""
    out = held_out_photos(subject.photos, seed)
    apart = group(subject, ~out, seed)
    before = np.zeros(len(out), int)
    before[~out] = apart.labels
    started = time.perf_counter()
    placed = assign_many(apart, subject.heatmaps[out])
    each = (time.perf_counter() - started) / out.sum()
    some = subject.heatmaps[out][:20]
    started = time.perf_counter()
    for heatmap in some:
        assign(apart, heatmap[None])
    alone = (time.perf_counter() - started) / len(some)
    agreed, kinds = [], subject.kinds
    for earlier in (Earlier(before, apart.sigma), None):
        joint = group(subject, np.ones_like(out), seed, earlier)
        kinds = joint.labels - 1 if kinds is None else kinds
        renamed = joint_names(apart.labels, joint.labels[~out])
        agreed.append(
            (
                renamed[placed.clusters] == joint.labels[out],
                renamed[apart.labels] == joint.labels[~out],
            )
        )
    (same, kept), (same_anew, kept_anew) = agreed
    low, high = wilson_interval(int(same.sum()), len(same))
    return [
        int(out.sum()),
        float(same.mean()),
        interval(low, high),
        float(kept.mean()),
        float(same_anew.mean()),
        float(kept_anew.mean()),
        float(placed.unlike.mean()),
        unlike_of_kind(subject, kinds, seed),
        each * 1e6,
        alone * 1e3,
    ]


DIFFICULTIES = {
    "easy": Planted(grain=0.08, moves=0.04),
    "as in the other parts": Planted(),
    "grainy": Planted(grain=0.22),
    "restless": Planted(moves=0.08),
    "distracted": Planted(distraction=1.5),
}


def sigma(given: argparse.Namespace) -> None:
    """What every candidate of the sweep would have given, beside the one that was chosen."""
    count = 200 if given.small else given.heatmaps
    rows, summary = [], []
    for name, planted in DIFFICULTIES.items():
        if given.small:
            planted = replace(planted, kinds=6, rows=16, cols=32)
        trials, chosen = sigma_trials(count, planted)
        for trial in trials:
            mark = "chosen" if trial["sigma"] == chosen else ""
            rows.append([name, *trial.values(), mark])
            print(*rows[-1], file=sys.stderr, flush=True)
        found = next(trial["ARI"] for trial in trials if trial["sigma"] == chosen)
        best = max(trials, key=lambda trial: trial["ARI"])
        summary.append([name, chosen, found, best["sigma"], best["ARI"]])
    headings = ["heatmaps are", *trials[0], ""]
    show(markdown(headings, rows))
    print()
    headings = ["heatmaps are", "chosen sigma", "its ARI", "best sigma", "its ARI"]
    show(markdown(headings, summary))
    for name, planted in DIFFICULTIES.items():
        print(
            f"\n{name}: grain {planted.grain:g}, moves {planted.moves:g}, "
            f"distraction {planted.distraction:g}",
            end="",
        )
    print(f"\n\n{count} heatmaps each, exact mode. ARI: to the planted kinds.")


def sigma_trials(count: int, planted: Planted) -> tuple[list[dict[str, float]], float]:
    """Every candidate's marks and its ARI in the exact mode; the chosen sigma."""
    from sklearn.metrics import adjusted_rand_score

    heatmaps, kinds = planted_heatmaps(count, planted)
    chosen = spectral_clustering(heatmaps, planted.kinds, stride=STRIDE, mode="exact").sigma
    trials = []
    for trial in chosen.sweep:
        found = spectral_clustering(
            heatmaps, planted.kinds, sigma=trial.sigma, stride=STRIDE, mode="exact"
        )
        trials.append(
            {
                "sigma": trial.sigma,
                "mean degree": trial.mean_degree,
                "isolated": trial.isolated,
                "eigengap": trial.eigengap,
                "stability": trial.stability,
                "ARI": float(adjusted_rand_score(kinds, found.labels)),
            }
        )
    return trials, chosen.sigma


def demo(given: argparse.Namespace) -> None:
    """Do clusters find what is known about drawn flukes?"""
    for folder in given.labs or ("data/demo",):
        lab = open_lab(folder)
        heatmaps = lab.heatmaps()
        if given.small:
            heatmaps = some_of(heatmaps, np.arange(min(200, len(heatmaps))))
        truths = known_truths(lab, heatmaps)
        groupings = all_groupings(heatmaps, seed=0)
        rows = [
            [truth, int(known.sum()), len(np.unique(kinds[known])), name, *scores]
            for truth, (kinds, known) in truths.items()
            for name, labels in groupings.items()
            for scores in [agreement(kinds[known], labels[known])]
        ]
        show(markdown(["truth", "heatmaps", "kinds", "grouping", "ARI", "NMI"], rows))
    print(
        "\nPhoto: known whale, new whale or spoilt photo (all heatmaps). Feature: in which of the "
        "whale's features\nthe heatmap has most positive mass beyond that of a uniform map, and "
        "on which lobe (heatmaps of the right\nindividual of sound photos). The whale's features: "
        "those that make it up, the same in all its heatmaps.\nNMI: normalised mutual information. "
        "Every grouping asks for as many groups."
    )


def known_truths(lab: Lab, heatmaps: HeatmapSet) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kinds of heatmaps by several truths, and for which heatmaps each of them is known."""
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    names = [photos[photo_id]["name"] for photo_id in heatmaps.photo_ids]
    spoilt = {name for name, row in true_photos(lab).items() if row["spoilt"]}
    known_whale = {row["photo_id"] for row in photos.values() if row["individual"]}
    photo = np.array(
        [
            photo_kind(name in spoilt, photo_id in known_whale)
            for name, photo_id in zip(names, heatmaps.photo_ids, strict=True)
        ]
    )
    masks = feature_masks(lab)
    sound = heatmaps.correct & (photo == "known whale")
    feature = np.full(len(heatmaps), NOWHERE, dtype="U40")
    stride, identifier = stride_of(heatmaps.settings), lab.identifier()
    for index in np.flatnonzero(sound):
        inside = masks_of_crop(lab, identifier, heatmaps.photo_ids[index], masks[names[index]])
        feature[index] = rests_on(heatmaps.values[index], inside, stride)
    features = np.array(["+".join(sorted(masks.get(name, ()))) for name in names])
    kind = np.array([name.split()[-1] for name in feature])
    whale = np.array([photos[photo_id]["individual"] or "" for photo_id in heatmaps.photo_ids])
    everywhere, somewhere = np.ones(len(heatmaps), bool), sound & (feature != NOWHERE)
    return {
        "photo": (photo, everywhere),
        "feature": (kind, somewhere),
        "feature and lobe": (feature, somewhere),
        "the whale's features": (features, sound),
        "whale": (whale, sound),
    }


def photo_kind(spoilt: bool, known: bool) -> str:
    """What is known of a photo: a spoilt one is spoilt whoever it shows."""
    if spoilt:
        return SPOILT
    return "known whale" if known else NEW


def masks_of_crop(
    lab: Lab, identifier, photo_id: str, masks: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The masks of a photo's features as the identifier sees them, without those it does not."""
    box, found = lab.crop(photo_id).box, {}
    for feature, mask in masks.items():
        grey = Photo(photo_id, photo_id, np.repeat(mask[..., None] * np.uint8(255), 3, 2))
        inside = cut(grey, box, identifier.height, identifier.width, identifier.margin)
        if (inside[..., 0] > 127).any():
            found[feature] = inside[..., 0] > 127
    return found


def rests_on(values: np.ndarray, masks: dict[str, np.ndarray], stride: int) -> str:
    """Return the lobe and the feature in which most positive mass is, beyond that of chance.

    Parameters
    ----------
    values : ndarray of shape (rows, cols)
    masks : dict from feature to ndarray of shape (height, width), bool
        At the resolution of the model's input.

    Returns
    -------
    str
        Such as ``left notches``; `NOWHERE` where no feature has more than a uniform map gives it.
    """
    excess = {
        feature: mass_inside(values.astype(np.float32), mask, stride) - float(mask.mean())
        for feature, mask in masks.items()
    }
    best = max(excess, key=excess.get, default=None)
    if best is None or excess[best] <= 0:
        return NOWHERE
    mask = masks[best]
    left = np.nonzero(mask)[1].mean() < (mask.shape[1] - 1) / 2
    return f"{'left' if left else 'right'} {best}"


def all_groupings(heatmaps: HeatmapSet, seed: int) -> dict[str, np.ndarray]:
    """Clusters of the two modes beside plain k-means on the pooled maps and on their PCA."""
    from sklearn.cluster import KMeans

    stride, clusters = stride_of(heatmaps.settings), min(30, len(heatmaps) // 10)
    pooled = descriptors(heatmaps.values, stride)
    points = fit_projection(heatmaps.values, stride, seed).points(heatmaps.values)

    def plain(rows: np.ndarray) -> np.ndarray:
        return KMeans(clusters, n_init=10, random_state=seed).fit_predict(rows)

    modes = {
        f"spectral, {mode}": spectral_clustering(heatmaps, clusters, seed=seed, mode=mode).labels
        for mode in ("exact", "scale")
    }
    return {**modes, "k-means of pooled maps": plain(pooled), "k-means of their PCA": plain(points)}


def agreement(kinds: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Adjusted Rand index and normalised mutual information."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return (
        float(adjusted_rand_score(kinds, labels)),
        float(normalized_mutual_info_score(kinds, labels)),
    )


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    part.__name__: part for part in (scale, way, new, stable, vote, sigma, demo, real, printed)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=[*PARTS])
    parser.add_argument("labs", nargs="*", help="folders of labs; data/demo when not given")
    parser.add_argument("--small", action="store_true", help="a trial in seconds")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="heatmaps of 'scale'")
    parser.add_argument(
        "--heatmaps",
        type=int,
        default=2000,
        help="planted ones of 'stable', 'sigma', 'way' and 'vote'",
    )
    parser.add_argument("--clusters", type=int, default=30, help="of labs, at most")
    given = parser.parse_args()
    print(f"{machine()}, {date.today()}: python {' '.join(sys.argv)}\n", flush=True)
    PARTS[given.part](given)


if __name__ == "__main__":
    main()
