"""Identify in a real browser: upload to decision by keys alone, one zoom for both pictures."""

import pytest

from tests.browser.by_keys import at_rest, say_name
from whalecore.lab import open_lab
from whalecore.photos.decode import load_photo
from whalecore.verdict_words import KINDS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 120_000


def transforms(page) -> list[str]:
    """Zoom and place of the two pictures."""
    moved = page.locator(".compare .moved")
    return [moved.nth(side).evaluate("one => one.style.transform") for side in (0, 1)]


def scored_photo(lab) -> str:
    """A photo whose first candidate has several other photos in the lab."""
    for row in lab.scores().query("rank == 1").itertuples():
        others = lab.gallery(row.individual)["photo_id"]
        if (others != row.photo_id).sum() > 1:
            return row.photo_id
    raise LookupError("the small lab has no such photo")


def compared_with(page) -> str:
    return page.locator(".compare figcaption strong").nth(1).inner_text()


def verdicts_of(page) -> dict[str, tuple[str, ...]]:
    """The verdicts that stand on the page, each with its reasons."""
    found = {}
    for box in page.get_by_test_id("stAlert").all():
        said = [line for line in box.inner_text().splitlines() if line]
        for place, line in enumerate(said):
            if (kind := line.partition(". ")[0]) in KINDS.values():
                found[kind] = tuple(said[place + 1 :])
    return found


def test_from_upload_to_verdict_to_decision_by_keys_alone(dashboard, browser, tiny_lab):
    page = browser.new_page()
    outside = []
    page.on("request", lambda one: outside.append(one.url) if dashboard not in one.url else None)
    page.goto(f"{dashboard}/?lab={tiny_lab.folder}", timeout=LONG)
    photo = tiny_lab.photo_path(scored_photo(tiny_lab)).read_bytes()
    # One byte more after its end: another file with the same picture, so not yet in the lab.
    upload = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo + b"\0"}
    # The window in which a file is chosen is the browser's own; all else goes by keys.
    page.locator("input[type=file]").set_input_files(upload, timeout=LONG)
    page.locator(".compare .picture").first.wait_for(timeout=LONG)
    page.get_by_role("button", name="Cannot be identified").wait_for(timeout=LONG)
    expected = tiny_lab.assess(load_photo(upload["buffer"], name="IMG_1.jpg")).verdict
    assert verdicts_of(page) == {KINDS[expected.verdict]: expected.reasons}
    say_name(page, "Ada")
    first = compared_with(page)
    page.keyboard.press("2")
    page.locator(".compare figcaption strong").get_by_text("2. ").wait_for(timeout=LONG)
    second = compared_with(page)
    assert (first[:2], second[:2]) == ("1.", "2.")
    at_rest(page)
    page.keyboard.press("y")
    page.get_by_text("said Ada").first.wait_for(timeout=LONG)
    (review,) = tiny_lab.rows("reviews")
    assert (review["decision"], review["individual"]) == ("confirm", second[3:])
    page.close()
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []


def test_an_upload_that_is_taken_out_is_put_away_unless_it_is_there_twice(
    dashboard, browser, tiny_lab
):
    photo = tiny_lab.photo_path(scored_photo(tiny_lab)).read_bytes() + b"\0"
    page = browser.new_page()
    page.goto(f"{dashboard}/?lab={tiny_lab.folder}", timeout=LONG)
    names = ("one.jpg", "two.jpg")
    files = [{"name": one, "mimeType": "image/jpeg", "buffer": photo} for one in names]
    page.locator("input[type=file]").set_input_files(files, timeout=LONG)
    compared = page.locator(".compare .picture").first
    compared.wait_for(timeout=LONG)
    for name in names:
        at_rest(page)
        assert compared.is_visible()
        page.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_text("Drop a photo of a fluke above").wait_for(timeout=LONG)
    page.close()


def test_both_pictures_share_zoom_and_place_and_keep_them(dashboard, browser, tiny_lab_folder):
    page = browser.new_page()
    photo_id = scored_photo(open_lab(tiny_lab_folder))
    page.goto(f"{dashboard}/?lab={tiny_lab_folder}&photo={photo_id}", timeout=LONG)
    page.locator(".compare .picture").nth(1).wait_for(timeout=LONG)
    at_rest(page)
    heatmaps = page.locator(".compare .heatmap:not([hidden])")
    visible = [one.evaluate("e => getComputedStyle(e).visibility") for one in heatmaps.all()]
    assert set(visible) == {"visible"}
    page.keyboard.press("Space")
    hidden = [one.evaluate("e => getComputedStyle(e).visibility") for one in heatmaps.all()]
    assert hidden == ["hidden"] * len(visible)
    edge = page.locator(".compare .pane").first.bounding_box()
    page.mouse.move(edge["x"] + edge["width"] / 4, edge["y"] + edge["height"] / 2)
    page.mouse.wheel(0, -100)
    page.keyboard.press("+")
    left, right = transforms(page)
    assert left == right
    assert "scale(1)" not in left
    shown = page.locator(".compare figcaption span").nth(2)
    page.locator(".compare .place").get_by_text("photo 1 of").wait_for(timeout=LONG)
    at_rest(page)
    page.keyboard.press("ArrowRight")
    page.locator(".compare .place").get_by_text("photo 2 of").wait_for(timeout=LONG)
    at_rest(page)
    assert shown.is_visible()
    assert transforms(page) == [left, left]
    page.keyboard.press("3")
    page.locator(".compare figcaption strong").get_by_text("3. ").wait_for(timeout=LONG)
    at_rest(page)
    assert transforms(page) == [left, left]
    page.keyboard.press("Shift+ArrowDown")
    assert len(set(transforms(page))) == 1
    assert transforms(page) != [left, left]
    page.keyboard.press("0")
    assert transforms(page) == ["translate(0%, 0%) scale(1)"] * 2
    assert page.locator(".compare .keys").is_hidden()
    page.keyboard.press("?")
    assert page.locator(".compare .keys").is_visible()
    page.close()


def test_a_copied_link_opens_the_same_comparison_in_a_new_browser(
    dashboard, browser, tiny_lab_folder
):
    page = browser.new_page()
    photo_id = scored_photo(open_lab(tiny_lab_folder))
    page.goto(f"{dashboard}/?lab={tiny_lab_folder}&photo={photo_id}", timeout=LONG)
    page.locator(".compare .place").get_by_text("photo 1 of").wait_for(timeout=LONG)
    at_rest(page)
    page.keyboard.press("ArrowRight")
    page.locator(".compare .place").get_by_text("photo 2 of").wait_for(timeout=LONG)
    page.wait_for_url("**against=*", timeout=LONG)
    words = page.locator(".compare figcaption").all_inner_texts()
    link = page.url
    page.close()
    other = browser.new_context().new_page()
    other.goto(link, timeout=LONG)
    other.locator(".compare .place").get_by_text("photo 2 of").wait_for(timeout=LONG)
    assert other.locator(".compare figcaption").all_inner_texts() == words
    other.context.close()


def test_the_front_page_opens_by_its_name_in_the_address_too(dashboard, browser, tiny_lab_folder):
    page = browser.new_page()
    photo_id = scored_photo(open_lab(tiny_lab_folder))
    page.goto(f"{dashboard}/identify?lab={tiny_lab_folder}&photo={photo_id}", timeout=LONG)
    page.locator(".compare .place").get_by_text("photo 1 of").wait_for(timeout=LONG)
    assert "/identify" not in page.url
    assert photo_id in page.url
    assert page.get_by_role("dialog").count() == 0
    page.close()
