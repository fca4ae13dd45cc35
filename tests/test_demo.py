"""The demo lab that ships is what the README says it is."""

import json

import numpy as np
import pytest

from whalecore.errors import LabError
from whalecore.lab.lab import open_lab
from whalecore.workflow.truth import feature_masks, true_photos


@pytest.fixture(scope="module")
def demo(demo_folder):
    return open_lab(demo_folder)


@pytest.fixture(scope="module")
def judged(demo):
    """First candidates of photos of known individuals: spoilt or not, and right or wrong."""
    truth = true_photos(demo)
    photos = {row["photo_id"]: row for row in demo.rows("photos")}
    return [
        (photos[row["photo_id"]]["part"], truth[photos[row["photo_id"]]["name"]]["spoilt"] != "",
         row["is_reference"])
        for row in demo.rows("scores", rank=1)
        if photos[row["photo_id"]]["known"]
    ]  # fmt: skip


def test_it_is_small_enough_to_ship(demo_folder):
    size = sum(path.stat().st_size for path in demo_folder.rglob("*") if path.is_file())
    assert size <= 16 * 2**20


def test_it_says_that_its_photos_are_drawings(demo):
    assert demo.info.drawings
    assert "not photographs" in demo.info.note


def test_it_holds_enough_to_explore(demo):
    status = demo.status()
    assert status["individuals"] >= 60
    assert status["photos"] >= 500
    assert len({row["photo_id"] for row in demo.rows("heatmaps", method="osm")}) >= 300
    assert len({row["encounter"] for row in demo.rows("photos")}) > 100
    assert all(row["taken_at"] for row in demo.rows("photos"))
    assert any(row["individual"] is None for row in demo.rows("photos"))
    assert not any(status["missing"].values())


def test_its_model_is_good_on_photos_it_never_saw(judged):
    test = [right for part, _, right in judged if part == "test"]
    assert len(test) > 100
    assert np.mean(test) > 0.7


def test_its_model_fails_more_often_on_spoilt_photos(judged):
    spoilt = [right for _, bad, right in judged if bad]
    fine = [right for _, bad, right in judged if not bad]
    assert np.mean(spoilt) < np.mean(fine) - 0.2


def test_every_visible_feature_of_a_photo_has_its_place(demo):
    masks = feature_masks(demo)
    photos = {row["name"]: row for row in demo.rows("photos")}
    assert set(masks) <= set(photos)
    assert {name for features in masks.values() for name in features} == {
        "pigment", "notches", "scar", "barnacles",
    }  # fmt: skip
    for name, features in list(masks.items())[:50]:
        for mask in features.values():
            assert mask.shape == (photos[name]["height"], photos[name]["width"])


def test_the_truth_is_known_for_drawings_alone(tiny_lab):
    with pytest.raises(LabError, match="known for the demo lab alone"):
        feature_masks(tiny_lab)


def test_its_clusters_tell_right_from_wrong(demo):
    clustering = demo.newest_clustering(ranks="top5")
    shares = [
        row["identified_correct"]
        for row in demo.rows("cluster_correctness", clustering_id=clustering)
        if row["identified"] >= 5
    ]
    assert max(shares) - min(shares) > 0.3


def test_it_names_no_place_of_the_machine_that_built_it(demo_folder):
    info = json.loads((demo_folder / "lab.json").read_text(encoding="utf-8"))
    assert info["photo_root"] == "photos"
    assert not [one for one in info["sources"] if str(one["root"]).startswith("/")]
