"""The command `explain`: which heatmaps it computes, and by what means."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from whalecore.cli import main
from whalecore.lab import create_lab
from whalecore.types import OcclusionSettings


def give(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_several_layers_are_explained_at_once(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--method", "gradcam", "--limit", 2,
                  "--layer", "layer1", "--layer", "layer2", "--json")  # fmt: skip
    assert json.loads(answer.stdout) == {"explained": 2}
    for layer in ("layer1", "layer2"):
        assert len(tiny_lab.rows("heatmaps", settings=f"layer={layer}")) == 10


def test_a_stride_that_leaves_strips_uncovered_is_refused(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--patch", 4, "--stride", 5)
    assert answer.exit_code == 2
    assert "never be covered" in answer.stderr


def test_a_patch_larger_than_the_network_s_input_is_refused_once_for_all_photos(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--patch", 999, "--stride", 8)
    assert answer.exit_code == 1
    assert answer.stderr.count("A patch of 999 pixels is larger than the network's whole") == 1
    assert not tiny_lab.rows("heatmaps", settings=OcclusionSettings(999, 8).key)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--accuracy", 0.2), 2, "between 0.5 and 1"),
        (("--memory", 2), 1, "at least 16"),
        (("--minutes", -1), 2, "not in the range"),
    ],
)
def test_means_that_are_not_possible_are_refused(tiny_lab, words, code, said):
    answer = give("explain", "--lab", tiny_lab.folder, *words)
    assert answer.exit_code == code
    assert said in answer.stderr


def test_a_lab_without_scores_is_told_what_comes_first(tmp_path):
    create_lab(tmp_path / "lab", "empty", tmp_path)
    answer = give("explain", "--lab", tmp_path / "lab", "--json")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "no scored photo to explain: give the command train, and then score" in answer.stderr


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (1, "1 photo could not be explained: "),
        (2, "2 photos could not be explained, the first for this reason: "),
    ],
)
def test_photos_that_fail_are_counted_and_the_others_explained(tiny_lab, tmp_path, lost, said):
    words = ("explain", "--lab", tiny_lab.folder, "--patch", 32, "--stride", 32, "--limit", 3)
    assert give(*words, "--json").exit_code == 0
    moved = []
    # The same photos are drawn again, whatever the settings.
    for photo_id in _of(tiny_lab, OcclusionSettings(32, 32))[:lost]:
        path = tiny_lab.photo_path(photo_id)
        moved.append((path, path.rename(tmp_path / path.name)))
    answer = give(*words[:3], "--patch", 31, "--stride", 31, "--limit", 3, "--json")
    for path, away in moved:
        # Other tests read the same photos.
        away.rename(path)
    assert answer.exit_code == 1
    assert json.loads(answer.stdout) == {"explained": 3 - lost}
    assert f"Error: {said}" in answer.stderr
    assert len(_of(tiny_lab, OcclusionSettings(31, 31))) == 3 - lost


def _of(lab, settings) -> list[str]:
    """Photos with a map of these settings."""
    return sorted({row["photo_id"] for row in lab.rows("heatmaps", settings=settings.key)})


@pytest.mark.parametrize("engine", ["reference", "exact"])
def test_the_engine_can_be_chosen(tiny_lab, engine):
    answer = give("explain", "--lab", tiny_lab.folder, "--patch", 32, "--stride", 32, "--limit", 2,
                  "--engine", engine, "--memory", 64, "--json")  # fmt: skip
    assert json.loads(answer.stdout) == {"explained": 2}
    rows = tiny_lab.rows("heatmaps", settings=OcclusionSettings(32, 32).key)
    assert {row["engine"] for row in rows} == {engine}


def test_fast_maps_that_save_nothing_are_computed_as_exact_ones_and_that_is_said(tiny_lab):
    words = ("explain", "--lab", tiny_lab.folder, "--patch", 32, "--stride", 32, "--limit", 2)
    answer = give(*words, "--accuracy", 0.99, "--json")
    assert json.loads(answer.stdout) == {"explained": 2}
    assert "At stride 32 a fast map would compute every place too" in answer.stderr
    assert "So exact maps are computed." in answer.stderr
    exact = OcclusionSettings(32, 32)
    assert len(tiny_lab.rows("heatmaps", settings=exact.key)) == 10
    assert not tiny_lab.rows("heatmaps", settings=replace(exact, accuracy=0.99).key)
