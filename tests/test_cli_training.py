"""`train` and `run` take the same settings of the training."""

import pytest
from click.testing import CliRunner

import whalecore.workflow.run as workflow
from whalecore.cli import main


@pytest.fixture
def chosen(monkeypatch):
    """The presets that the steps behind the commands were given."""
    found = []

    def train_lab(lab, preset, report):
        found.append(preset)
        return []

    def run_all(lab, source, preset, *others):
        found.append(preset)
        return {}

    monkeypatch.setattr(workflow, "train_lab", train_lab)
    monkeypatch.setattr(workflow, "run_all", run_all)
    return found


SETTINGS = (
    "--network", "resnet34", "--size", "64x128", "--epochs", "1", "--seed", "7", "--folds", "2",
    "--set", "low_resolution_epochs=3",
)  # fmt: skip


@pytest.mark.parametrize("name", ["train", "run"])
def test_a_command_trains_as_it_was_told(name, chosen, tiny_lab, tiny_source):
    source = [str(tiny_source)] if name == "run" else []
    answer = CliRunner().invoke(main, [name, *source, "--lab", str(tiny_lab.folder), *SETTINGS])
    assert answer.exit_code == 0, answer.output
    training = chosen[0].training
    assert (training.architecture, training.height, training.width) == ("resnet34", 64, 128)
    assert (training.epochs, training.low_resolution_epochs, training.seed) == (1, 3, 7)
    assert chosen[0].folds == 2


@pytest.mark.parametrize("name", ["train", "run"])
def test_a_wrong_setting_ends_a_command_before_anything_is_made(
    name, chosen, tmp_path, tiny_source
):
    source = [str(tiny_source)] if name == "run" else []
    lab = tmp_path / "lab"
    words = [name, *source, "--lab", str(lab), "--set", "nonsense=1"]
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code == 1
    assert "nonsense" in answer.stderr
    assert "low_resolution_epochs" in answer.stderr
    assert not lab.exists()
    assert not chosen
