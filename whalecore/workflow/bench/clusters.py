"""How fast heatmaps are grouped, with how much memory, and how well their kinds are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from whalecore.memory import available_bytes
from whalecore.types import Progress, Report, silent
from whalecore.workflow.bench.child import ChildError, Outcome, run_child
from whalecore.workflow.bench.grouping import FEWER, Method
from whalecore.workflow.bench.planted import Planted

FLOATS = 4 * (2 + 1000)
"""Bytes that a heatmap takes as a point of 1000 components, with two numbers beside it."""


@dataclass(frozen=True)
class Case:
    """So many heatmaps, and how they are drawn.

    Attributes
    ----------
    seconds : float
        After which a method is stopped.
    """

    heatmaps: int
    planted: Planted = field(default_factory=Planted)
    clusters: int = 30
    seed: int = 0
    seconds: float = 3600.0


QUICK = Case(700, Planted(rows=32, cols=64), seconds=40.0)


@dataclass(frozen=True)
class Row:
    """What was measured of one method; None where something does not apply.

    Attributes
    ----------
    heatmaps : int
    method : str
        ``exact``, ``scale``, ``sklearn`` or ``corelay``.
    variant : str
        Which of several ways of the same library; empty where there is one.
    seconds : float
        From heatmaps in memory to labels: pooling, scaling and PCA included. The own modes' time
        also holds the choice of sigma, the stability of every cluster and all else that a
        clustering carries.
    peak_mb : float or None
        Most resident memory of the process in MiB, with the heatmaps themselves.
    ari_truth : float
        Adjusted Rand index to the planted kinds.
    ari_exact : float or None
        To the labels of the exact mode in the same run.
    before_mb : float or None
        Resident memory before the clock started: Python, its libraries and the heatmaps.
    rows, cols, clusters : int
    sigma : float or None
    """

    heatmaps: int
    method: str
    variant: str
    seconds: float
    peak_mb: float | None
    ari_truth: float
    ari_exact: float | None
    before_mb: float | None
    rows: int
    cols: int
    clusters: int
    sigma: float | None


def bench_clusters(
    cases: Sequence[Case],
    methods: Sequence[Method] = FEWER,
    report: Report = silent,
    run: Callable[..., Outcome] = run_child,
    memory: float | None = None,
) -> list[Row]:
    """Let all methods group the same heatmaps, one after the other, each in a fresh process.

    What is not installed, would not fit in memory or fails is left out, and said.

    Parameters
    ----------
    cases : sequence of Case
    methods : sequence of Method
        The sigma that the first one chooses holds for those that cannot choose one.
    report : callable
        Called before and after each method.
    run : callable
        As `run_child`.
    memory : float, optional
        Bytes that may be taken; what the system has available when left out.
    """
    bench = _Bench(cases, methods, report, run, memory)
    return bench.rows()


class _Bench:
    """Counts what is done while it goes through cases and methods."""

    def __init__(self, cases, methods, report, run, memory) -> None:
        self._cases, self._methods, self._run = cases, methods, run
        self._report, self._memory = report, memory
        self._done = 0
        self._tell()

    def rows(self) -> list[Row]:
        return [row for case in self._cases for row in self._rows_of(case)]

    def _rows_of(self, case: Case) -> list[Row]:
        rows, sigma, exact = [], None, None
        missing = {method.package for method in self._methods if not method.installed}
        for package in sorted(missing):
            self._tell(f"{package} is not installed, so it is left out: pip install {package}.")
        for method in self._methods:
            if method.package not in missing:
                outcome = self._outcome(method, case, sigma)
                if outcome is not None:
                    sigma = outcome.sigma if sigma is None else sigma
                    exact = outcome.labels if method.name == "exact" else exact
                    rows.append(_row(case, method, outcome, exact))
            self._done += 1
            self._tell()
        return rows

    def _outcome(self, method: Method, case: Case, sigma: float | None) -> Outcome | None:
        """None, and a sentence, where there is no result."""
        reason = self._hindrance(method, case, sigma)
        if not reason:
            try:
                return self._run(
                    method,
                    case.heatmaps,
                    case.clusters,
                    case.planted,
                    sigma if method.needs_sigma else None,
                    case.seed,
                    case.seconds,
                )
            except ChildError as error:
                reason = str(error)
        self._tell(f"{method.title} with {case.heatmaps} heatmaps is left out: {reason}.")
        return None

    def _hindrance(self, method: Method, case: Case, sigma: float | None) -> str:
        if method.needs_sigma and sigma is None:
            return "it needs a sigma, and no own mode has chosen one"
        if case.heatmaps > method.most:
            return f"it would take hours above {method.most} heatmaps"
        free = available_bytes() if self._memory is None else self._memory
        needed = needed_bytes(method, case)
        if free is not None and needed > free:
            return f"it would take about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        return ""

    def _tell(self, message: str = "") -> None:
        total = len(self._cases) * len(self._methods)
        self._report(Progress("bench clusters", self._done, total, message=message))


def needed_bytes(method: Method, case: Case) -> float:
    """What a method is expected to hold: heatmaps, their points, and pairs where it keeps them."""
    cells = case.planted.rows * case.planted.cols
    each = 2 * cells + FLOATS
    return case.heatmaps * (each + case.heatmaps * method.bytes_per_pair)


def _row(case: Case, method: Method, outcome: Outcome, exact: np.ndarray | None) -> Row:
    from sklearn.metrics import adjusted_rand_score

    return Row(
        heatmaps=case.heatmaps,
        method=method.name,
        variant=method.variant,
        seconds=outcome.seconds,
        peak_mb=outcome.peak_mb,
        ari_truth=outcome.ari_truth,
        ari_exact=None if exact is None else float(adjusted_rand_score(exact, outcome.labels)),
        before_mb=outcome.before_mb,
        rows=case.planted.rows,
        cols=case.planted.cols,
        clusters=case.clusters,
        sigma=outcome.sigma,
    )
