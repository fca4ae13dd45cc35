"""How fast occlusion maps are computed: all engines by turns, in one run, on one drawing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod
from statistics import median

import numpy as np
import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.explain.choice import folded_form, lowered_precision, make_engine
from whalecore.explain.engines import ExactEngine, ReferenceEngine
from whalecore.explain.folded import FoldedNetwork
from whalecore.explain.occlusion import finished_maps
from whalecore.explain.work import multiply_adds, tile_multiply_adds
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import FULL_WIDTH
from whalecore.types import TOP, Computing, OcclusionSettings, Progress, Report, silent
from whalecore.workflow.bench.subject import prepared_drawing, untrained_identifier, wait_for
from whalecore.workflow.bench.turns import CaptumOcclusion, Competitor, OwnEngine

CAPTUM_MISSING = "Captum is not installed, so nothing is compared with it: pip install captum."

FAST_ACCURACY = 0.99

COMPARED = 4
"""Positions of Captum's that brute force computes for comparison."""


@dataclass(frozen=True)
class Case:
    """A network, the size of its input and the kind of patch.

    Attributes
    ----------
    channels : int
        Of ``layer1``; fewer than 64 make a slim network.
    """

    network: str
    height: int = 256
    width: int = 512
    patch: int = 5
    stride: int = 4
    channels: int = FULL_WIDTH

    @property
    def settings(self) -> OcclusionSettings:
        """Of the maps that are measured."""
        return OcclusionSettings(self.patch, self.stride)


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes
    ----------
    rounds : int
        Most turns of each engine. The first warms up and counts only where it is the only one.
    seconds : float
        Of one case; no round begins that would probably end later. The first always does.
    batches : tuple of int
        Brute force and Captum take the best of these.
    fast : bool
        Also compute one whole map in the fast mode.
    """

    rounds: int = 6
    seconds: float = inf
    batches: tuple[int, ...] = (4, 8, 16, 32)
    fast: bool = False


QUICK = Effort(rounds=4, seconds=8, batches=(8,))


@dataclass(frozen=True)
class Row:
    """What was measured of one engine; None where something does not apply.

    Attributes
    ----------
    engine : str
        ``reference``, ``captum``, ``exact`` or ``fast``.
    seconds_per_position : float or None
        Median over the turns.
    speedup_reference, speedup_captum : float or None
        How many times faster than brute force and than Captum in the same run.
    max_deviation : float or None
        Largest difference from brute force on the positions that both computed, as a share of
        the map's range on all positions computed; 0 of brute force itself. Of the fast mode: what
        it says of itself.
    correlation : float or None
        With brute force on the same positions; the lowest of the individuals.
    positions : int
        Of the whole map.
    compared : int or None
        Positions that were computed by both.
    batch : int or None
        Most positions computed together.
    multiply_adds_ratio : float or None
        How many times fewer multiply-adds a position takes than a forward pass of the photo.
    folding_seconds : float or None
        Once per network.
    setup_seconds : float or None
        Once per photo.
    map_seconds : float or None
        Setup and all positions, for five individuals; Captum's for one.
    """

    network: str
    height: int
    width: int
    patch: int
    stride: int
    engine: str
    seconds_per_position: float | None
    speedup_reference: float | None
    speedup_captum: float | None
    max_deviation: float | None = None
    correlation: float | None = None
    positions: int = 0
    compared: int | None = None
    batch: int | None = None
    multiply_adds_ratio: float | None = None
    folding_seconds: float | None = None
    setup_seconds: float | None = None
    map_seconds: float | None = None


def bench_osm(
    cases: Sequence[Case],
    effort: Effort,
    captum: type | None,
    device: str = "auto",
    report: Report = silent,
) -> list[Row]:
    """Measure cases one after the other and say so where there is nothing to compare with."""
    if captum is None:
        report(Progress("bench", 0, len(cases), message=CAPTUM_MISSING))
    return [row for case in cases for row in measure(case, effort, captum, device, report)]


def measure(
    case: Case,
    effort: Effort,
    captum: type | None = None,
    device: str = "auto",
    report: Report = silent,
) -> list[Row]:
    """Measure all engines on one case.

    Parameters
    ----------
    captum : type, optional
        ``captum.attr.Occlusion``, see `find_captum`; without it Captum's row holds None.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    report : callable
        Called after each round.

    Returns
    -------
    list of Row
        Of ``reference``, ``captum``, ``exact`` and, where asked for, ``fast``.
    """
    identifier = untrained_identifier(case.network, case.height, case.width, case.channels, device)
    prepared = prepared_drawing(identifier)
    columns = identifier.logits(prepared[None])[0].topk(TOP).indices
    network, folding = _timed(identifier, lambda: _folded(identifier))
    with torch.inference_mode():
        exact, setup = _timed(
            identifier,
            lambda: make_engine(identifier, prepared[None], case.settings, Computing("exact")),
        )
    phases = _some_phases(exact, effort.rounds)

    def reference(batch: int) -> OwnEngine:
        engine = ReferenceEngine(identifier, prepared[None], case.settings, batch)
        return OwnEngine(engine, identifier, columns, blocks=1)

    def by_captum(batch: int) -> CaptumOcclusion:
        column = int(columns[0])
        return CaptumOcclusion(captum, identifier, prepared, column, case.settings, batch)

    oracle, own = _best(reference, effort.batches, phases[0]), OwnEngine(exact, identifier, columns)
    competitors: dict[str, Competitor] = {"reference": oracle}
    if captum is not None:
        competitors["captum"] = _best(by_captum, effort.batches, phases[0])
    competitors["exact"] = own
    seconds = _medians(competitors, phases, effort, f"bench {case.network}", report)
    facts = {
        # With itself.
        "reference": {"max_deviation": 0.0, "correlation": 1.0, "batch": oracle.batch},
        "captum": {},
        "exact": {
            **_agreed(oracle, own),
            "batch": own.batch,
            "multiply_adds_ratio": _multiply_adds_ratio(exact, network, case, phases),
            "folding_seconds": folding,
            "setup_seconds": setup,
        },
    }
    if captum is not None:
        theirs = competitors["captum"]
        _compute_too(oracle, theirs.drops)
        facts["captum"] = {**_agreed(oracle, theirs), "batch": theirs.batch}
    if effort.fast:
        seconds["fast"], facts["fast"] = _fast_map(identifier, prepared, columns, case)
    positions = prod(exact.grid.shape)
    return [_row(case, engine, positions, seconds, values) for engine, values in facts.items()]


def _agreed(oracle: OwnEngine, other: OwnEngine | CaptumOcclusion) -> dict[str, float | None]:
    deviation, correlation, compared = agreement(oracle.drops[: len(other.drops)], other.drops)
    return {"max_deviation": deviation, "correlation": correlation, "compared": compared}


def _compute_too(oracle: OwnEngine, drops: np.ndarray) -> None:
    """Let brute force compute the first few positions of the first column, as Captum did."""
    first = np.flatnonzero(~np.isnan(drops[0, :, 0]))[:COMPARED]
    with torch.inference_mode(), lowered_precision("float32"):
        oracle.keep(oracle.engine.at(first, np.array([0])))


def agreement(oracle: np.ndarray, drops: np.ndarray) -> tuple[float | None, float | None, int]:
    """How well maps agree with the oracle's where both are known.

    Parameters
    ----------
    oracle, drops : ndarray of shape (individuals, rows, cols)
        NaN where not computed.

    Returns
    -------
    (float or None, float or None, int)
        Largest difference as a share of the range of the individual's map, which is taken over
        all that either knows; lowest correlation (None where a map is flat); positions compared.
    """
    known = ~np.isnan(oracle[0]), ~np.isnan(drops[0])
    both = known[0] & known[1]
    count = int(both.sum())
    if count == 0:
        return None, None, 0
    truth, found = oracle[:, both], drops[:, both]
    ranges = np.ptp(np.where(known[0], oracle, drops)[:, known[0] | known[1]], axis=1)
    deviation = float((np.abs(found - truth).max(axis=1) / ranges).max()) if ranges.all() else None
    if not (np.ptp(truth, axis=1).all() and np.ptp(found, axis=1).all()):
        return deviation, None, count
    correlations = [np.corrcoef(pair)[0, 1] for pair in zip(truth, found, strict=True)]
    return deviation, float(min(correlations)), count


def _row(
    case: Case,
    engine: str,
    positions: int,
    seconds: Mapping[str, float],
    facts: Mapping[str, float | int | None],
) -> Row:
    own, reference, captum = (seconds.get(name) for name in (engine, "reference", "captum"))
    return Row(
        case.network,
        case.height,
        case.width,
        case.patch,
        case.stride,
        engine,
        own,
        reference / own if own and reference else None,
        captum / own if own and captum else None,
        positions=positions,
        map_seconds=own and positions * own + (facts.get("setup_seconds") or 0),
        **facts,
    )


def _folded(identifier: Identifier) -> FoldedNetwork:
    """The network's form for the exact engine with all that is made once."""
    network = folded_form(identifier)
    if network is None:
        raise SettingsError(
            f"The exact engine does not understand {identifier.architecture}: choose a ResNet."
        )
    for block in network.blocks:
        for conv in block.convs:
            if conv.three_by_three:
                _ = conv.transformed
    return network


