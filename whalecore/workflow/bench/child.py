"""One grouping in a process of its own, so that its peak of memory is its own.

``python -m whalecore.workflow.bench.child TASK`` prints one line of JSON; `run_child` starts it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from whalecore.memory import forget_peak, resident_mib
from whalecore.workflow.bench.grouping import Method, Task, method_named
from whalecore.workflow.bench.planted import Planted, planted_heatmaps

LIBRARIES = ("scipy.linalg", "scipy.sparse.linalg", "sklearn.cluster", "sklearn.decomposition")
"""Of which some are loaded by every method, and only when it needs them."""

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a child process found.

    Attributes
    ----------
    seconds : float
        From heatmaps to labels; the heatmaps were drawn before.
    before_mb, peak_mb : float or None
        Resident memory with the heatmaps drawn, and at most; None where the system does not say.
    ari_truth : float
        Adjusted Rand index to the planted kinds.
    sigma : float or None
    labels : ndarray of shape (heatmaps,), int
    """

    seconds: float
    before_mb: float | None
    peak_mb: float | None
    ari_truth: float
    sigma: float | None
    labels: np.ndarray


class ChildError(Exception):
    """The child process ended without a result; the message says why, as a part of a sentence."""


def run_child(
    method: Method,
    heatmaps: int,
    clusters: int,
    planted: Planted,
    sigma: float | None,
    seed: int,
    seconds: float,
) -> Outcome:
    """Group planted heatmaps in a fresh process.

    Parameters
    ----------
    seconds : float
        After which it is stopped.

    Raises
    ------
    ChildError
        If it had to be stopped, fell short of memory or failed.
    """
    task = {
        "method": method.title,
        "heatmaps": heatmaps,
        "clusters": clusters,
        "planted": asdict(planted),
        "sigma": sigma,
        "seed": seed,
    }
    words = [sys.executable, "-m", "whalecore.workflow.bench.child", json.dumps(task)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        answer = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    except subprocess.TimeoutExpired:
        raise ChildError(f"it was stopped after {seconds:.0f} s") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or ["killed, most likely for lack of memory"]
        raise ChildError(f"it ended without a result ({said[-1]})") from error
    found = json.loads(answer.stdout.splitlines()[-1])
    return Outcome(**{**found, "labels": np.array(found["labels"])})


def measure(
    method: Method,
    heatmaps: int,
    clusters: int,
    planted: Planted,
    sigma: float | None = None,
    seed: int = 0,
) -> Outcome:
    """Group planted heatmaps in this process; its peak of memory counts from here on."""
    from sklearn.metrics import adjusted_rand_score

    # Loading libraries takes seconds and says nothing about a method: it is not timed.
    for module in (*LIBRARIES, method.module):
        import_module(module)
    values, kinds = planted_heatmaps(heatmaps, planted)
    task = Task(values, clusters, sigma, seed)
    forget_peak()
    before = resident_mib()
    started = time.perf_counter()
    labels, used = method.group(task)
    seconds = time.perf_counter() - started
    peak = resident_mib(peak=True)
    truth = float(adjusted_rand_score(kinds, labels))
    return Outcome(seconds, before, peak, truth, used, np.asarray(labels))


def main() -> None:
    task = json.loads(sys.argv[1])
    method, planted = method_named(task.pop("method")), Planted(**task.pop("planted"))
    outcome = measure(method, planted=planted, **task)
    found = {**vars(outcome), "labels": outcome.labels.tolist()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
