"""Are the occlusion engines right, how fast are they, and what do they need?

    python tests/benchmarks/occlusion.py equality
    python tests/benchmarks/occlusion.py speed
    python tests/benchmarks/occlusion.py curve
    python tests/benchmarks/occlusion.py memory
    python tests/benchmarks/occlusion.py gpu

Each part prints a Markdown table under a line with the computer, the date and the command.
Networks are untrained, the photo is a drawing; ``--small`` tries a part on slim networks and
small inputs in seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from whalecore.explain.choice import folded_form, make_engine
from whalecore.explain.engines import ReferenceEngine
from whalecore.explain.inputs import columns_of
from whalecore.explain.occlusion import MapsInTheMaking
from whalecore.explain.work import tile_multiply_adds
from whalecore.memory import forget_peak, resident_mib
from whalecore.types import TOP, Computing
from whalecore.workflow.bench.osm import Case, Effort, agreement, measure
from whalecore.workflow.bench.subject import (
    machine,
    prepared_drawing,
    untrained_identifier,
    wait_for,
)
from whalecore.workflow.bench.tables import markdown, row_table
from whalecore.workflow.bench.turns import OwnEngine, find_captum

NETWORKS = ("resnet18", "resnet50", "resnet101")

LIMIT = 1e-4
"""Largest deviation allowed, as a share of the map's range."""


def networks(small: bool) -> list[dict]:
    """Keywords of `Case` for every network."""
    if small:
        return [{"network": "resnet18", "channels": 8}]
    return [{"network": name} for name in NETWORKS]


def equality(small: bool) -> None:
    """The exact engine against brute force at corners, edges, the centre and in between."""
    sizes = [(32, 64), (33, 71)] if small else [(96, 160), (97, 161), (127, 258)]
    patches = {1: (1,), 5: (1, 2, 3, 4), 35: (1, 2, 3, 4, 8)}
    rows = []
    for keywords, (height, width), (patch, strides) in product(
        networks(small), sizes, patches.items()
    ):
        identifier = untrained_identifier(keywords["network"], height, width, **_slim(keywords))
        for stride in strides:
            case = Case(height=height, width=width, patch=patch, stride=stride, **keywords)
            deviation, correlation, compared = _agreement_everywhere(identifier, case)
            rows.append(
                [case.network, height, width, patch, stride, compared, deviation, correlation]
            )
            print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["network", "height", "width", "patch", "stride", "positions", "deviation", "r"]
    _print(markdown(headings, rows))
    worst = max(row[-2] for row in rows)
    print(f"\nLargest deviation: {worst:.1e} of the map's range (allowed: {LIMIT:.0e}).")
    if worst >= LIMIT:
        sys.exit(1)


