"""The gallery in a real browser: pictures, a click, the keyboard, and nothing from outside."""

import pytest

from tests.browser.by_keys import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_heatmap_of_a_cluster_opens_its_photo_by_click_or_key(
    dashboard, browser, tiny_lab_folder
):
    page = browser.new_page()
    outside = []
    page.on("request", lambda one: outside.append(one.url) if dashboard not in one.url else None)
    # The first address after a start is not the front page's, as with a copied link.
    page.goto(f"{dashboard}/clusters?lab={tiny_lab_folder}", timeout=60_000)
    page.wait_for_selector(".sheet button", timeout=60_000)
    at_rest(page)
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
    at_rest(page)
    first_id = page.locator(".sheet button").first.get_attribute("data-id")
    page.locator(".sheet button").first.click()
    page.wait_for_url(f"**/heatmaps?*photo={first_id.split()[0]}*", timeout=60_000)
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
