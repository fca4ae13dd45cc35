"""The command `cluster` with several kinds of heatmaps, and the settings that name them."""

import json

import pytest
from click.testing import CliRunner

from whalecore.cli import main
from whalecore.errors import SettingsError
from whalecore.types import GradCamSettings, OcclusionSettings, settings_from_key
from whalecore.workflow.assess import spoken

USUAL = "fill=0,target=probability"


def give(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def clustered(lab, *settings):
    words = [word for one in settings for word in ("--settings", one)]
    answer = give(
        "cluster", "--lab", lab.folder, "--maps", "top5", "--clusters", 3, *words, "--json"
    )
    assert answer.exit_code == 0, answer.stderr
    (name,) = json.loads(answer.stdout)["clusterings"]
    return [str(part) for part in lab.representation(name).parts]


def test_two_patch_sizes_describe_a_heatmap_together(tiny_lab):
    answer = give(
        "explain", "--lab", tiny_lab.folder, "--patch", 8, "--stride", 8, "--limit", 12, "--json"
    )
    assert answer.exit_code == 0, answer.stderr
    assert clustered(tiny_lab, "patch=16,stride=8", "patch=8, stride=8") == [
        f"osm patch=16,stride=8,{USUAL}",
        f"osm patch=8,stride=8,{USUAL}",
    ]


def test_occlusion_maps_and_grad_cam_describe_a_heatmap_together(tiny_lab):
    assert clustered(tiny_lab, "patch=16,stride=8", "layer=layer4") == [
        f"osm patch=16,stride=8,{USUAL}",
        "gradcam layer=layer4",
    ]


def test_settings_that_cannot_be_read_say_what_may_be_written(tiny_lab):
    answer = give("cluster", "--lab", tiny_lab.folder, "--settings", "patch=16")
    assert answer.exit_code == 1
    assert "'patch=16' cannot be read: write patch and stride" in answer.stderr
    assert "'patch=16,stride=8'" in answer.stderr
    assert "compute the heatmaps again" not in answer.stderr


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("patch=16,stride=8", OcclusionSettings(16, 8)),
        ("stride=8, patch=16", OcclusionSettings(16, 8)),
        ("patch=7,stride=3,target=logit", OcclusionSettings(7, 3, target="logit")),
        ("patch=7,stride=3,accuracy=0.9", OcclusionSettings(7, 3, accuracy=0.9)),
        ("layer=layer2", GradCamSettings("layer2")),
    ],
)
def test_what_is_left_out_of_settings_is_as_usual(text, meant):
    assert settings_from_key(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "patch=16", "stride=8", "patch=16,strid=8", "patch=a,stride=8", "patch=16,stride=8,fill=",
     "layer=layer4,patch=16", "patch=16,patch=8,stride=8"],
)  # fmt: skip
def test_settings_that_say_too_little_or_too_much_are_refused(text):
    with pytest.raises(SettingsError, match="cannot be read: write patch and stride"):
        settings_from_key(text)


def test_settings_that_are_read_but_not_allowed_keep_their_own_words():
    with pytest.raises(SettingsError, match="Stride 16 is larger than patch 8"):
        settings_from_key("patch=8,stride=16")


def test_a_person_reads_that_the_cluster_of_a_photo_is_unstable():
    cluster = {
        "id": 3, "share_correct": 0.5, "share_correct_low": 0.2, "share_correct_high": 0.8,
        "heatmaps": 40, "unlike_any": False, "stability": 0.31,
    }  # fmt: skip
    answer = {
        "photo": "fluke.jpg", "verdict": "check", "reasons": [], "candidates": [],
        "p_correct": None, "set": None, "cluster": cluster,
    }  # fmt: skip
    assert spoken(answer)[-1] == (
        "  cluster 3 (unstable): 50% of 40 first candidates right (20% to 80%), stability 0.31"
    )
    cluster["stability"] = 0.8
    assert "cluster 3: 50%" in spoken(answer)[-1]
