"""How good fast occlusion maps are, and what they cost, against exact maps of the same photos.

``python tests/benchmarks/occlusion_fast.py LAB [--photos 50] [--phases 64]``

Truth is the exact map at stride 1 on random phases of its positions (with ``--phases 1024``: on
all of them, at 128 x 256). Correlation and overlap of the top 5 % are taken over those of them
that the fast map did not compute. Cost is measured against brute force with the batch that serves
it best, in the same run, interleaved photo by photo.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from whalecore.explain.inputs import columns_of
from whalecore.explain.occlusion import MapsInTheMaking, finished_maps
from whalecore.lab.lab import open_lab
from whalecore.types import Computing, OcclusionSettings

PATCH = 5

BATCHES = (4, 8, 16, 32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lab", type=Path)
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--phases", type=int, default=64)
    parser.add_argument("--accuracies", type=float, nargs="+", default=[0.97, 0.99])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="Photos that an ended run has judged.")
    parser.add_argument("--to", type=Path, help="JSON file for the figures of the photos judged.")
    arguments = parser.parse_args()
    if not 0 <= arguments.skip < arguments.photos:
        parser.error(f"--skip {arguments.skip} leaves none of {arguments.photos} photos.")
    lab = open_lab(arguments.lab)
    identifier = lab.identifier()
    first = lab.scores()
    names = sorted(first[first["rank"] == 1]["photo_id"])
    chosen = np.random.default_rng(arguments.seed).permutation(names)[: arguments.photos]
    rows, batch = [], None
    for number, photo_id in list(enumerate(chosen))[arguments.skip :]:
        photo = lab.read_photo(photo_id)
        prediction = identifier.identify(photo, crop=lab.crop(photo_id))
        prepared = identifier.prepare(photo, prediction.crop.box)
        rng = np.random.default_rng(number)
        batch = batch or best_batch(identifier, prepared, prediction)
        rows += judge(identifier, prepared, prediction, arguments, rng, batch)
        for row in rows[-len(arguments.accuracies) :]:
            print(*(f"{key} {value}" for key, value in row.items()), flush=True)
    if arguments.to:
        arguments.to.write_text(json.dumps(rows, indent=1))
    report(rows, arguments)


def best_batch(identifier, prepared, prediction) -> int:
    """Patches per forward pass with which brute force is fastest."""
    brute = making(identifier, prepared, prediction, OcclusionSettings(PATCH, 1), "reference")
    phases = [phase for level in brute.grid.phases_by_level() for phase in level]
    seconds = {}
    for batch, phase in zip(BATCHES, phases[1:], strict=False):
        brute.make_engine(batch)
        seconds[batch] = timed(brute, [phase])
    return min(seconds, key=seconds.get)


def judge(identifier, prepared, prediction, arguments, rng, batch: int) -> list[dict]:
    """Figures of one photo, one row per wanted accuracy."""
    settings = OcclusionSettings(PATCH, 1)
    exact = making(identifier, prepared, prediction, settings, "exact")
    phases = list(product(range(exact.grid.rows.phases), range(exact.grid.cols.phases)))
    picked = [phases[one] for one in rng.permutation(len(phases))[: arguments.phases]]
    exact_seconds = timed(exact, picked)
    brute = making(identifier, prepared, prediction, settings, "reference")
    brute.make_engine(batch)
    brute_seconds = timed(brute, picked[:1])
    rows = []
    for accuracy in arguments.accuracies:
        started = time.perf_counter()
        maps = finished_maps(
            identifier,
            prepared,
            prediction.individuals,
            OcclusionSettings(PATCH, 1, accuracy=accuracy),
        )
        seconds = time.perf_counter() - started
        known = exact.known & ~maps.computed if not maps.complete else exact.known
        truth, found = exact.values[:, known], maps.values[:, known]
        correlations = [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(truth, found, strict=True)]
        rows.append(
            {
                "photo": prediction.photo_id,
                "score": round(prediction.candidates[0].score, 3),
                "accuracy": accuracy,
                "correlation": round(correlations[0], 4),
                "lowest": round(min(correlations), 4),
                "overlap": round(overlap(truth[0], found[0]), 3),
                "claimed": [round(one, 4) for one in maps.correlation or ()],
                "correlations": [round(one, 4) for one in correlations],
                "computed": round(float(maps.computed.mean()), 4),
                "speedup": round(brute_seconds * maps.computed.size / seconds, 1),
                "exact_speedup": round(brute_seconds / exact_seconds, 2),
            }
        )
    return rows


def making(identifier, prepared, prediction, settings, engine: str) -> MapsInTheMaking:
    names = prediction.individuals
    columns = columns_of(identifier, names)
    return MapsInTheMaking(identifier, prepared, names, columns, settings, Computing(engine))


def timed(maps: MapsInTheMaking, phases: list[tuple[int, int]]) -> float:
    """Seconds per position."""
    before, started = int(maps.known.sum()), time.perf_counter()
    for phase in phases:
        for _ in maps.compute(phase):
            pass
    return (time.perf_counter() - started) / (int(maps.known.sum()) - before)


def overlap(truth: np.ndarray, found: np.ndarray, share: float = 0.05) -> float:
    """Share of the highest 5 % of positions that both maps agree on."""
    count = max(1, round(share * truth.size))
    return len(set(np.argsort(truth)[-count:]) & set(np.argsort(found)[-count:])) / count


def report(rows: list[dict], arguments) -> None:
    print(
        f"\n{time.strftime('%Y-%m-%d')}, {torch.get_num_threads()} threads, stride 1, p = {PATCH}"
    )
    print(
        "| wanted r | photos | r of the first, median | worst | lowest r of five, median | worst | "
        "top 5 % overlap, median | worst | positions computed | computed whole | "
        "speed against brute force | exact engine | (1 - claimed r) / (1 - r), 5 % | 95 % |"
    )
    print("| --- " * 14 + "|")
    for accuracy in arguments.accuracies:
        of = [row for row in rows if row["accuracy"] == accuracy]
        r, lowest, top, computed, speed, exact = (
            np.array([row[key] for row in of])
            for key in (
                "correlation",
                "lowest",
                "overlap",
                "computed",
                "speedup",
                "exact_speedup",
            )
        )
        claims = [
            (1 - claimed) / (1 - true)
            for row in of
            for claimed, true in zip(row["claimed"], row["correlations"], strict=False)
            if true < 1
        ]
        low, high = np.quantile(claims, [0.05, 0.95]) if claims else (np.nan, np.nan)
        print(
            f"| {accuracy:g} | {len(of)} | {np.median(r):.4f} | {r.min():.4f} | "
            f"{np.median(lowest):.4f} | {lowest.min():.4f} | "
            f"{np.median(top):.3f} | {top.min():.3f} | {np.median(computed):.3f} | "
            f"{int((computed == 1).sum())} | {np.median(speed):.0f}x | {np.median(exact):.1f}x | "
            f"{low:.2f} | {high:.2f} |"
        )


if __name__ == "__main__":
    main()
