"""The page Reliability in a real browser: charts are drawn, and nothing is asked of outside."""

import re

import pytest

from tests.browser.by_keys import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

INKED = """chart => {
    const svg = chart.querySelector("svg.marks")
    if (svg) return svg.querySelectorAll("path, text").length > 0
    const canvas = chart.querySelector("canvas")
    if (!canvas || !canvas.width) return false
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    return pixels.some(value => value !== 0)
}"""
"""Whether a chart holds more than an empty area."""


def test_charts_are_drawn_without_an_error_or_a_request_to_another_place(
    dashboard, browser, demo_folder
):
    page = browser.new_page()
    outside, broken = [], []
    page.on("request", lambda one: outside.append(one.url) if dashboard not in one.url else None)
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{dashboard}/reliability?lab={demo_folder}", timeout=60_000)
    page.get_by_role("heading", name="Sets of answers").wait_for(timeout=60_000)
    charts = page.get_by_test_id("stVegaLiteChart")
    charts.nth(1).wait_for(state="attached", timeout=20_000)
    at_rest(page)
    # Verdicts and sets; the other topics have theirs.
    assert charts.count() == 2
    for place in range(charts.count()):
        charts.nth(place).scroll_into_view_if_needed()
        page.wait_for_function(INKED, arg=charts.nth(place).element_handle(), timeout=20_000)
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_text(re.compile("could not|Traceback")).count() == 0
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Download as one file").click()
    kept = download.value.path().read_text(encoding="utf-8")
    assert kept.startswith("<!doctype html>")
    assert "How far to trust the identifications" in kept
    assert broken == []
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
