"""Maps that a thread computes while readers look at them."""

import threading

import numpy as np
import pytest

from whalecore.errors import LabError
from whalecore.types import OcclusionMaps, Progress
from whalecore.workflow.background import Background, GrowingMaps

SOON = 10.0


def maps_of(computed: int) -> OcclusionMaps:
    known = np.arange(4) < computed
    return OcclusionMaps(("a",), np.zeros((1, 1, 4), np.float32), known[None], "exact")


class Work:
    """Levels that are handed out one by one, and what became of the generator."""

    def __init__(self, levels: int = 2) -> None:
        self.may_go_on = threading.Semaphore(0)
        self.closed = threading.Event()
        self.levels = levels
        self.begun = 0

    def __call__(self, report):
        self.begun += 1
        try:
            for level in range(1, self.levels + 1):
                report(Progress("occlusion", level, self.levels))
                self.may_go_on.acquire(timeout=SOON)
                yield maps_of(level)
        finally:
            self.closed.set()


def test_the_first_maps_are_waited_for_and_the_last_ones_end_it():
    work = Work()
    growing = GrowingMaps(work)
    assert growing.look() is None
    work.may_go_on.release()
    assert growing.look(wait=SOON).computed.sum() == 1
    assert growing.running
    work.may_go_on.release()
    growing.wait(SOON)
    assert not growing.running
    assert growing.look().computed.sum() == 2
    assert growing.progress == Progress("occlusion", 2, 2)


def test_stop_ends_it_between_two_steps_and_closes_what_computes():
    work = Work(levels=3)
    growing = GrowingMaps(work)
    growing.stop()
    work.may_go_on.release()
    growing.wait(SOON)
    assert work.closed.is_set()
    assert not growing.failed
    assert growing.look().computed.sum() == 1


def test_it_ends_when_nobody_has_looked_for_a_while():
    work = Work()
    growing = GrowingMaps(work, patience=-1.0)
    growing.wait(SOON)
    assert work.closed.is_set()
    assert growing.look() is None


def test_it_goes_on_for_a_reader_who_is_there_without_looking():
    work, there = Work(levels=3), threading.Event()
    there.set()
    growing = GrowingMaps(work, lambda reader: there.is_set(), patience=-1.0)
    work.may_go_on.release()
    assert growing.look(wait=SOON).computed.sum() == 1
    assert growing.running
    there.clear()
    work.may_go_on.release()
    growing.wait(SOON)
    assert work.closed.is_set()
    assert growing.look().computed.sum() == 2


def test_an_error_reaches_whoever_looks_each_time():
    def explain(report):
        raise LabError("The photo is gone: import it again.")
        yield

    growing = GrowingMaps(explain)
    growing.wait(SOON)
    for _ in range(2):
        with pytest.raises(LabError, match="The photo is gone"):
            growing.look(wait=SOON)


def test_two_readers_share_what_is_computed_and_it_goes_on_while_one_stays():
    work, background = Work(levels=3), Background()
    first = background.start("photo", work, "one reader")
    second = background.start("photo", work, "another reader")
    assert first is second
    background.leave_all("one reader")
    work.may_go_on.release()
    assert second.look("another reader", wait=SOON).computed.sum() == 1
    assert second.running
    background.leave_all("another reader")
    work.may_go_on.release()
    second.wait(SOON)
    assert work.closed.is_set()
    assert work.begun == 1


def test_a_reader_who_turns_to_another_photo_leaves_the_first_alone():
    old, new, background = Work(), Work(), Background()
    left = background.start("old", old, "reader")
    background.start("new", new, "reader")
    background.leave_all("reader", but="new")
    old.may_go_on.release()
    left.wait(SOON)
    assert not left.running
    assert background.get("new").running
    new.may_go_on.release(2)


def test_finished_maps_are_forgotten_and_failed_ones_kept_until_they_are_begun_again():
    work, background = Work(levels=1), Background()
    background.start("photo", work, "reader").stop()
    work.may_go_on.release()
    growing = background.get("photo")
    if growing is not None:
        growing.wait(SOON)
    assert background.get("photo") is None

    def broken(report):
        raise LabError("No.")
        yield

    background.start("other", broken, "reader").wait(SOON)
    assert background.get("other").failed
    again = Work(levels=1)
    again.may_go_on.release()
    background.start("other", again, "reader").wait(SOON)
    assert background.get("other") is None


def test_nothing_is_computed_under_an_unknown_key():
    assert Background().get("photo") is None


def test_another_reader_who_turns_pages_takes_no_error_from_whom_it_concerns():
    def broken(report):
        raise LabError("No.")
        yield

    background = Background()
    background.start("photo", broken, "one reader").wait(SOON)
    background.leave_all("another reader")
    assert background.get("photo").failed
    background.leave_all("one reader")
    assert background.get("photo") is None


def test_what_is_about_to_stop_is_begun_again_and_not_joined():
    old, new, background = Work(), Work(), Background()
    ending = background.start("photo", old, "reader")
    ending.stop()
    old.may_go_on.release()
    again = background.start("photo", new, "reader")
    assert again is not ending
    assert not ending.running
    assert again.running
    new.may_go_on.release(2)