def _timed(identifier: Identifier, work: Callable):
    """What some work returns, and its seconds."""
    wait_for(identifier.device)
    started = time.perf_counter()
    result = work()
    wait_for(identifier.device)
    return result, time.perf_counter() - started


def _some_phases(engine: ExactEngine, count: int) -> list[tuple[int, int]]:
    """Phases from all over, because a tile's size depends a little on its phase."""
    phases = [phase for level in engine.grid.phases_by_level() for phase in level]
    chosen = np.random.default_rng(0).choice(len(phases), count, replace=count > len(phases))
    return [phases[number] for number in chosen]


def _best(make: Callable[[int], Competitor], batches: Sequence[int], phase: tuple[int, int]):
    """The competitor with the batch that serves it best."""
    made = [make(batch) for batch in batches]
    if len(made) == 1:
        return made[0]
    return min(made, key=lambda competitor: competitor.turn(phase).seconds_per_position)


def _medians(
    competitors: Mapping[str, Competitor],
    phases: Sequence[tuple[int, int]],
    effort: Effort,
    step: str,
    report: Report,
) -> dict[str, float]:
    """Seconds per position of each, round by round so that all meet the same computer."""
    times: dict[str, list[float]] = {name: [] for name in competitors}
    began = time.monotonic()
    for done, phase in enumerate(phases, start=1):
        for name, competitor in competitors.items():
            times[name].append(competitor.turn(phase).seconds_per_position)
        report(Progress(step, done, len(phases)))
        if (time.monotonic() - began) * (done + 1) / done > effort.seconds:
            break
    return {name: median(each[1:] or each) for name, each in times.items()}


