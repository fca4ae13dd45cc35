"""The gallery in a real browser: pictures, a click, the keyboard, and nothing from outside."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def dashboard(tiny_lab_folder):
    """Address of a dashboard that was just started on the small lab."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    server = subprocess.Popen(
        [*command, "--server.headless=true"],
        cwd=ROOT,
        env={**os.environ, "WHALECORE_LABS": str(tiny_lab_folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                with urlopen(f"{address}/_stcore/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


def test_a_heatmap_of_a_cluster_opens_its_photo_by_click_or_key(
    dashboard, browser, tiny_lab_folder
):
    page = browser.new_page()
    outside = []
    page.on("request", lambda one: outside.append(one.url) if dashboard not in one.url else None)
    # The first address after a start is not the front page's, as with a copied link.
    page.goto(f"{dashboard}/clusters?lab={tiny_lab_folder}", timeout=60_000)
    page.wait_for_selector(".sheet button", timeout=60_000)
    assert page.get_by_role("link", name="Heatmaps").is_visible()
    first = page.locator(".sheet button").first
    second_id = page.locator(".sheet button").nth(1).get_attribute("data-id")
    assert first.locator("img").evaluate("picture => picture.naturalWidth") > 0
    assert first.locator("img").get_attribute("alt")
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/heatmaps?*", timeout=60_000)
    assert f"photo={second_id.split()[0]}" in page.url
    page.go_back()
    page.wait_for_selector(".sheet button", timeout=60_000)
    first_id = page.locator(".sheet button").first.get_attribute("data-id")
    page.locator(".sheet button").first.click()
    page.wait_for_url(f"**/heatmaps?*photo={first_id.split()[0]}*", timeout=60_000)
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