def _agreement_everywhere(identifier, case: Case) -> tuple[float, float, int]:
    prepared = prepared_drawing(identifier)
    columns = identifier.logits(prepared[None])[0].topk(TOP).indices
    with torch.inference_mode():
        engine = make_engine(identifier, prepared[None], case.settings, Computing("exact"))
        oracle = ReferenceEngine(identifier, prepared[None], case.settings, 32)
    exact = OwnEngine(engine, identifier, columns)
    reference = OwnEngine(oracle, identifier, columns)
    axes = engine.grid.rows, engine.grid.cols
    # A phase with a corner also holds positions along two edges and inside.
    places = [*product(*((0, axis.count - 1) for axis in axes))]
    places.append(tuple(axis.count // 2 for axis in axes))
    phases = {(row % axes[0].phases, col % axes[1].phases) for row, col in places}
    for phase in sorted(phases):
        exact.turn(phase)
        reference.turn(phase)
    return agreement(reference.drops, exact.drops)


def speed(small: bool) -> None:
    """All engines by turns."""
    sizes = [(32, 64)] if small else [(256, 512), (128, 256)]
    rows = []
    for (height, width), patch, keywords in product(sizes, (5, 35), networks(small)):
        case = Case(height=height, width=width, patch=patch, **keywords)
        rows += measure(case, _effort(small), find_captum())
        print(*row_table(rows[-3:])[2:], sep="\n", file=sys.stderr, flush=True)
    _print(row_table(rows))


def curve(small: bool) -> None:
    """Cost against stride, patch and input size, beside the count of multiply-adds."""
    sizes = [(32, 64), (48, 96)] if small else [(64, 128), (128, 256), (256, 512), (384, 768)]
    middle = sizes[-2]
    shapes = [(*middle, 15, stride) for stride in (1, 2, 4, 8, 3, 5, 7)]
    shapes += [(*middle, patch, 4) for patch in (5, 15, 35)]
    shapes += [(*size, 5, 4) for size in sizes]
    effort = _effort(small) if small else Effort(rounds=4, batches=(8,))
    rows = []
    for keywords in networks(small):
        for height, width, patch, stride in dict.fromkeys(shapes):
            case = Case(height=height, width=width, patch=patch, stride=stride, **keywords)
            found = {row.engine: row for row in measure(case, effort)}
            exact = found["exact"]
            rows.append(
                [
                    case.network,
                    height,
                    width,
                    patch,
                    stride,
                    found["reference"].seconds_per_position,
                    exact.seconds_per_position,
                    exact.map_seconds,
                    exact.speedup_reference,
                    exact.multiply_adds_ratio,
                    exact.speedup_reference / exact.multiply_adds_ratio,
                ]
            )
            print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["network", "height", "width", "patch", "stride", "reference s/position"]
    headings += ["exact s/position", "map s", "x reference", "multiply-adds / tile's", "quotient"]
    _print(markdown(headings, rows))
    print(
        "\nMedians of three turns; brute force in batches of 8. Multiply-adds / tile's: how many "
        "times fewer multiply-adds\nthe plain convolutions of the tiles take. The quotient is "
        "above 1 where Winograd's algorithm and maps that stay\nin the cache save more than "
        "rectifiers, copies and small calls cost."
    )


def memory(small: bool) -> None:
    """Peak resident memory above that of the process with its network, each in a fresh one."""
    case = [8, 32, 64, "resnet18"] if small else [64, 256, 512, "resnet101"]
    rows = []
    for engine, limit in (("exact", 0), *(("reference", batch) for batch in (4, 8, 16, 32))):
        words = [sys.executable, __file__, "--child", engine, limit, *case]
        answer = subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, check=True
        )
        rows.append([case[3], engine, limit or None, *json.loads(answer.stdout).values()])
    headings = ["network", "engine", "batch", "before MiB", "peak MiB", "above MiB"]
    _print(markdown([*headings, "s/position"], rows))
    print("\nBrute force's best batch is the one with the fewest seconds per position.")


def measure_memory(engine: str, limit: str, channels: str, *size: str) -> None:
    """What the child process of `memory` does: a phase of one engine, p = 5 at stride 4."""
    height, width, network = int(size[0]), int(size[1]), size[2]
    case = Case(network, height, width, channels=int(channels))
    identifier = untrained_identifier(network, height, width, case.channels, "cpu")
    prepared = prepared_drawing(identifier)
    columns = identifier.logits(prepared[None])[0].topk(TOP).indices
    # Making the network took memory of its own: the peak is counted from here on.
    forget_peak()
    before = resident_mib()
    with torch.inference_mode():
        made = make_engine(
            identifier, prepared[None], case.settings, Computing(engine), int(limit) or None
        )
    blocks = None if engine == "exact" else 2
    turn = OwnEngine(made, identifier, columns, blocks).turn((0, 0))
    peak = resident_mib(peak=True)
    found = [round(before), round(peak), round(peak - before), turn.seconds_per_position]
    print(json.dumps(dict(enumerate(found))))


def gpu(small: bool) -> None:
    """Whole stride-1 maps of five individuals on a GPU, against its peak."""
    if not torch.cuda.is_available():
        print("No GPU is here, so nothing was measured on one.")
        return
    peak = _matmul_peak(torch.bfloat16)
    cases = [Case(name, 256, 512, 5, 1) for name in ("resnet18", "resnet101")]
    if small:
        cases = [Case("resnet18", 32, 64, 5, 1, channels=8)]
    rows = []
    for case, precision in product(cases, ("float32", "tf32", "bfloat16")):
        rows.append([case.network, case.height, case.width, precision, *_gpu_map(case, precision)])
        rows[-1].append(rows[-1].pop() / peak)
        print(*rows[-1], file=sys.stderr, flush=True)
    headings = ["network", "height", "width", "precision", "map s", "of the map measured"]
    headings += ["deviation", "GPU MiB", "share of the bfloat16 peak"]
    _print(markdown(headings, rows))
    print(
        f"\nA matrix product in bfloat16 reached {peak / 1e12:.0f} TFLOP/s in this run. Map: five "
        "individuals together, p = 5,\nstride 1. Deviation: largest difference from float32 in "
        "units of the probability. Share: of the\nmultiply-adds of the tiles."
    )


def _gpu_map(case: Case, precision: str, most_seconds: float = 60.0) -> list[float | None]:
    """Seconds, share measured, deviation, peak memory and operations per second of a map.

    Where it takes longer than ``most_seconds`` the rest is counted like what was measured.
    """
    identifier = untrained_identifier(case.network, case.height, case.width, case.channels, "cuda")
    prepared = prepared_drawing(identifier)
    names = [
        identifier.individuals[column]
        for column in identifier.logits(prepared[None])[0].topk(TOP).indices.tolist()
    ]
    making = MapsInTheMaking(
        identifier,
        prepared,
        tuple(names),
        columns_of(identifier, names),
        case.settings,
        Computing("exact", precision, memory=16_384),
    )
    phases = [phase for level in making.grid.phases_by_level() for phase in level]
    # The shapes of the tiles come again and again: they are met once before the clock starts.
    for phase in phases[:8]:
        _finish(making.compute(phase))
    wait_for(identifier.device)
    torch.cuda.reset_peak_memory_stats()
    known = int(making.known.sum())
    began = time.perf_counter()
    measured = []
    for phase in phases[8:]:
        _finish(making.compute(phase))
        measured.append(phase)
        if len(measured) % 64 == 0:
            wait_for(identifier.device)
            if time.perf_counter() - began > most_seconds:
                break
    wait_for(identifier.device)
    seconds = time.perf_counter() - began
    done = (int(making.known.sum()) - known) / making.known.size
    operations = 2 * sum(_tile_work(making, phase) for phase in measured)
    return [
        seconds / done,
        (known / making.known.size) + done,
        _deviation(making, phases[0]),
        torch.cuda.max_memory_allocated() / 2**20,
        operations / seconds,
    ]


def _tile_work(making: MapsInTheMaking, phase: tuple[int, int]) -> float:
    network = folded_form(making.identifier, making.computing.precision)
    return sum(
        tile_multiply_adds(network, [down], [across])
        for _, _, down, across in making.engine.tiling.chunks(phase)
    )


def _deviation(making: MapsInTheMaking, phase: tuple[int, int]) -> float | None:
    """Largest difference of a phase from the same in float32."""
    if making.computing.precision == "float32":
        return None
    exact = MapsInTheMaking(
        making.identifier,
        making.prepared,
        making.individuals,
        making.columns,
        making.settings,
        Computing("exact"),
    )
    _finish(exact.compute(phase))
    return float(np.abs(exact.values - making.values)[:, exact.known].max())


def _matmul_peak(dtype: torch.dtype, side: int = 8192, times: int = 20) -> float:
    """Operations per second of a large matrix product."""
    one = torch.randn(side, side, device="cuda", dtype=dtype)
    other = torch.randn(side, side, device="cuda", dtype=dtype)
    best = 0.0
    for _ in range(5):
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(times):
            one @ other
        torch.cuda.synchronize()
        best = max(best, 2 * side**3 * times / (time.perf_counter() - began))
    return best


def _finish(work: Iterator) -> None:
    for _ in work:
        pass


def _slim(keywords: dict) -> dict:
    return {"channels": keywords["channels"]} if "channels" in keywords else {}


def _effort(small: bool) -> Effort:
    return Effort(rounds=2, batches=(4, 8)) if small else Effort()


def _print(lines: list[str]) -> None:
    print(*lines, sep="\n", flush=True)


PARTS = {part.__name__: part for part in (equality, speed, curve, memory, gpu)}


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        measure_memory(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=[*PARTS])
    parser.add_argument("--small", action="store_true", help="a trial in seconds")
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print(f"{machine(device)}, {date.today()}: python {' '.join(sys.argv)}\n", flush=True)
    PARTS[given.part](given.small)


if __name__ == "__main__":
    main()
