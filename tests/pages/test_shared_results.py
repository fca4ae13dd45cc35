"""Two readers of one photo: one computes, the other waits and gets the same."""

import threading

import pytest

from pages.parts.shared import Shared


def test_who_asks_second_waits_and_gets_the_same_result():
    shared, started, go_on, waited = Shared(), threading.Event(), threading.Event(), []

    def slow():
        started.set()
        assert go_on.wait(5)
        return object()

    found = []
    first = threading.Thread(target=lambda: found.append(shared.get("photo", slow)))
    first.start()
    assert started.wait(5)

    def waiting():
        waited.append(True)
        go_on.set()

    second = shared.get("photo", lambda: pytest.fail("computed twice"), waiting)
    first.join(5)
    assert waited
    assert found == [second]


def test_another_key_does_not_wait():
    shared = Shared()
    inner = []
    outer = shared.get("one", lambda: inner.append(shared.get("two", lambda: 2)) or 1)
    assert (outer, inner) == (1, [2])


def test_who_waited_for_a_failure_computes_it_itself():
    shared = Shared()
    with pytest.raises(ZeroDivisionError):
        shared.get("photo", lambda: 1 // 0)
    assert shared.get("photo", lambda: 7) == 7


def test_who_waits_can_give_up():
    shared, started, go_on = Shared(), threading.Event(), threading.Event()

    def slow():
        started.set()
        return go_on.wait(5)

    first = threading.Thread(target=lambda: shared.get("photo", slow))
    first.start()
    assert started.wait(5)

    def waiting():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shared.get("photo", lambda: 1, waiting)
    go_on.set()
    first.join(5)


def test_the_result_asked_for_longest_ago_gives_way():
    shared, computed = Shared(kept=2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        shared.get(key, lambda key=key: computed.append(key))
    assert computed == ["a", "b", "c", "b"]
