"""What a photo shares with individuals, and what that is worth."""

import json

import numpy as np
import pytest

from tests.test_keypoint_matches import marks, moved
from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints, MatchSettings, match
from whalecore.photos.keypoints import KeypointSettings
from whalecore.photos.marks import NOTHING_SHARED, MarkSettings, shared_marks


def some_of(keypoints: Keypoints, count: int) -> Keypoints:
    return Keypoints(keypoints.frames[:count], keypoints.descriptors[:count])


def test_an_individual_shares_what_its_best_matching_photo_shares():
    here = marks(40)
    there = moved(here)
    photos = {
        "a": {"few": some_of(there, 8), "many": some_of(there, 20)},
        "b": {"else": marks(40, 9)},
    }
    found = shared_marks(here, photos)
    assert (found["a"].photo_id, found["a"].marks) == ("many", 20)
    assert found["a"].strength == match(here, photos["a"]["many"]).strength
    assert found["b"] == NOTHING_SHARED


def test_nothing_is_said_of_an_individual_without_photos():
    assert shared_marks(marks(), {"a": {}}) == {}


def test_the_shortlist_is_the_most_likely_by_the_network_best_first():
    settings = MarkSettings(shortlist=2)
    assert settings.shortlisted(np.array([0.1, 3.0, -1.0, 2.0])) == [1, 3]


def test_marks_add_those_whom_the_network_does_not_think_of():
    logits, likeness = np.array([0.1, 3.0, -1.0, 2.0, 0.0]), np.array([0.0, 9.0, 1.0, 0.0, 2.0])
    assert MarkSettings(shortlist=2, alike=1).shortlisted(logits, likeness) == [1, 3, 4]
    assert MarkSettings(shortlist=2, alike=9).shortlisted(logits, likeness) == [1, 3, 4, 2]
    assert MarkSettings(shortlist=2, alike=0).shortlisted(logits, likeness) == [1, 3]
    assert likeness[1] == 9.0


def test_settings_from_before_marks_were_looked_for_are_what_they_were():
    settings = MarkSettings(2.5, 80, alike=0)
    stored = settings.to_dict()
    assert "alike" not in stored
    assert MarkSettings.from_dict(stored) == settings


def test_settings_come_back_from_json():
    settings = MarkSettings(
        2.5, 7, 9, KeypointSettings(30, 64, 128), MatchSettings(0.7, 4.0, largest_scale=1.5)
    )
    assert MarkSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    "damage",
    [
        {"weight": -1},
        {"weight": float("nan")},
        {"weight": None},
        {"shortlist": 0},
        {"alike": -1},
        {"alike": 100_001},
        {"shortlist": 2.5},
        {"shortlist": True},
        {"keypoints": {"count": 0, "height": 64, "width": 128}},
        {"keypoints": [1, 2]},
        {"keypoints": {"colour": 3}},
        {"matching": {"ratio": 1.5}},
        {"matching": {"tolerance": float("inf")}},
        {"matching": {"largest_scale": 0.5}},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(damage):
    given = MarkSettings().to_dict() | damage
    with pytest.raises((SettingsError, ValueError, TypeError)):
        MarkSettings.from_dict(given)


def test_settings_with_something_missing_are_refused():
    with pytest.raises(LookupError):
        MarkSettings.from_dict({"weight": 1.0})
