"""Settings of a training as a person writes them."""

import pytest
from click.testing import CliRunner

from whalecore.cli import main
from whalecore.errors import SettingsError
from whalecore.identifiers.settings import PRESETS
from whalecore.workflow import run
from whalecore.workflow.chosen_settings import settings_of_pairs, size_of_text
from whalecore.workflow.presets import preset


def test_values_become_what_the_setting_is():
    pairs = ["epochs=12", "arcface_margin = 0.4", "mirrored=yes", "weights=none", "average=2"]
    found = settings_of_pairs(pairs)
    assert found == {
        "epochs": 12,
        "arcface_margin": 0.4,
        "mirrored": True,
        "weights": "none",
        "average": 2.0,
    }
    assert isinstance(found["average"], float)
    assert settings_of_pairs(["mirrored=No"]) == {"mirrored": False}


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("epochs", "not of the form NAME=VALUE"),
        ("epochs=", "not of the form NAME=VALUE"),
        ("epoch=3", "no setting 'epoch' of a training: choose one of architecture, "),
        ("epochs=2.5", "epochs is '2.5', but must be a whole number"),
        ("scale=nan", "scale is 'nan', but must be a number"),
        ("scale=1e999", "scale is '1e999', but must be a number"),
        ("mirrored=maybe", "must be yes or no"),
    ],
)
def test_names_and_values_that_do_not_exist_are_one_sentence(pair, words):
    with pytest.raises(SettingsError, match=words):
        settings_of_pairs([pair])


def test_a_size_is_height_and_width():
    assert size_of_text(" 256X512 ") == {"height": 256, "width": 512}


@pytest.mark.parametrize("text", ["256", "256x", "x512", "2x3x4", "-1x5", "999999x1"])
def test_another_size_is_one_sentence(text):
    with pytest.raises(SettingsError, match="HEIGHTxWIDTH in pixels, such as 256x512"):
        size_of_text(text)


def test_a_preset_takes_the_settings_over_and_checks_them():
    assert preset("laptop", training={"epochs": 9}).training.epochs == 9
    assert preset("laptop", training={}).training == PRESETS["laptop"]
    with pytest.raises(SettingsError, match="hardest is 3"):
        preset("laptop", training={"hardest": 3.0})


def test_the_command_trains_with_what_was_asked_for(tmp_path, monkeypatch):
    from whalecore.lab.lab import create_lab

    (tmp_path / "photos").mkdir()
    create_lab(tmp_path / "lab", name="empty", photo_root=tmp_path / "photos")
    asked = []
    monkeypatch.setattr(run, "train_lab", lambda _lab, chosen, _report: asked.append(chosen) or [])
    options = ["--network", "resnet50", "--size", "96x192", "--epochs", "7", "--seed", "3"]
    command = ["train", "--lab", str(tmp_path / "lab"), "--folds", "2", *options]
    answer = CliRunner().invoke(main, [*command, "--set", "average=1.5", "--set", "mirrored=yes"])
    assert answer.exit_code == 0, answer.output
    (chosen,) = asked
    assert chosen.folds == 2
    training = chosen.training
    assert (training.architecture, training.height, training.width) == ("resnet50", 96, 192)
    assert (training.epochs, training.seed) == (7, 3)
    assert (training.average, training.mirrored) == (1.5, True)
    assert training.learning_rate == PRESETS["laptop"].learning_rate


def test_an_impossible_choice_ends_with_one_sentence(tmp_path):
    command = ["train", "--lab", str(tmp_path), "--preset", "demo", "--network", "resnet50"]
    answer = CliRunner().invoke(main, command)
    assert answer.exit_code == 1
    assert "Error: Width 28 is not possible for resnet50" in answer.output
