"""Matching marks on the page Identify: in place of the heatmaps, the same on both sides."""

import pytest

from pages.parts.marks import TOGGLE
from tests.pages.test_identify_page import candidates_of, compared, scored_photo
from tests.pages.test_pages import assert_calm, opened
from whalecore.lab.lab import open_lab
from whalecore.photos.crop import cut
from whalecore.photos.keypoint_matches import match
from whalecore.photos.keypoints import KeypointFinder

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
            finder.find(cut(lab.read_photo(one), lab.crop(one).box, 256, 512))
            for one in (photo_id, other)
        )
    )
    count = len(found.query)
    words = f"{count} matching marks" if count else "No matching marks were found"
    assert [side["lines"][-1] for side in after["sides"]] == [words] * 2
    assert [bool(side["heatmap"]) for side in after["sides"]] == [count > 0] * 2
