"""From a bar to a heatmap, from a lasso to a gallery, and the value under the pointer."""

import re

import pytest

from tests.browser.by_keys import at_rest
from whalecore.lab import open_lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_bar_leads_to_its_cluster_and_a_heatmap_of_it_to_its_photo(
    dashboard, browser, tiny_lab_folder
):
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    lab = open_lab(tiny_lab_folder)
    clusters = len(lab.cluster_correctness(lab.newest_clustering(ranks="top5")))
    page.goto(f"{dashboard}/clusters?lab={tiny_lab_folder}&cluster={clusters}", timeout=60_000)
    page.get_by_role("heading", name=f"Cluster {clusters}").wait_for(timeout=60_000)
    bars = page.get_by_test_id("stVegaLiteChart").first.locator("path[role=graphics-symbol]")
    at_rest(page)
    # The first bar is the share of the first cluster.
    bars.first.click(timeout=60_000)
    page.wait_for_url(re.compile("[?&]cluster=1(&|$)"), timeout=60_000)
    page.get_by_role("heading", name="Cluster 1").wait_for(timeout=60_000)
    # The gallery of the cluster before stands there until that of this one is read.
    first = lab.cluster_members(lab.newest_clustering(ranks="top5"), 1).iloc[0]
    name = f"{first['photo_id']} {first['individual']}"
    at_rest(page)
    page.locator(f'.sheet button[data-id="{name}"]').first.click(timeout=60_000)
    page.wait_for_url(f"**/heatmaps?*photo={first['photo_id']}*", timeout=60_000)
    page.close()


def test_a_lasso_and_keys_choose_heatmaps_that_a_copied_link_shows_again(
    dashboard, browser, tiny_lab_folder
):
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.goto(f"{dashboard}/clusters?lab={tiny_lab_folder}&tab=Map", timeout=60_000)
    canvas = page.locator(".map canvas")
    canvas.wait_for(timeout=60_000)
    at_rest(page)
    box = canvas.bounding_box()
    corners = [(0.002, 0.01), (0.998, 0.01), (0.998, 0.99), (0.002, 0.99), (0.002, 0.5)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    page.wait_for_url("**outline=*", timeout=60_000)
    page.wait_for_selector(".sheet button", timeout=60_000)
    at_rest(page)
    everything = page.locator(".sheet button").count()
    assert everything > 3
    link = page.url
    page.close()

    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.goto(link, timeout=60_000)
    page.wait_for_selector(".sheet button", timeout=60_000)
    at_rest(page)
    assert page.locator(".sheet button").count() == everything
    page.locator(".map canvas").focus()
    page.keyboard.press("Escape")
    page.locator(".sheet button").first.wait_for(state="detached", timeout=60_000)
    at_rest(page)
    assert "outline" not in page.url
    page.locator(".map canvas").focus()
    for _ in range(20):
        page.keyboard.press("+")
    page.get_by_text(re.compile("heatmaps in the circle")).wait_for(timeout=30_000)
    page.keyboard.press("Enter")
    page.wait_for_selector(".sheet button", timeout=60_000)
    assert page.locator(".sheet button").count() == everything
    page.close()


def test_the_value_under_the_pointer_is_that_of_the_heatmap(dashboard, browser, tiny_lab_folder):
    lab = open_lab(tiny_lab_folder)
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.goto(f"{dashboard}/heatmaps?lab={tiny_lab_folder}&look=five", timeout=60_000)
    pane = page.locator(".probe .pane").first
    pane.wait_for(timeout=60_000)
    at_rest(page)
    photo_id = re.search("photo=([0-9a-f]+)", page.url)[1]
    (stored,) = lab.rows("heatmaps", photo_id=photo_id, rank=1, method="osm")
    box = pane.bounding_box()
    # The middle of the last column of the first row.
    x = box["x"] + box["width"] * (1 - 0.5 / stored["cols"])
    page.mouse.move(x, box["y"] + box["height"] * 0.5 / stored["rows"])
    said = page.locator(".probe .value").first.inner_text().replace("\u2212", "-")
    assert f"row 1 of {stored['rows']}, column {stored['cols']} of {stored['cols']}" in said
    assert float(said.split()[0]) == pytest.approx(stored["values"][stored["cols"] - 1], rel=0.006)
    # The same place in the four others.
    marks = page.locator(".probe .pane i:visible").count()
    assert marks == page.locator(".probe .pane").count() > 1
    page.close()
