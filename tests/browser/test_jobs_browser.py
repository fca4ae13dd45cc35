"""A job that is started in one tab, and seen in those that were open before: watched, cancelled."""

import re

import pytest

from tests.browser.by_keys import at_rest
from whalecore.lab import open_lab
from whalecore.workflow.jobs import jobs

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 60_000
RUNNING = re.compile("Compute heatmaps: running")
STEP = re.compile(r"Explain photos: [0-9,]+ of")


def start_heatmaps(page) -> None:
    at_rest(page)
    page.get_by_text("Start one step, also again").click(timeout=PATIENCE)
    at_rest(page)
    page.get_by_role("combobox", name=re.compile("Step")).first.click()
    page.get_by_role("option", name="Compute heatmaps").click()
    at_rest(page)
    page.get_by_role("spinbutton", name=re.compile("Stride")).fill("2")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start").click()


def test_a_job_is_started_watched_from_tabs_that_were_open_before_and_cancelled(
    dashboard, browser, demo_copy
):
    beside, second = browser.new_context().new_page(), browser.new_context().new_page()
    beside.goto(f"{dashboard}/reliability?lab={demo_copy}", timeout=PATIENCE)
    beside.get_by_role("heading", name="Verdicts and the truth").wait_for(timeout=PATIENCE)
    second.goto(f"{dashboard}/lab?lab={demo_copy}", timeout=PATIENCE)
    half_typed = second.get_by_role("textbox", name="Folder of photos")
    half_typed.wait_for(timeout=PATIENCE)
    half_typed.press_sequentially("/home/me/flu")
    first = browser.new_page()
    first.goto(f"{dashboard}/lab?lab={demo_copy}", timeout=PATIENCE)
    start_heatmaps(first)
    for page in (first, second, beside):
        page.get_by_text(RUNNING).first.wait_for(timeout=PATIENCE)
    for page in (second, beside):
        page.get_by_text(STEP).first.wait_for(timeout=2 * PATIENCE)
    assert re.search(r"job=\d{8}-\d{6}-[0-9a-f]{4}", first.url)
    # What was being typed meanwhile goes on where it stopped.
    second.keyboard.type("kes")
    assert half_typed.input_value() == "/home/me/flukes"
    half_typed.fill("")
    second.get_by_role("button", name="Cancel").click()
    for page in (first, second, beside):
        page.get_by_text(re.compile("Compute heatmaps: cancelled")).first.wait_for(timeout=PATIENCE)
    (one,) = jobs(open_lab(demo_copy))
    assert (one.state, one.job_id in first.url) == ("cancelled", True)
    first.close()
    for page in (second, beside):
        page.context.close()
