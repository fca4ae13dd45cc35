"""How fast occlusion maps are computed: all engines by turns, in one run, on one drawing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, prod
from statistics import median

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.explain.choice import folded_form, lowered_precision, make_engine
from whalecore.explain.engines import ExactEngine, ReferenceEngine
from whalecore.explain.folded import FoldedNetwork
from whalecore.explain.work import multiply_adds, tile_multiply_adds
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import FULL_WIDTH
from whalecore.types import TOP, Computing, OcclusionSettings, Progress, Report, silent
from whalecore.workflow.bench import fast
from whalecore.workflow.bench.subject import prepared_drawing, timed, untrained_identifier
from whalecore.workflow.bench.turns import CaptumOcclusion, Competitor, OwnEngine

CAPTUM_MISSING = "Captum is not installed, so nothing is compared with it: pip install captum."

COMPARED = 4
"""Positions of Captum's, down its first column, that brute force computes for comparison."""


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
        Also compute one whole map in the fast mode, see `whalecore.workflow.bench.fast`.
    """

    rounds: int = 6
    seconds: float = inf
    batches: tuple[int, ...] = (4, 8, 16, 32)
    fast: bool = False


QUICK = Effort(rounds=3, seconds=6, batches=(4,))
"""A position takes brute force as long in a batch of 4 as of 8: less is computed, not worse."""


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
        Largest difference from brute force on the positions compared, as a share of the map's
        range on all positions known; 0 of brute force itself.
    correlation : float or None
        With brute force on the same positions; the lowest of the individuals.
    positions : int
        Of the whole map.
    compared : int or None
        Positions that were computed by both; of the fast mode a random sample of those that it
        estimated.
    computed : int or None
        Positions that the fast mode computed.
    batch : int or None
        Most positions computed together.
    precision : str or None
        Of the arithmetic; brute force and Captum always compute in float32.
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
    computed: int | None = None
    batch: int | None = None
    precision: str | None = None
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
    computing: Computing | None = None,
) -> list[Row]:
    """Measure cases one after the other and say so where there is nothing to compare with.

    Raises
    ------
    SettingsError
        If a patch is larger than the longer side of its input; nothing is measured then.
    """
    for case in cases:
        case.settings.check_fits(case.height, case.width)
    if captum is None:
        report(Progress("bench", 0, len(cases), message=CAPTUM_MISSING))
    about = (effort, captum, device, report, computing)
    return [row for case in cases for row in measure(case, *about)]


def measure(
    case: Case,
    effort: Effort,
    captum: type | None = None,
    device: str = "auto",
    report: Report = silent,
    computing: Computing | None = None,
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
    computing : Computing, optional
        Memory and precision of the exact engine and of the fast mode.

    Returns
    -------
    list of Row
        Of ``reference``, ``captum``, ``exact`` and, where asked for, ``fast``.
    """
    computing = replace(computing or Computing(), engine="exact")
    identifier = untrained_identifier(case.network, case.height, case.width, case.channels, device)
    prepared = prepared_drawing(identifier)
    columns = identifier.logits(prepared[None])[0].topk(TOP).indices
    network, folding = timed(identifier.device, lambda: _folded(identifier, computing.precision))
    with torch.inference_mode(), lowered_precision(computing.precision):
        exact, setup = timed(
            identifier.device,
            lambda: make_engine(identifier, prepared[None], case.settings, computing),
        )
    phases = _some_phases(exact, effort.rounds)

    def reference(batch: int) -> OwnEngine:
        engine = ReferenceEngine(identifier, prepared[None], case.settings, batch)
        return OwnEngine(engine, identifier, columns, blocks=1)

    def by_captum(batch: int) -> CaptumOcclusion:
        column = int(columns[0])
        return CaptumOcclusion(captum, identifier, prepared, column, case.settings, batch)

    oracle = _best(reference, effort.batches, phases[0])
    own = OwnEngine(exact, identifier, columns, precision=computing.precision)
    competitors: dict[str, Competitor] = {"reference": oracle}
    if captum is not None:
        competitors["captum"] = _best(by_captum, effort.batches, phases[0])
    competitors["exact"] = own
    _compute_first(oracle)
    seconds = _medians(competitors, phases, effort, f"bench {case.network}", report)
    facts = {
        # With itself.
        "reference": {"max_deviation": 0.0, "correlation": 1.0, "batch": oracle.batch},
        "captum": {},
        "exact": {
            **_agreed(oracle.drops, own.drops),
            "batch": own.batch,
            "precision": computing.precision,
            "multiply_adds_ratio": _multiply_adds_ratio(exact, network, case, phases),
            "folding_seconds": folding,
            "setup_seconds": setup,
        },
    }
    if captum is not None:
        theirs = competitors["captum"]
        facts["captum"] = {**_agreed(oracle.drops[:1], theirs.drops), "batch": theirs.batch}
    positions = prod(exact.grid.shape)
    rows = [_row(case, engine, positions, seconds, values) for engine, values in facts.items()]
    if effort.fast:
        seconds["fast"], maps, truth = fast.measure_fast(
            identifier, prepared, columns, case.patch, computing
        )
        fine = replace(case, stride=fast.STRIDE)
        positions = maps.computed.size
        found = {
            **_agreed(truth, maps.values),
            "computed": int(maps.computed.sum()),
            "precision": computing.precision,
        }
        rows.append(_row(fine, "fast", positions, seconds, found))
    return rows


def _compute_first(oracle: OwnEngine) -> None:
    """Let brute force, while it warms up, compute the first positions that Captum will."""
    rows = oracle.engine.grid.rows.count
    oracle.look_at(np.arange(min(COMPARED, rows)), np.array([0]))


def _agreed(oracle: np.ndarray, drops: np.ndarray) -> dict[str, float | int | None]:
    deviation, correlation, compared = agreement(oracle, drops)
    return {"max_deviation": deviation, "correlation": correlation, "compared": compared}


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


def _folded(identifier: Identifier, precision: str) -> FoldedNetwork:
    """The network's form for the exact engine with all that is made once."""
    network = folded_form(identifier, precision)
    if network is None:
        raise SettingsError(
            f"The exact engine does not understand {identifier.architecture}: choose a ResNet."
        )
    for block in network.blocks:
        for conv in block.convs:
            if conv.three_by_three:
                _ = conv.transformed
    return network


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
