"""Settings of a training: what is allowed, and which trainings are the same."""

import json
from dataclasses import asdict, fields, replace

import pytest

from whalecore.errors import SettingsError
from whalecore.identifiers.later_settings import LATER
from whalecore.identifiers.settings import PRESETS, TrainingSettings, preset

FIRST = (
    *("architecture", "network_width", "height", "width", "weights", "low_resolution_epochs"),
    *("epochs", "batch_individuals", "batch_photos", "triplet", "arcface", "focal"),
    *("triplet_margin", "arcface_margin", "scale", "focusing", "mirrored", "learning_rate"),
    *("weight_decay", "warm_up", "strength", "crop_margin", "seed"),
)
"""Settings of the first models."""


@pytest.mark.parametrize("name", ["laptop", "demo"])
def test_models_of_small_presets_keep_the_key_that_they_were_trained_under(name):
    settings = PRESETS[name]
    before = {setting: getattr(settings, setting) for setting in FIRST}
    assert settings.key == json.dumps(before, sort_keys=True)


def test_every_later_setting_has_a_default_that_leaves_the_key_alone():
    assert {field.name for field in fields(TrainingSettings)} == {*FIRST, *LATER}
    assert {name: asdict(TrainingSettings())[name] for name in LATER} == LATER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("new_whale_share", 0.25),
        ("margin_warm_up", 0.1),
        ("hardest", 0.5),
        ("average", 1.0),
        ("augmentation", "full"),
    ],
)
def test_a_later_setting_that_changes_something_makes_another_training(name, value):
    assert replace(TrainingSettings(), **{name: value}).key != TrainingSettings().key


def test_the_preset_paper_trains_as_the_paper_asks_for():
    paper = PRESETS["paper"]
    assert (paper.batch_photos, paper.new_whale_share) == (4, 0.25)
    assert paper.mirrored
    assert paper.arcface_margin > 0
    assert paper.hardest < 1
    assert paper.average > 0
    assert paper.augmentation == "full"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"new_whale_share": 0.8}, "new_whale_share is 0.8, but must be at most 0.75"),
        ({"new_whale_share": float("nan")}, "new_whale_share is nan"),
        ({"hardest": 0.0}, "hardest is 0.0, but must be at least 0.05"),
        ({"hardest": 1.5}, "hardest is 1.5, but must be at most 1"),
        ({"margin_warm_up": 1.5}, "margin_warm_up is 1.5"),
        ({"arcface_margin": 3.2}, "arcface_margin is 3.2"),
        ({"average": -1.0}, "average is -1.0"),
        ({"augmentation": "much"}, "one of simple, full"),
        ({"seed": -1}, "seed is -1"),
        ({"height": 5000}, "height is 5000, but must be at most 4096"),
    ],
)
def test_later_settings_that_are_not_allowed_are_refused(changes, words):
    with pytest.raises(SettingsError, match=words):
        preset("laptop", **changes)
