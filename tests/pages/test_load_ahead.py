"""What an answer needs is loaded when nobody clicks, and never stands in the way."""

import time

import pytest

from pages.parts import load_ahead

STEPS = ("_load_model", "_prepare")
QUIET = 0.2


@pytest.fixture
def done(monkeypatch):
    """Names and times of the steps that were done."""
    found = []
    for name in STEPS:
        monkeypatch.setattr(
            load_ahead, name, lambda lab, name=name: found.append((name, lab, time.monotonic()))
        )
    monkeypatch.setattr(load_ahead, "QUIET", QUIET)
    return found


def wait_for(found: list, count: int) -> None:
    until = time.monotonic() + 10
    while len(found) < count and time.monotonic() < until:
        time.sleep(0.01)
    assert len(found) == count


def test_loading_begins_once_and_only_when_no_page_was_drawn_for_a_while(done):
    ahead = load_ahead._Ahead()
    for lab in ("first", "second", "third"):
        ahead.drawn(lab)
        last = time.monotonic()
        assert done == []
        time.sleep(QUIET / 4)
    wait_for(done, len(STEPS))
    assert [name for name, _, _ in done] == list(STEPS)
    assert {lab for _, lab, _ in done} == {"first"}
    assert done[0][2] - last >= QUIET
    ahead.drawn("later")
    time.sleep(2 * QUIET)
    assert len(done) == len(STEPS)


def test_what_cannot_be_loaded_disturbs_nobody(done, monkeypatch):
    def broken(lab):
        done.append("broken")
        raise OSError("the file is gone")

    monkeypatch.setattr(load_ahead, "_load_model", broken)
    ahead = load_ahead._Ahead()
    ahead.drawn("lab")
    wait_for(done, 1)
    ahead._thread.join(5)
    assert done == ["broken"]


def test_a_lab_without_a_model_needs_nothing_loaded(tmp_path, monkeypatch):
    from whalecore.lab.lab import create_lab

    (tmp_path / "photos").mkdir()
    lab = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    monkeypatch.setattr(load_ahead, "identifier_of", lambda *_: pytest.fail("a model was loaded"))
    for step in (load_ahead._load_model, load_ahead._prepare):
        step(lab)
