"""What the system says about memory."""

import os

import pytest

from whalecore import memory


@pytest.fixture
def silent_system(monkeypatch):
    monkeypatch.setattr(memory, "_entry", lambda file, name: None)


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="the system has no such file")
def test_what_is_free_is_less_than_what_there_is():
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.available_bytes() < there


def test_where_the_system_does_not_say_what_is_free_all_of_it_counts(silent_system, monkeypatch):
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}
    monkeypatch.setattr(os, "sysconf", pages.get, raising=False)
    assert memory.available_bytes() == 4096 * 1000


def test_where_the_system_says_nothing_nothing_is_known(silent_system, monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert memory.available_bytes() is None
    assert memory.resident_mib() is None
