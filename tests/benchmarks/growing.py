"""How soon an occlusion map that grows looks like the finished one.

    python tests/benchmarks/growing.py LAB [--photos 20] [--patch 5 --stride 4]

Maps of a lab's photos, coarse to fine, as the dashboard computes them for somebody who watches
(with a linearised map) and as `explain` does (without), by turns. Likeness is the correlation of
the first candidate's map with the finished one. The engine is ready, as it is in the dashboard.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from whalecore.explain.occlusion import growing_maps, prepare_maps
from whalecore.lab.lab import open_lab
from whalecore.types import OcclusionSettings
from whalecore.workflow.bench.subject import machine
from whalecore.workflow.bench.tables import markdown

USABLE = (0.8, 0.9, 0.95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lab", type=Path)
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--patch", type=int, default=5)
    parser.add_argument("--stride", type=int, default=4)
    given = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}, {date.today()}: python {' '.join(sys.argv)}\n")
    lab, settings = open_lab(given.lab), OcclusionSettings(given.patch, given.stride)
    identifier = lab.identifier()
    prepare_maps(identifier, settings)
    scores = lab.scores()
    names = sorted(scores[scores["rank"] == 1]["photo_id"])
    found = {"watched": [], "alone": []}
    for photo_id in np.random.default_rng(1).permutation(names)[: given.photos]:
        photo = lab.read_photo(photo_id)
        prediction = identifier.identify(photo, crop=lab.crop(photo_id))
        prepared = identifier.prepare(photo, prediction.crop.box)
        for way, guided in (("watched", True), ("alone", False)):
            found[way].append(
                list(grown(identifier, prepared, prediction.individuals, settings, guided))
            )
    show(found)


def grown(identifier, prepared, names, settings, guided) -> Iterator[tuple[float, int, float]]:
    """Seconds, positions computed and likeness at each step."""
    steps, began = [], time.perf_counter()
    for maps in growing_maps(identifier, prepared, names, settings, guided=guided):
        steps.append((time.perf_counter() - began, int(maps.computed.sum()), maps.values[0]))
    finished = steps[-1][2].ravel()
    for seconds, computed, values in steps:
        yield seconds, computed, float(np.corrcoef(values.ravel(), finished)[0, 1])


def show(found: dict[str, list[list[tuple[float, int, float]]]]) -> None:
    rows = []
    for way, photos in found.items():
        # A long level shows itself in between, at other places for each photo.
        common = set.intersection(*({computed for _, computed, _ in steps} for steps in photos))
        for computed in sorted(common):
            # The last one of a count: with the linearised map, where there is one.
            last = [[one for one in steps if one[1] == computed][-1] for steps in photos]
            seconds, likeness = (np.array([one[part] for one in last]) for part in (0, 2))
            rows.append([way, computed, np.median(seconds), np.median(likeness), likeness.min()])
    print(*markdown(["map", "positions", "s, median", "r, median", "worst"], rows), sep="\n")
    print()
    rows = [
        [way, usable, len(photos), np.median(times), max(times)]
        for way, photos in found.items()
        for usable in USABLE
        for times in [[seconds_until(steps, usable) for steps in photos]]
    ]
    print(*markdown(["map", "r at least", "photos", "s, median", "slowest"], rows), sep="\n")


def seconds_until(steps: list[tuple[float, int, float]], usable: float) -> float:
    """When a map was so much like the finished one, and stayed so."""
    worse = [number for number, (_, _, likeness) in enumerate(steps) if likeness < usable]
    return steps[worse[-1] + 1 if worse else 0][0]


if __name__ == "__main__":
    main()
