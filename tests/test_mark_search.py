"""Searching a lab's marks: all photos as they are at the moment, few of them read again."""

import numpy as np
import pytest

from tests import lab_rows as row
from tests.test_lab_marks import FLUKE, SEEN, SETTINGS, stored
from whalecore.lab.keypoints import keypoint_row
from whalecore.lab.lab import create_lab
from whalecore.lab.mark_search import MarkSearch
from whalecore.photos.mark_words import in_words
from whalecore.photos.packed_keypoints import kept
from whalecore.types import Box

KEYPOINTS = SETTINGS.keypoints
BOX = Box(0.0, 0.0, 10.0, 10.0)
OTHER_BOX = Box(1.0, 1.0, 9.0, 9.0)
MEMBERS = {"a1": 0, "a2": 0, "b1": 1}


@pytest.fixture
def lab(tmp_path):
    lab = create_lab(tmp_path / "lab", "marks", tmp_path)
    lab.write("catalogue", [row.photo(one, one[0]) for one in SEEN])
    lab.write("crops", [row.crop(one) for one in SEEN])
    lab.write("keypoints", [keypoint_row(one, BOX, KEYPOINTS, SEEN[one]) for one in SEEN])
    return lab


def asked(search: MarkSearch, members=MEMBERS) -> list[float]:
    return search.likeness(kept(FLUKE), members, 2).tolist()


def test_who_has_the_marks_of_a_photo_is_most_like_it(lab):
    same, other = asked(lab.mark_search(KEYPOINTS))
    # Nearly all of its 30 marks answer, and nobody else's.
    assert same > 20 * np.log(2) * 0.5
    assert other < 0.2 * same
    assert asked(lab.mark_search(KEYPOINTS), {"b1": 1})[0] == 0


def test_words_that_are_stored_are_those_of_the_stored_descriptors(lab):
    search = lab.mark_search(KEYPOINTS)
    read = lab.mark_words(["a1", "gone"], KEYPOINTS, search.vocabulary)
    _, keypoints = lab.keypoints(["a1"], KEYPOINTS)["a1"]
    expected = in_words(keypoints, search.vocabulary)
    assert list(read) == ["a1"]
    for name in ("places", "words", "looks"):
        np.testing.assert_array_equal(getattr(read["a1"], name), getattr(expected, name))


def test_keypoints_without_words_or_with_damaged_ones_are_put_into_words_again(lab):
    search = lab.mark_search(KEYPOINTS)
    expected = lab.mark_words(["a1", "a2"], KEYPOINTS, search.vocabulary)
    lab.write("keypoints", [stored("a1", SEEN["a1"]), stored("a2", SEEN["a2"]) | {"words": b"x"}])
    found = lab.mark_words(["a1", "a2"], KEYPOINTS, search.vocabulary)
    assert set(found) == {"a1", "a2"}
    for one in found:
        np.testing.assert_array_equal(found[one].looks, expected[one].looks)


def test_photos_that_come_or_change_are_found_and_the_others_are_not_read_again(lab, monkeypatch):
    search, read = MarkSearch(lab, KEYPOINTS, at_once=2), []
    plain = type(lab).mark_words

    def noted(self, photo_ids, *others):
        read.append(photo_ids)
        return plain(self, photo_ids, *others)

    monkeypatch.setattr(type(lab), "mark_words", noted)
    first = asked(search)
    assert read == [["a1", "a2", "b1"]]
    assert asked(search) == first
    assert len(read) == 1
    lab.write("catalogue", [row.photo("c1", "c")])
    lab.write("crops", [row.crop("c1")])
    lab.write("keypoints", [keypoint_row("c1", BOX, KEYPOINTS, SEEN["a1"])])
    assert asked(search, {"c1": 1})[1] > 0
    assert read[1:] == [["b1", "c1"]]
    lab.write("crops", [row.crop("a1", edge=1.0)])
    assert asked(search, {"a1": 0}) == [0, 0]
    assert read[2:] == [["a2"]]
    assert asked(search, {"a2": 0})[0] > 0
    lab.write("keypoints", [keypoint_row("a1", OTHER_BOX, KEYPOINTS, SEEN["b1"])])
    assert asked(search, {"a1": 0})[0] < 0.2 * asked(search, {"a2": 0})[0]


def test_keypoints_in_a_corrected_crop_count_where_nobody_asked_in_between(lab):
    search, alone = MarkSearch(lab, KEYPOINTS, at_once=3), {"a1": 0}
    before = asked(search, alone)
    lab.write("crops", [row.crop("a1", edge=1.0)])
    lab.write("keypoints", [keypoint_row("a1", OTHER_BOX, KEYPOINTS, FLUKE)])
    assert asked(search, alone)[0] > before[0]
    assert asked(search, alone) == asked(MarkSearch(lab, KEYPOINTS), alone)


def test_keypoints_that_are_found_again_in_the_same_crop_count(lab):
    lab.write("keypoints", [stored("a1", SEEN["a1"]) | {"descriptors": b"short", "words": b"x"}])
    search = MarkSearch(lab, KEYPOINTS, at_once=3)
    assert asked(search, {"a1": 0}) == [0, 0]
    lab.write("keypoints", [keypoint_row("a1", BOX, KEYPOINTS, SEEN["a1"])])
    assert asked(search, {"a1": 0})[0] > 0
