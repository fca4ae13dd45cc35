"""A job that is started in one tab, watched from a second one and cancelled there."""

import re

import pytest

from whalecore.lab import open_lab
from whalecore.workflow.jobs import jobs

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 60_000


def test_a_job_is_started_watched_from_a_second_tab_and_cancelled(dashboard, browser, demo_copy):
    first = browser.new_page()
    first.goto(f"{dashboard}/lab?lab={demo_copy}", timeout=PATIENCE)
    first.get_by_text("Start one step, also again").click(timeout=PATIENCE)
    first.get_by_role("combobox", name=re.compile("Step")).first.click()
    first.get_by_role("option", name="Compute heatmaps").click()
    first.get_by_role("spinbutton", name=re.compile("Stride")).fill("2")
    first.keyboard.press("Enter")
    first.get_by_role("button", name="Start").click()
    running = re.compile("Compute heatmaps: running")
    first.get_by_text(running).first.wait_for(timeout=PATIENCE)
    assert re.search(r"job=\d{8}-\d{6}-[0-9a-f]{4}", first.url)
    second = browser.new_context().new_page()
    second.goto(f"{dashboard}/lab?lab={demo_copy}", timeout=PATIENCE)
    second.get_by_text(running).first.wait_for(timeout=PATIENCE)
    second.get_by_text(re.compile(r"Explain photos: [0-9,]+ of")).wait_for(timeout=PATIENCE)
    second.get_by_role("button", name="Cancel").click()
    for page in (first, second):
        page.get_by_text(re.compile("Compute heatmaps: cancelled")).first.wait_for(timeout=PATIENCE)
    (one,) = jobs(open_lab(demo_copy))
    assert (one.state, one.job_id in first.url) == ("cancelled", True)
    first.close()
    second.context.close()
