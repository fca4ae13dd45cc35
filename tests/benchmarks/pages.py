"""How long a reader waits for each page, from the click to its pictures, and what it costs.

    python tests/benchmarks/pages.py LAB [LAB...] [--tries 20] [--large]

Starts the dashboard, opens it in headless Chromium and turns from page to page by the list on
the left, to the map of the page Clusters and to the next photo of the page Review. A page is there
when it is at rest and its pictures and charts are drawn. Beside it, from
the same run, stands an empty page of the same Streamlit: what no program of ours can save. With
``--large`` a lab of 20,000 photos and 100,000 heatmaps is made of the demo lab.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import quote

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from tests.benchmarks.large_lab import enlarged
from tests.dashboard import FLAGS, ROOT, started
from whalecore.lab.lab import open_lab
from whalecore.workflow.bench.subject import machine
from whalecore.workflow.bench.tables import markdown

PAGES = ("Heatmaps", "Clusters", "Review", "Reliability", "Lab", "Identify")
MAP, NEXT = "Clusters, from a click on Map", "Review, next photo"
PATIENCE = 120_000
"""Milliseconds."""

EMPTY = """
import streamlit as st
st.set_page_config(layout="wide")
def one(): st.title("One")
def two(): st.title("Two")
st.navigation([st.Page(one, title="One", default=True), st.Page(two, title="Two")]).run()
"""

AT_REST = """() => !document.querySelector('[data-test-script-state="running"]')
  && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]')
  && !document.querySelector('[data-stale="true"]')
  && [...document.images].every(image => image.complete)"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labs", type=Path, nargs="*")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}, {date.today()}: python {' '.join(sys.argv)}\n")
    with tempfile.TemporaryDirectory() as folder:
        labs = [Path(shutil.copytree(lab, Path(folder) / lab.name)) for lab in given.labs]
        if given.large:
            labs.append(enlarged(ROOT / "data" / "demo", Path(folder) / "large"))
        rows, memory = [], []
        for lab in labs:
            found = measured(folder, lab, given.tries)
            memory.append([described(lab), *found.pop("memory")])
            empty = float(np.median(found.pop("empty")))
            rows += [
                [described(lab), page, len(seconds), median, float(np.percentile(seconds, 95)),
                 f"{median / empty:.1f}x"]
                for page, seconds in found.items()
                for median in [float(np.median(seconds))]
            ]  # fmt: skip
    head = ["lab", "page", "tries", "s, median", "s, 95th percentile", "of an empty page"]
    print(*markdown(head, rows), sep="\n")
    print()
    print(*markdown(["lab", "server, MB", "with 5 tabs open, MB"], memory), sep="\n")


def described(lab: Path) -> str:
    status = open_lab(lab).status()
    return f"{status['photos']:,} photos, {status['heatmaps']:,} heatmaps"


def measured(folder: str, lab: Path, tries: int) -> dict:
    """Seconds of every page and of an empty one, turned to by turns, and the server's memory."""
    from playwright.sync_api import sync_playwright

    with (
        dashboard(folder) as (server, address),
        empty_dashboard() as (_, plain),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page, beside = browser.new_page(), browser.new_page()
        page.goto(f"{address}/lab?lab={lab}", timeout=PATIENCE)
        beside.goto(plain, timeout=PATIENCE)
        settled(page)
        settled(beside)
        # What the first reader of a day waits for is shown by the percentile, not hidden.
        found: dict = {name: [] for name in (*PAGES, MAP, NEXT, "empty")}
        for turn in range(tries):
            for name in PAGES:
                found[name].append(turned(page, name))
                if name == "Clusters":
                    found[MAP].append(mapped(page))
                elif name == "Review":
                    found[NEXT].append(stepped(page))
            if page.url.find(f"lab={quote(str(lab), safe='')}") < 0:
                raise SystemExit(f"Another lab than {lab} was measured: {page.url}")
            found["empty"].append(turned(beside, "Two" if turn % 2 == 0 else "One"))
        alone = megabytes(server)
        tabs = [browser.new_page() for _ in range(5)]
        for tab, name in zip(tabs, PAGES, strict=False):
            tab.goto(f"{address}/{name.lower()}?lab={lab}".replace("/identify", "/"))
            settled(tab)
        found["memory"] = [alone, megabytes(server)]
        browser.close()
    return found


def turned(page, name: str) -> float:
    """Seconds from the click on a page's name until it is at rest with its pictures."""
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=False).first
    began = time.perf_counter()
    link.click(timeout=PATIENCE)
    page.get_by_role("heading", name=name, level=1).first.wait_for(timeout=PATIENCE)
    page.wait_for_function(AT_REST, timeout=PATIENCE, polling=50)
    seconds = time.perf_counter() - began
    page.wait_for_timeout(300)
    return seconds


def mapped(page) -> float:
    """Seconds from the click on the tab of the map until it is drawn; then back to the clusters."""
    began = time.perf_counter()
    page.get_by_role("tab", name="Map", exact=True).click(timeout=PATIENCE)
    page.locator(".map canvas").wait_for(timeout=PATIENCE)
    page.wait_for_function(AT_REST, timeout=PATIENCE, polling=50)
    seconds = time.perf_counter() - began
    page.get_by_role("tab", name="Clusters", exact=True).click(timeout=PATIENCE)
    page.locator(".map canvas").wait_for(state="detached", timeout=PATIENCE)
    settled(page)
    return seconds


def stepped(page) -> float:
    """Seconds from the click on "Next photo" until that photo is there with its candidates."""
    # What the reader looks at meanwhile: the pictures of the next photo are read ahead.
    settled(page)
    before = page.url
    began = time.perf_counter()
    page.get_by_role("button", name="Next photo").first.click(timeout=PATIENCE)
    page.wait_for_function("before => location.href !== before", arg=before, timeout=PATIENCE)
    page.wait_for_function(AT_REST, timeout=PATIENCE, polling=50)
    return time.perf_counter() - began


def settled(page) -> None:
    # The first page of a fresh server takes its time, and only then knows its lab.
    page.get_by_role("heading", level=1).first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    page.wait_for_function(AT_REST, timeout=PATIENCE)


def megabytes(server: subprocess.Popen) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


@contextmanager
def dashboard(labs: str) -> Iterator[tuple[subprocess.Popen, str]]:
    server, address = started(labs)
    try:
        yield server, address
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextmanager
def empty_dashboard() -> Iterator[tuple[subprocess.Popen, str]]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        server, address = started(folder, script)
        try:
            yield server, address
        finally:
            server.terminate()
            server.wait(timeout=20)


if __name__ == "__main__":
    main()
