"""A dashboard that runs and a browser that looks at it."""

import shutil

import pytest

from tests.dashboard import FLAGS, started


def pytest_collection_modifyitems(items) -> None:
    """Try once more where a page did not come in time; a wrong answer is never tried again.

    On a machine that does other work a browser can take longer than any patience.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError"]))


@pytest.fixture(scope="session")
def dashboard(tiny_lab_folder):
    """Address of a dashboard that was just started on the small lab."""
    server, address = started(str(tiny_lab_folder))
    try:
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()
