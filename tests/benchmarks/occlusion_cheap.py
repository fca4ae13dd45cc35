"""Does a cheap occlusion map serve the clusters as well as the paper's?

``python tests/benchmarks/occlusion_cheap.py LAB [--photos 40] [--height 64] [--width 128]``

The paper computes maps at stride 1 and pools 4 x 4 pixels by their maximum. Here the same
descriptor is made from every fourth position and from fast maps, photo by photo
beside the exact one: how well the descriptors correlate, map by map, and how far the clusters
they lead to agree (adjusted Rand index). As a yardstick, the same for the paper's descriptor
clustered with another seed, and at another patch. A smaller input than the model was trained at
makes the exact maps affordable.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from sklearn.metrics import adjusted_rand_score

from whalecore.clusters.descriptor import descriptors
from whalecore.clusters.spectral import spectral_clustering
from whalecore.explain.occlusion import finished_maps
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.lab import open_lab
from whalecore.types import OcclusionSettings
from whalecore.workflow.bench.subject import machine
from whalecore.workflow.bench.tables import markdown

PAPER = OcclusionSettings(patch=5, stride=1)
CHEAP = {
    "stride 4": replace(PAPER, stride=4),
    "fast, r = 0.97": replace(PAPER, accuracy=0.97),
}
OTHER_PATCH = "patch 9, stride 4"
SEEDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lab", type=Path)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--height", type=int, default=64)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--clusters", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}, {date.today()}: python {' '.join(sys.argv)}\n")
    lab = open_lab(given.lab)
    trained = lab.identifier()
    identifier = Identifier(
        trained.network,
        trained.individuals,
        given.height,
        given.width,
        trained.mean,
        trained.std,
        trained.margin,
        trained.temperature,
    )
    first = lab.scores()
    names = sorted(first[first["rank"] == 1]["photo_id"])
    chosen = np.random.default_rng(given.seed).permutation(names)[: given.photos]
    kinds = {"paper": PAPER, **CHEAP, OTHER_PATCH: OcclusionSettings(patch=9, stride=4)}
    found: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    seconds = dict.fromkeys(kinds, 0.0)
    for number, photo_id in enumerate(chosen):
        photo = lab.read_photo(photo_id)
        prediction = identifier.identify(photo, crop=lab.crop(photo_id))
        prepared = identifier.prepare(photo, prediction.crop.box)
        for kind, settings in kinds.items():
            started = time.perf_counter()
            maps = finished_maps(identifier, prepared, prediction.individuals, settings)
            seconds[kind] += time.perf_counter() - started
            found[kind].append(descriptors(maps.values, settings.stride))
        print(number + 1, photo_id, {k: round(v) for k, v in seconds.items()}, file=sys.stderr)
    report({kind: np.concatenate(one) for kind, one in found.items()}, seconds, given)


def report(found: dict[str, np.ndarray], seconds: dict[str, float], given) -> None:
    """One line per cheap map."""
    paper, photos = found["paper"], len(found["paper"]) // 5
    cells = -(-given.height // 4), -(-given.width // 4)
    rows = []
    for kind, described in found.items():
        correlations = np.array(
            [np.corrcoef(one, other)[0, 1] for one, other in zip(paper, described, strict=True)]
        )
        agreement = [
            adjusted_rand_score(
                labels_of(paper, cells, given.clusters, seed),
                # The paper's own line says how far another seed alone leads away.
                labels_of(described, cells, given.clusters, seed + (kind == "paper")),
            )
            for seed in range(SEEDS)
        ]
        rows.append(
            [
                kind if kind != "paper" else "stride 1, another seed",
                seconds[kind] / photos,
                float(np.median(correlations)),
                float(correlations.min()),
                float(np.mean(agreement)),
            ]
        )
    headings = ["maps", "s/photo", "r of descriptors, median", "worst", "ARI of the clusters"]
    print(*markdown(headings, rows), sep="\n")
    print(
        f"\n{photos} photos, {len(paper)} maps, input {given.height} x {given.width}, "
        f"{given.clusters} clusters, mean of {SEEDS} seeds."
    )


def labels_of(described: np.ndarray, cells: tuple[int, int], clusters: int, seed: int):
    """Clusters of descriptors, which are maps that need no more pooling."""
    maps = described.reshape(-1, *cells)
    return spectral_clustering(maps, clusters, seed=seed, stride=4).labels


if __name__ == "__main__":
    main()
