"""Part `stable`: how well clusters hold, beside clusters of noise, and how long measuring takes."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np

from tests.benchmarks.cluster_subjects import Subject, group, show
from tests.benchmarks.cluster_ways import subjects_of
from whalecore.clusters import spectral
from whalecore.clusters.stability import is_unstable
from whalecore.workflow.bench.tables import markdown


def stable(given: argparse.Namespace) -> None:
    """Stability of the clusters of each subject, and seconds that it takes."""
    rows = []
    for subject in subjects_of(given):
        rows.append([subject.name, len(subject.heatmaps), subject.clusters, *measured(subject)])
        print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["heatmaps of", "heatmaps", "clusters", "stability", "of noise", "unstable clusters"]
    show(markdown([*headings, "s in all", "s for the stability", "s for that of noise"], rows))
    print(
        "\nStability: share of pairs of heatmaps that stay together, each cluster counting by its "
        "heatmaps. Of noise: of as\nmany clusters of points without kinds. In all: from heatmaps "
        "in memory to a clustering, with the choice of sigma.\nSeconds are those of the processor, "
        "over all its cores, so that other work on the machine counts for little."
    )


def measured(subject: Subject) -> list[object]:
    """Stability, that of noise, unstable clusters; seconds in all and for either measurement."""
    started = time.process_time()
    with timed("cluster_stability") as own, timed("noise_stability") as noise:
        found = group(subject, np.ones(len(subject.heatmaps), bool), seed=0)
    seconds = time.process_time() - started
    return [
        f"{found.stability:.2f}",
        f"{found.noise_stability:.2f}",
        sum(is_unstable(one) for one in found.cluster_stability),
        *(f"{one:.1f}" for one in (seconds, sum(own), sum(noise))),
    ]


@contextmanager
def timed(name: str) -> Iterator[list[float]]:
    """Seconds of the processor that every call of a function takes which a clustering makes."""
    seconds: list[float] = []
    real = getattr(spectral, name)

    def watched(*given: object, **named: object) -> object:
        started = time.process_time()
        answer = real(*given, **named)
        seconds.append(time.process_time() - started)
        return answer

    with patch.object(spectral, name, watched):
        yield seconds
