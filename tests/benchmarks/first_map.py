"""How long a reader waits, from the click on "Compute" to the first coarse map.

    python tests/benchmarks/first_map.py [LAB] [--photos 10] [--patch 5 --stride 4]
    python tests/benchmarks/first_map.py --network resnet101 --size 256x512 --photos 2

Starts the dashboard on a copy of a lab, the demo lab by default, opens one photo after the other
in headless Chromium and clicks. With a network, the copy gets an untrained one of that kind and
input size, which scores the photos that are opened. Beside it stands, from the same run, how long
the same page takes to answer the click on another layer, which computes nothing: what no engine
can save.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from tests.dashboard import FLAGS, started
from whalecore.identifiers.checkpoint import save_identifier
from whalecore.identifiers.identifier import Identifier
from whalecore.lab.lab import open_lab
from whalecore.workflow.bench.subject import machine, untrained_identifier
from whalecore.workflow.bench.tables import markdown
from whalecore.workflow.models import newest_models

ROOT = Path(__file__).resolve().parents[2]
COMPUTE = "Compute it for all five"
PATIENCE = 600_000
"""Milliseconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lab", type=Path, nargs="?", default=ROOT / "data" / "demo")
    parser.add_argument("--photos", type=int, default=10)
    parser.add_argument("--patch", type=int, default=5)
    parser.add_argument("--stride", type=int, default=4)
    parser.add_argument("--network", help="such as resnet101: untrained, in the place of the lab's")
    parser.add_argument("--size", default="256x512", help="height x width of its input")
    given = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}, {date.today()}: python {' '.join(sys.argv)}\n")
    with tempfile.TemporaryDirectory() as folder:
        lab = Path(folder) / "lab"
        shutil.copytree(given.lab, lab)
        photos = sorted(set(open_lab(lab).scores()["photo_id"]))[: given.photos]
        if given.network:
            height, width = (int(side) for side in given.size.split("x"))
            add_untrained(open_lab(lab), photos, given.network, height, width)
        server, address = started(folder)
        try:
            waited = clicked(f"{address}/heatmaps?lab={lab}", photos, given)
        finally:
            server.terminate()
            server.wait(timeout=20)
    rows = [
        [name, len(seconds), float(np.median(seconds)), min(seconds), max(seconds)]
        for name, seconds in waited.items()
    ]
    print(*markdown(["click on", "clicks", "s, median", "fastest", "slowest"], rows), sep="\n")


def add_untrained(lab, photos: list[str], architecture: str, height: int, width: int) -> None:
    """Put an untrained network in the place of the lab's newest, and let it score some photos."""
    newest = newest_models(lab)[-1]
    made = untrained_identifier(architecture, height, width)
    # As many individuals as the network has, by names that the lab knows.
    names = newest["individuals"][: len(made.individuals)]
    spare = [name for name in made.individuals if name not in names]
    names = [*names, *spare][: len(made.individuals)]
    identifier = Identifier(made.network, names, height, width)
    save_identifier(identifier, lab.model_folder(identifier.model_id))
    about = {
        "model_id": identifier.model_id,
        "architecture": architecture,
        "input_height": height,
        "input_width": width,
        "individuals": names,
        "fingerprint": identifier.fingerprint,
        "temperature": identifier.temperature,
        "mark_weight": None,
        "trained_at": datetime.now(UTC),
    }
    lab.write("models", [newest | about])
    rows = []
    for photo_id in photos:
        crop = lab.crop(photo_id)
        found = identifier.identify(lab.read_photo(photo_id), crop=crop)
        key = {"model_id": identifier.model_id, "photo_id": photo_id, "crop": crop.box.key}
        rows += [
            {**key, **asdict(candidate), "is_reference": False, "origin": "held out: untrained"}
            for candidate in found.candidates
        ]
    lab.write("scores", rows)


def clicked(address: str, photos: list[str], given) -> dict[str, list[float]]:
    """Seconds from each click to what it brings."""
    from playwright.sync_api import sync_playwright

    maps, layers = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        for photo in photos:
            page.goto(
                f"{address}&photo={photo}&patch={given.patch}&stride={given.stride}",
                timeout=PATIENCE,
            )
            button = page.get_by_role("button", name=COMPUTE).first
            button.wait_for(timeout=PATIENCE)
            settled(page)
            page.get_by_text("layer3", exact=True).click(timeout=PATIENCE)
            settled(page)
            layers.append(seconds_until(page, page.get_by_text("layer4", exact=True), SHOWN))
            settled(page)
            maps.append(seconds_until(page, button, MAP))
            page.get_by_role("button", name="Stop", exact=True).last.click(timeout=PATIENCE)
            page.get_by_role("button", name="Continue").first.wait_for(timeout=PATIENCE)
        browser.close()
    return {'"Compute": first coarse map': maps, "another layer: page drawn again": layers}


MAP = "() => /[0-9] of [0-9,]+ places computed/.test(document.body.textContent)"
SHOWN = "() => !document.querySelector('[data-test-script-state=\"running\"]')"


def seconds_until(page, target, condition: str) -> float:
    """From a click until a condition holds in the page, looked at every 50 ms."""
    target.wait_for(timeout=PATIENCE)
    began = time.perf_counter()
    target.click(timeout=PATIENCE)
    if condition == SHOWN:
        page.wait_for_timeout(60)
    page.wait_for_function(condition, timeout=PATIENCE, polling=50)
    return time.perf_counter() - began


def settled(page) -> None:
    """Wait until the page has been still for a while: what it prepares takes its time too."""
    page.wait_for_function(SHOWN, timeout=PATIENCE)
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
