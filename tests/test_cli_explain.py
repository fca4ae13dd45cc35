"""The command `explain`: which heatmaps it computes, and by what means."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from whalecore.cli import main
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
    assert answer.exit_code == 1
    assert "never be covered" in answer.stderr


def test_a_patch_larger_than_the_network_s_input_is_refused_once_for_all_photos(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--patch", 999, "--stride", 8)
    assert answer.exit_code == 1
    assert answer.stderr.count("A patch of 999 pixels is larger than the network's whole") == 1
    assert not tiny_lab.rows("heatmaps", settings=OcclusionSettings(999, 8).key)


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--accuracy", 0.2), "between 0.5 and 1"), (("--memory", 2), "at least 16")],
)
def test_means_that_are_not_possible_are_refused(tiny_lab, words, said):
    answer = give("explain", "--lab", tiny_lab.folder, *words)
    assert answer.exit_code == 1
    assert said in answer.stderr


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
