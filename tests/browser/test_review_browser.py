"""The page Review in a real browser, by keys alone."""

import shutil
from pathlib import Path

import pytest

from tests.browser.by_keys import at_rest, say_name, tab_to
from tests.dashboard import started
from whalecore.lab import open_lab
from whalecore.lab.queue import Chosen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECONDS = 60_000


@pytest.fixture
def reviewed(tiny_lab_folder, tmp_path):
    """A lab of one's own, and the address of a dashboard on it."""
    folder = Path(shutil.copytree(tiny_lab_folder, tmp_path / "lab"))
    server, address = started(str(folder))
    try:
        yield open_lab(folder), address
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_escape_takes_back_what_was_typed_and_enter_keeps_it(reviewed, browser):
    lab, address = reviewed
    page = browser.new_page()
    page.goto(f"{address}/review?lab={lab.folder}&verdict=all", timeout=SECONDS)
    button = page.get_by_role("button", name="Cannot be identified")
    button.wait_for(timeout=SECONDS)
    say_name(page, "Jyn")
    tab_to(page, "Note")
    page.keyboard.type("spray")
    page.keyboard.press("Escape")
    assert page.get_by_role("textbox", name="Note").input_value() == ""
    page.keyboard.press("t")
    page.get_by_text("said Jyn").first.wait_for(timeout=SECONDS)
    (review,) = lab.rows("reviews")
    assert (review["reviewer"], review["note"]) == ("Jyn", None)
    tab_to(page, "Your name")
    page.keyboard.type("Ada")
    page.keyboard.press("Escape")
    assert page.get_by_role("textbox", name="Your name").input_value() == "Jyn"
    page.close()


def test_keys_work_again_after_the_mouse_set_a_filter_or_a_slider(reviewed, browser):
    lab, address = reviewed
    ids = lab.review_queue(Chosen(verdict="all")).ids
    page = browser.new_page()
    page.goto(f"{address}/review?lab={lab.folder}", timeout=SECONDS)
    page.get_by_role("button", name="Cannot be identified").wait_for(timeout=SECONDS)
    at_rest(page)
    page.get_by_role("combobox", name="Verdict").click()
    page.get_by_role("option", name="All photos with scores").click()
    page.get_by_text(f"Photo 1 of {len(ids)}").wait_for(timeout=SECONDS)
    # A list takes the focus back when it has closed.
    page.wait_for_timeout(500)
    for place, setter in enumerate(("Brightness", "Contrast"), 2):
        at_rest(page)
        page.keyboard.press("j")
        page.get_by_text(f"Photo {place} of {len(ids)}").wait_for(timeout=SECONDS)
        at_rest(page)
        page.get_by_label(setter).first.click()
    at_rest(page)
    page.keyboard.press("k")
    page.get_by_text(f"Photo 2 of {len(ids)}").wait_for(timeout=SECONDS)
    page.close()


def test_photos_are_decided_by_keys_alone_and_a_decision_is_taken_back(reviewed, browser):
    lab, address = reviewed
    ids = lab.review_queue(Chosen(verdict="all")).photos["photo_id"].tolist()
    page = browser.new_page()
    outside = []
    page.on("request", lambda one: outside.append(one.url))
    page.goto(f"{address}/review?lab={lab.folder}&verdict=all", timeout=SECONDS)
    page.get_by_role("button", name="Cannot be identified").wait_for(timeout=SECONDS)

    def wait(words: str) -> None:
        page.get_by_text(words).first.wait_for(timeout=SECONDS)

    # Keys of the buttons are only letters while a name is typed.
    say_name(page, "Jyn Tun")
    wait(f"Photo 1 of {len(ids)}")
    assert lab.reviews().empty
    second = lab.scores(photo_id=ids[0])["individual"].tolist()[1]
    page.keyboard.press("2")
    page.get_by_role("button", name=f"It is {second}").wait_for(timeout=SECONDS)
    page.keyboard.press("y")
    wait(f"1 of {len(ids)} photos of this pile are decided")
    assert lab.standing(ids[0]).of("Jyn Tun").individual == second
    at_rest(page)
    page.keyboard.press("u")
    wait(f"0 of {len(ids)} photos of this pile are decided")
    assert lab.standing(ids[0]).decisions == ()
    page.keyboard.press("j")
    wait(f"Photo 2 of {len(ids)}")
    page.locator(f".st-key-decide_new_{ids[1]}").wait_for(timeout=SECONDS)
    assert f"photo={ids[1]}" in page.url
    at_rest(page)
    page.keyboard.press("n")
    wait(f"1 of {len(ids)} photos of this pile are decided")
    assert lab.standing(ids[1]).individual == "new_0001"
    page.keyboard.press("j")
    page.locator(f".st-key-decide_retake_{ids[2]}").wait_for(timeout=SECONDS)
    at_rest(page)
    page.keyboard.press("t")
    wait(f"2 of {len(ids)} photos of this pile are decided")
    assert lab.standing(ids[2]).decision == "retake"
    assert [url for url in outside if not url.startswith((address, "data:", "blob:", "ws:"))] == []
    page.close()
