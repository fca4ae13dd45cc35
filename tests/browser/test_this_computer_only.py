"""The dashboard asks nothing of another computer, and answers to none."""

import re
import socket
from urllib.parse import urlsplit

import pytest

from tests.browser.by_keys import at_rest
from whalecore.lab import open_lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 60_000
AT_REST = """() => document.querySelector('h1')
  && !document.querySelector('[data-test-script-state="running"], [data-testid="stSkeleton"]')
  && [...document.images].every((image) => image.complete)"""
VIEWS = {
    "Identify": "?",
    "Identify, a photo": "?photo={photo}&",
    "Heatmaps": "heatmaps?",
    "Heatmaps, five candidates": "heatmaps?look=five&",
    "Heatmaps, compared": "heatmaps?look=compare&",
    "Clusters": "clusters?",
    "Clusters, map": "clusters?tab=Map&",
    "Clusters, families": "clusters?tab=Families&",
    "Clusters, two": "clusters?tab=Two+clusters&cluster=1&second=2&",
    "Review": "review?verdict=all&",
    "Reliability": "reliability?",
    "Lab": "lab?",
}


@pytest.fixture
def watched(browser):
    """A page, and whom it asked for something: hosts and ports."""
    page = browser.new_page()
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("websocket", lambda one: asked.append(one.url))
    yield page, asked
    page.close()


def hosts(asked: list[str]) -> set[str]:
    return {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_asks_no_other_address(view, dashboard, watched, tiny_lab_folder):
    page, asked = watched
    address = VIEWS[view].format(photo=open_lab(tiny_lab_folder).scores()["photo_id"].iloc[0])
    page.goto(f"{dashboard}/{address}lab={tiny_lab_folder}", timeout=PATIENCE)
    page.get_by_role("heading", level=1, name=view.split(",")[0]).wait_for(timeout=PATIENCE)
    page.wait_for_timeout(300)
    page.wait_for_function(AT_REST, timeout=PATIENCE)
    assert hosts(asked) == {urlsplit(dashboard).netloc}
    assert page.get_by_text(re.compile("The dashboard could not")).count() == 0


def test_saving_a_table_asks_no_other_address(dashboard, watched, tiny_lab_folder):
    page, asked = watched
    page.goto(f"{dashboard}/lab?lab={tiny_lab_folder}", timeout=PATIENCE)
    page.get_by_role("button", name="CSV", exact=True).last.wait_for(timeout=PATIENCE)
    at_rest(page)
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="CSV", exact=True).last.click(timeout=PATIENCE)
    assert download.value.path().read_bytes().startswith(b"photo_id,")
    assert hosts([*asked, download.value.url]) == {urlsplit(dashboard).netloc}


def test_the_dashboard_is_not_there_for_other_computers(dashboard):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            # No packet is sent: the system only says from where one would go.
            way.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("this machine has no address that others could reach")
        own = way.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("this machine has no address that others could reach")
    port = urlsplit(dashboard).port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((own, port), timeout=5)
