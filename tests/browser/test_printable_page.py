"""The page of a photo in a real browser: from a file, alone, and on paper."""

import re

import pytest

from tests import lab_rows
from tests.assessed import assessment
from whalecore.lab import create_lab
from whalecore.workflow.report import assessment_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WHITE = "rgb(255, 255, 255)"
MOST_PAGES = 5


@pytest.fixture
def page_file(tmp_path):
    lab = create_lab(tmp_path / "lab", "lab", tmp_path)
    lab.write("catalogue", [lab_rows.photo("p00", "a")])
    lab.write("models", [lab_rows.model("m", fold=0)])
    lab.decide("p00", "new_individual", reviewer="Anna")
    path = tmp_path / "photo.html"
    page = assessment_page(lab, assessment("p00", ("a", "b", "c", "d", "e")))
    path.write_text(page, encoding="utf-8")
    return path


def test_the_page_opens_without_a_server_and_prints_light_on_a_few_sheets(browser, page_file):
    page = browser.new_page(color_scheme="dark")
    asked, said = [], []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: said.append(one.text))
    page.goto(page_file.as_uri())
    pictures = page.locator("img")
    assert pictures.count() == 8
    assert all(width > 0 for width in pictures.evaluate_all("all => all.map(i => i.naturalWidth)"))
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert said == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != WHITE
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == WHITE
    assert page.locator(".sign").is_visible()
    exact = "getComputedStyle(document.querySelector('.verdict')).printColorAdjust"
    assert page.evaluate(exact) == "exact"
    paper = page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    assert 2 <= sheets <= MOST_PAGES
    # A4 in points.
    assert b"/MediaBox [0 0 594" in paper or b"/MediaBox [0 0 595" in paper
    page.close()
