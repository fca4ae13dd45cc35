"""Every command, as a person and as a machine would give it."""

import json

import pytest
from click.testing import CliRunner

from whalecore.cli import main

COMMANDS = (
    "import", "train", "score", "explain", "cluster", "calibrate", "run", "identify", "status",
    "export", "demo",
)  # fmt: skip


def give(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    answer = give(name, "--help")
    assert answer.exit_code == 0
    assert "--json" in answer.stdout


def test_status_prints_the_promised_keys(tiny_lab):
    answer = give("status", "--lab", tiny_lab.folder, "--json")
    assert answer.exit_code == 0
    assert list(json.loads(answer.stdout)) == [
        "photos", "individuals", "models", "scores", "heatmaps", "clusterings", "reviews",
        "missing",
    ]  # fmt: skip


def test_json_stands_alone_on_standard_output(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--method", "gradcam", "--limit", 30,
                  "--layer", "layer3", "--json")  # fmt: skip
    assert json.loads(answer.stdout) == {"explained": 30}
    assert "explain photos" in answer.stderr


def test_a_folder_that_is_no_lab_is_refused_in_one_sentence(tmp_path):
    answer = give("status", "--lab", tmp_path)
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert "not a lab" in answer.stderr


@pytest.mark.parametrize(
    "words",
    [("status",), ("explain", "--lab", ".", "--method", "guess"), ("nonsense",), ("import",)],
)
def test_wrong_usage_exits_with_2(words):
    assert give(*words).exit_code == 2


def test_an_import_reports_what_it_found(tiny_source, tmp_path):
    words = ("import", tiny_source, "--lab", tmp_path / "lab", "--json")
    first, second = give(*words), give(*words)
    assert json.loads(first.stdout)["new"] == 100
    assert json.loads(second.stdout)["new"] == 0
    assert json.loads(second.stdout)["known"] == 100


def test_a_lab_chooses_how_many_may_be_wrong_and_how_sure_a_set_is(tiny_lab):
    answer = give("calibrate", "--lab", tiny_lab.folder, "--error-limit", 0.2, "--confidence", 0.8,
                  "--json")  # fmt: skip
    assert answer.exit_code == 0, answer.stderr
    info = tiny_lab.info
    assert (info.error_limit, info.confidence) == (0.2, 0.8)
    rules = tiny_lab.rules(tiny_lab.newest_model_id(), tiny_lab.usual_clustering())
    assert (rules["error_limit"], rules["sets"]["confidence"]) == (0.2, 0.8)
    # It is remembered for the next time.
    assert give("calibrate", "--lab", tiny_lab.folder, "--json").exit_code == 0
    assert tiny_lab.info == info
    refused = give("calibrate", "--lab", tiny_lab.folder, "--confidence", 1.5)
    assert refused.exit_code != 0
    assert "1.5 is not in the range" in refused.stderr
    assert tiny_lab.info == info
