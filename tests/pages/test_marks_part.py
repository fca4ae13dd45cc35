"""Matching marks on the page Identify: in place of the heatmaps, the same on both sides."""

import pytest

from pages.parts.marks import TOGGLE
from tests.pages.test_identify_page import candidates_of, compared, scored_photo
from tests.pages.test_pages import assert_calm, opened
from whalecore.lab.lab import open_lab
from whalecore.photos.crop import cut
from whalecore.photos.keypoint_matches import match
from whalecore.photos.keypoints import KeypointFinder
from whalecore.photos.packed_keypoints import kept

pytestmark = pytest.mark.slow


def test_the_switch_shows_the_marks_that_both_photos_share(tiny_lab_folder):
    lab = open_lab(tiny_lab_folder)
    photo_id = scored_photo(lab)
    at = opened("identify", tiny_lab_folder, photo=photo_id)
    before = compared(at)
    at.toggle(key=TOGGLE).set_value(True).run(timeout=120)
    assert_calm(at)
    after = compared(at)
    assert (before["layer"], after["layer"]) == ("Heatmaps", "Matching marks")
    gallery = lab.gallery(candidates_of(at)[0])
    other = gallery[gallery["photo_id"] != photo_id].iloc[0]["photo_id"]
    finder = KeypointFinder()
    found = match(
        *(
            kept(finder.find(cut(lab.read_photo(one), lab.crop(one).box, 256, 512)))
            for one in (photo_id, other)
        )
    )
    count = len(found.query)
    words = f"{count} matching marks" if count else "No matching marks were found"
    assert [side["lines"][-1] for side in after["sides"]] == [words] * 2
    assert [bool(side["heatmap"]) for side in after["sides"]] == [count > 0] * 2


def matched_photo(lab) -> dict:
    """A scored photo whose first candidate has a best match that is not its newest photo."""
    for row in lab.rows("scores", rank=1):
        if row["matched_photo"]:
            newest = lab.gallery(row["individual"])
            ids = [one for one in newest["photo_id"] if one != row["photo_id"]]
            if ids.index(row["matched_photo"]) > 0:
                return row | {"place": ids.index(row["matched_photo"]) + 1, "photos": len(ids)}
    raise LookupError("the small lab has no such photo")


def test_a_candidate_says_how_many_marks_match_and_opens_at_the_best_match(marked_lab_folder):
    lab = open_lab(marked_lab_folder)
    found = matched_photo(lab)
    at = opened("identify", marked_lab_folder, photo=found["photo_id"])
    assert_calm(at)
    counted = [one.marks for one in lab.candidates(found["model_id"], found["photo_id"])]
    captions = [one.value for one in at.caption if "matching marks" in one.value]
    assert captions == [f"{marks or 'no'} matching marks" for marks in counted if marks is not None]
    place = f"photo {found['place']} of {found['photos']}, the best match"
    assert compared(at)["place"] == place
    at = opened("identify", marked_lab_folder, photo=found["photo_id"], against="nobody")
    assert compared(at)["place"] == place


def test_review_says_it_too(marked_lab_folder):
    lab = open_lab(marked_lab_folder)
    found = matched_photo(lab)
    at = opened("review", marked_lab_folder, photo=found["photo_id"])
    assert_calm(at)
    assert any(f"{found['marks']} matching marks" in one.value for one in at.caption)


def test_where_marks_do_not_count_nothing_is_said_of_them(tiny_lab_folder):
    photo_id = scored_photo(open_lab(tiny_lab_folder))
    at = opened("identify", tiny_lab_folder, photo=photo_id)
    assert not any("matching marks" in one.value for one in at.caption)
