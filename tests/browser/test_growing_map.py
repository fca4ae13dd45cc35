"""A map that grows before the reader's eyes, is stopped and continued, in a real browser."""

import re
import time

import pytest

from tests.browser.by_keys import at_rest
from whalecore.lab import open_lab
from whalecore.types import OcclusionSettings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FINE = OcclusionSettings(patch=5, stride=1)
SECONDS = 60


def number_of(words: str) -> int:
    """Places computed, from a caption."""
    return int(re.search(r"([0-9,]+) of [0-9,]+ places computed", words)[1].replace(",", ""))


def test_stop_ends_the_computing_and_keeps_what_is_computed(dashboard, browser, demo_copy):
    lab = open_lab(demo_copy)
    page = browser.new_page()
    page.goto(f"{dashboard}/heatmaps?lab={demo_copy}&patch=5&stride=1", timeout=60_000)
    page.get_by_role("button", name="Compute it for all five").first.wait_for(timeout=60_000)
    at_rest(page)
    page.get_by_role("button", name="Compute it for all five").first.click()
    caption = page.get_by_text(re.compile("of 32,768 places computed, the rest interpolated"))
    caption.first.wait_for(timeout=60_000)
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click(
        timeout=60_000
    )
    page.get_by_role("button", name="Continue").wait_for(timeout=60_000)
    known = number_of(caption.first.inner_text())
    assert 0 < known < 32_768
    # The claim is free again once the computing has ended.
    until = time.monotonic() + SECONDS
    while list((demo_copy / "claims").glob("explain-*")) and time.monotonic() < until:
        time.sleep(0.1)
    assert not list((demo_copy / "claims").glob("explain-*"))
    kept = {row["computed"] for row in lab.rows("unfinished_heatmaps", settings=FINE.key)}
    assert len(kept) == 1
    assert min(kept) >= known
    page.get_by_role("button", name="Continue").click()
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").wait_for(
        timeout=60_000
    )
    page.close()
