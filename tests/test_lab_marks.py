"""Matching marks of a lab's photos: stored, looked up, and counted by individual."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from tests import lab_rows as row
from tests.test_keypoint_matches import marks, moved
from whalecore.lab.keypoints import MOST_OF_EACH
from whalecore.lab.lab import create_lab
from whalecore.lab.marks import MarkGallery
from whalecore.lab.remembered_keypoints import RememberedKeypoints
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.marks import MarkSettings
from whalecore.photos.packed_keypoints import kept, packed
from whalecore.types import Box, Photo

SETTINGS = MarkSettings(weight=1.0, shortlist=2, alike=0)
MEMBERS = {"a": ("a1", "a2"), "b": ("b1",)}
FLUKE = marks(30, 1)
SEEN = {"a1": moved(FLUKE), "a2": moved(FLUKE, scale=1.0), "b1": marks(30, 5)}


def stored(photo_id: str, keypoints: Keypoints, crop: str = row.CROP) -> dict:
    frames, descriptors = packed(keypoints)
    return {
        "photo_id": photo_id,
        "crop": crop,
        "settings": SETTINGS.keypoints.key,
        "marks": len(keypoints.frames),
        "frames": frames,
        "descriptors": descriptors,
    }


@pytest.fixture
def lab(tmp_path):
    lab = create_lab(tmp_path / "lab", "marks", tmp_path)
    names = [*SEEN, "query"]
    lab.write("catalogue", [row.photo(one, one[0] if one in SEEN else None) for one in names])
    lab.write("crops", [row.crop(one) for one in names])
    lab.write("keypoints", [stored(one, keypoints) for one, keypoints in SEEN.items()])
    return lab


def gallery(lab) -> MarkGallery:
    return MarkGallery(lab, SETTINGS, lambda: MEMBERS)


def test_marks_are_counted_with_the_photos_of_each_individual(lab):
    found = gallery(lab).count("query", kept(FLUKE), ["a", "b", "nobody"])
    assert found["a"].marks == 30
    assert found["a"].photo_id in ("a1", "a2")
    assert found["b"].marks == 0
    assert "nobody" not in found


def test_no_photo_speaks_for_itself(lab):
    found = gallery(lab).count("a1", kept(SEEN["a1"]), ["a"])
    assert found["a"].photo_id == "a2"
    assert gallery(lab).count("b1", kept(SEEN["b1"]), ["b"]) == {}


def test_photos_that_are_asked_about_together_speak_for_none_of_them(lab):
    alone = gallery(lab)
    together = alone.leaving_out({"a1", "a2"})
    assert together.count("query", kept(FLUKE), ["a"]) == {}
    assert alone.count("query", kept(FLUKE), ["a"])["a"].marks == 30


def test_each_photo_is_compared_with_its_own_shortlist(lab):
    logits = np.array([[0.0, 5.0, 1.0], [9.0, 0.0, 1.0], [0.0, 0.0, 0.0]], np.float32)
    found = list(gallery(lab).count_each(["a1", "a2", "unseen"], ["a", "b", "c"], logits))
    assert [sorted(one) for one in found] == [["b"], ["a"], []]
    assert found[1]["a"].photo_id == "a1"


def test_who_has_marks_like_those_of_a_photo_is_compared_as_well(lab):
    settings = MarkSettings(weight=1.0, shortlist=1, alike=1)
    searching = MarkGallery(lab, settings, lambda: MEMBERS)
    logits = np.array([0.0, 1.0, 5.0], np.float32)
    (found,) = searching.count_each(["a1"], ["a", "b", "c"], logits[None])
    assert found["a"].photo_id == "a2"
    assert set(found) == {"a"}
    photo = Photo("a1", "one.png", np.zeros((10, 10, 3), np.uint8))
    assert searching(photo, Box(0.0, 0.0, 10.0, 10.0), ["a", "b", "c"], logits) == found
    together = searching.leaving_out({"a1", "a2"})
    assert list(together.count_each(["a1"], ["a", "b", "c"], logits[None])) == [{}]


def test_no_photo_puts_its_own_individual_on_the_shortlist(lab):
    some = Keypoints(
        np.concatenate([SEEN["b1"].frames[:8], FLUKE.frames[8:]]),
        np.concatenate([SEEN["b1"].descriptors[:8], FLUKE.descriptors[8:]]),
    )
    lab.write("keypoints", [stored("a2", some)])
    searching = MarkGallery(lab, MarkSettings(1.0, 1, 1), lambda: MEMBERS)
    logits = np.array([0.0, 1.0, 5.0], np.float32)
    (found,) = searching.count_each(["b1"], ["a", "b", "c"], logits[None])
    # Only its own photo is more like it than those of a.
    assert set(found) == {"a"}


def test_keypoints_of_a_crop_that_was_corrected_count_no_longer(lab):
    own = gallery(lab)
    assert own.count("query", kept(FLUKE), ["a"])["a"].marks == 30
    lab.write("crops", [row.crop(one, edge=1.0) for one in ("a1", "a2")])
    assert own.count("query", kept(FLUKE), ["a"]) == {}
    lab.write("keypoints", [stored("a2", SEEN["a2"], row.OTHER_CROP)])
    assert own.count("query", kept(FLUKE), ["a"])["a"].photo_id == "a2"


def test_stored_keypoints_are_used_for_the_box_that_they_belong_to(lab):
    box = Box(0.0, 0.0, 10.0, 10.0)
    remembered = lab.remembered_keypoints(SETTINGS.keypoints)
    for photo_id, where, count in (("a1", box, 30), ("a1", Box(0.0, 0.0, 9.0, 10.0), 0)):
        photo = Photo(photo_id, "one.png", np.zeros((10, 10, 3), np.uint8))
        assert len(remembered.on(photo, where).frames) == count


def test_marks_of_a_photo_in_hand_are_found_once(lab, monkeypatch):
    box, photo = Box(0.0, 0.0, 10.0, 10.0), Photo("new", "n.png", np.zeros((10, 10, 3), np.uint8))
    remembered, looked = lab.remembered_keypoints(SETTINGS.keypoints), []
    monkeypatch.setattr(
        type(remembered.finder), "find_on", lambda self, *asked: looked.append(asked) or FLUKE
    )
    for _ in range(3):
        assert len(remembered.on(photo, box).frames) == 30
    assert len(looked) == 1
    lab.write("keypoints", [gallery(lab).row_of(photo, box)])
    assert lab.photos_with_keypoints(SETTINGS.keypoints) == {*SEEN, "new"}


def test_damaged_keypoints_are_as_if_nobody_had_looked(lab):
    lab.write("keypoints", [stored("a1", SEEN["a1"]) | {"descriptors": b"short"}])
    assert set(lab.keypoints(list(SEEN), SETTINGS.keypoints)) == {"a2", "b1"}
    assert lab.photos_with_keypoints(SETTINGS.keypoints) == {"a2", "b1"}
    assert gallery(lab).count("query", kept(FLUKE), ["a"])["a"].photo_id == "a2"


def test_only_so_many_photos_stay_in_memory(lab):
    remembered = RememberedKeypoints(lab, SETTINGS.keypoints, most=2)
    for one in SEEN:
        assert set(remembered.of([one])) == {one}
    assert list(remembered._kept) == ["a2", "b1"]
    assert set(remembered.of(list(SEEN))) == set(SEEN)


def test_the_gallery_holds_what_a_model_learned_and_all_photos_of_others(lab):
    model = row.model("m", fold=0, individuals=["a"], settings={"seed": 0})
    lab.write("splits", [split(one, fold) for one, fold in (("a1", 1), ("a2", 0), ("b1", 0))])
    lab.write("models", [model])
    assert lab.mark_gallery("m") == {"a": ("a1",), "b": ("b1",)}


def test_of_an_animal_with_many_photos_the_newest_are_looked_at(lab):
    ids = [f"n{number:02d}" for number in range(MOST_OF_EACH + 5)]
    days = [datetime(2020, 1, 1) + timedelta(days=number) for number in range(len(ids))]
    rows = [row.photo(one, "new", taken_at=day) for one, day in zip(ids, days, strict=True)]
    lab.write("catalogue", rows)
    lab.write("models", [row.model("m", fold=0, individuals=["a"], settings={"seed": 0})])
    assert lab.mark_gallery("m")["new"] == tuple(reversed(ids[5:]))


def split(photo_id: str, fold: int) -> dict:
    about = {"part": "validation", "known": True, "unit": photo_id}
    return {"photo_id": photo_id, "fold": fold, **about}
