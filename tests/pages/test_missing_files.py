"""A picture that could not be read is tried again, because its file may come back."""

import pytest

from pages.parts.cluster_cells import cluster_cells
from pages.parts.pictures import crop_shape
from pages.parts.review_pictures import pair_of, sheet_of
from whalecore.lab import open_lab
from whalecore.types import Box


@pytest.fixture
def clustered(demo_copy):
    """A lab, its clustering's first cluster and the shape of its crops."""
    lab = open_lab(demo_copy)
    members = lab.cluster_members(lab.newest_clustering(ranks="top5"), 1)
    return lab, members, crop_shape(lab)


def away(lab, photo_id: str):
    """Put a photo's file away; what is returned brings it back."""
    path = lab.photo_path(photo_id)
    aside = path.with_suffix(".away")
    path.rename(aside)
    return lambda: aside.rename(path)


def cells_of(clustered) -> list[bytes]:
    ids, cells = cluster_cells(*clustered)
    return [one.webp for one in cells(ids[:2]).values()]


def test_a_cell_of_a_sheet_comes_back_with_its_file_and_the_others_stay(clustered):
    bring_back = away(clustered[0], clustered[1].iloc[0]["photo_id"])
    without, other = cells_of(clustered)
    bring_back()
    first, second = cells_of(clustered)
    assert first != without
    assert second == other


def test_a_cell_follows_the_box_of_its_photo(clustered):
    lab, members, _ = clustered
    before = cells_of(clustered)[0]
    lab.correct_crop(members.iloc[0]["photo_id"], Box(0, 0, 40, 20))
    assert cells_of(clustered)[0] != before


def test_a_photo_of_the_pile_its_card_and_its_pair_come_back_with_their_files(clustered):
    lab, _, shape = clustered
    for photo_id in lab.review_pile()["photo_id"]:
        candidate = lab.scores(photo_id=photo_id).iloc[0]["individual"]
        rivals = [row["photo_id"] for row in lab.galleries([candidate])[candidate]]
        if rivals and rivals[0] != photo_id:
            break
    back = [away(lab, photo_id), away(lab, rivals[0])]
    gone = sheet_of(lab, photo_id, shape)
    assert gone["whole"] is None
    pair = pair_of(lab, gone, 0, 0, shape)
    left, right = pair.left, pair.right
    assert left.picture is right.picture is None
    for bring_back in back:
        bring_back()
    again = sheet_of(lab, photo_id, shape)
    assert again["whole"] is not None
    assert again["cards"][candidate] != gone["cards"][candidate]
    pair = pair_of(lab, again, 0, 0, shape)
    left, right = pair.left, pair.right
    assert None not in (left.picture, right.picture)
