"""What fits on the screen of a laptop, and what can be read there."""

import re

import pytest

from tests.browser.by_keys import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 60_000
LAPTOP = {"width": 1280, "height": 800}

CUT = """() => [...document.querySelectorAll('[data-testid=stMain] label p, [role=radiogroup]')]
    .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent)"""
CONTRAST = """(button) => {
    const light = (colour) => {
        const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((one) => one / 255)
            .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const style = getComputedStyle(button);
    const [low, high] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""


@pytest.fixture
def laptop(browser):
    """Opens an address on a laptop; what was opened is closed again."""
    contexts = []

    def opened(address: str, scheme: str = "light"):
        contexts.append(browser.new_context(viewport=LAPTOP, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.goto(address, timeout=PATIENCE)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_the_candidates_of_a_review_and_the_top_of_their_comparison_fit(
    dashboard, laptop, tiny_lab_folder
):
    page = laptop(f"{dashboard}/review?lab={tiny_lab_folder}&verdict=all")
    card = page.get_by_role("button", name=re.compile(" 5$"))
    card.wait_for(timeout=PATIENCE)
    comparison = page.get_by_role("button", name="Whole", exact=True)
    comparison.wait_for(timeout=PATIENCE)
    # While a page is drawn anew its style can be away for a moment.
    at_rest(page)
    assert card.bounding_box()["y"] + card.bounding_box()["height"] < LAPTOP["height"]
    main = page.locator("[data-testid=stMainBlockContainer]")
    assert main.evaluate("(one) => parseFloat(getComputedStyle(one).paddingTop)") <= 40


def test_the_two_heatmaps_stand_at_one_height_and_no_label_is_cut(
    dashboard, laptop, tiny_lab_folder
):
    page = laptop(f"{dashboard}/heatmaps?lab={tiny_lab_folder}")
    pictures = page.locator(".pane img")
    pictures.nth(1).wait_for(timeout=PATIENCE)
    at_rest(page)
    left, right = (pictures.nth(place).bounding_box() for place in (0, 1))
    assert abs(left["y"] - right["y"]) <= 1
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("width", [LAPTOP["width"], 1920])
def test_what_is_wrong_with_a_link_is_not_hidden_behind_the_header(
    dashboard, laptop, tiny_lab_folder, width
):
    page = laptop(f"{dashboard}/review?lab={tiny_lab_folder}&photo=nonsense")
    page.set_viewport_size({**LAPTOP, "width": width})
    words = page.get_by_text("The address asks for photo 'nonsense'")
    words.wait_for(timeout=PATIENCE)
    at_rest(page)
    header = page.locator("[data-testid=stHeader]").bounding_box()
    box = page.locator("[data-testid=stAlert]", has=words).bounding_box()
    assert box["y"] >= header["y"] + header["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chosen_candidate_can_be_read(dashboard, laptop, tiny_lab_folder, scheme):
    page = laptop(f"{dashboard}/review?lab={tiny_lab_folder}&verdict=all", scheme)
    chosen = page.locator("[data-testid=stBaseButton-primary]").first
    chosen.wait_for(timeout=PATIENCE)
    at_rest(page)
    assert chosen.evaluate(CONTRAST) >= 4.5