def _multiply_adds_ratio(
    engine: ExactEngine,
    network: FoldedNetwork,
    case: Case,
    phases: Sequence[tuple[int, int]],
) -> float:
    whole, tiles = 0.0, 0.0
    for phase in phases:
        for rows, cols, down, across in engine.tiling.chunks(phase):
            whole += len(rows) * len(cols)
            if down is not None and across is not None:
                tiles += tile_multiply_adds(network, [down], [across])
    return whole * multiply_adds(network, case.height, case.width) / tiles


def _fast_map(
    identifier: Identifier, prepared: Tensor, columns: Tensor, case: Case
) -> tuple[float, dict[str, float | None]]:
    """Seconds per position of one whole map, and what it says of itself."""
    settings = OcclusionSettings(case.patch, case.stride, accuracy=FAST_ACCURACY)
    names = [identifier.individuals[column] for column in columns.tolist()]
    maps, seconds = _timed(identifier, lambda: finished_maps(identifier, prepared, names, settings))
    spread = np.ptp(maps.values, axis=(1, 2))
    deviation = float(np.max(maps.deviation / spread)) if maps.deviation and spread.all() else None
    return seconds / maps.computed.size, {
        "max_deviation": deviation,
        "correlation": min(maps.correlation) if maps.correlation else None,
    }
