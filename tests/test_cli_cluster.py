"""The command `cluster`: what it makes, what it says, and the settings that name heatmaps."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from whalecore.cli import main
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import SettingsError, TooFewError
from whalecore.types import GradCamSettings, OcclusionSettings, settings_from_key
from whalecore.workflow import cluster

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


def test_where_one_kind_of_heatmaps_is_too_few_the_other_is_clustered_all_the_same(
    tiny_lab, monkeypatch
):
    usual = cluster.cluster_heatmaps

    def few(lab, kind, *given, **named):
        if kind == "correct":
            raise TooFewError("Too few correct ones.")
        return usual(lab, kind, *given, **named)

    monkeypatch.setattr(cluster, "cluster_heatmaps", few)
    answer = give("cluster", "--lab", tiny_lab.folder, "--clusters", 3, "--json")
    assert answer.exit_code == 0, answer.stderr
    (name,) = json.loads(answer.stdout)["clusterings"]
    assert name.startswith("top5-")
    assert "Too few correct ones." in answer.stderr
    answer = give("cluster", "--lab", tiny_lab.folder, "--maps", "correct")
    assert answer.exit_code == 1
    assert "Too few correct ones." in answer.stderr


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


@pytest.mark.parametrize("seed", ["-1", "5000000000"])
def test_a_seed_that_libraries_do_not_take_is_wrong_usage(tiny_lab, seed):
    answer = give("cluster", "--lab", tiny_lab.folder, "--seed", seed)
    assert answer.exit_code == 2
    assert "not in the range 0<=x<=2147483647" in answer.stderr
    with pytest.raises(SettingsError, match=f"The seed {seed} is not allowed"):
        spectral_clustering(np.zeros((20, 4, 8)), 2, seed=int(seed))


@pytest.mark.parametrize("sigma", ["-1", "0", "wide", "nan", "inf"])
def test_a_kernel_width_that_is_no_positive_number_is_refused(tiny_lab, sigma):
    answer = give("cluster", "--lab", tiny_lab.folder, "--sigma", sigma)
    assert answer.exit_code == 1
    assert sigma in answer.stderr


def test_clustering_counts_the_fast_maps_that_it_left_out(tiny_lab):
    exact, fast = OcclusionSettings(16, 8), OcclusionSettings(16, 8, accuracy=0.9)
    rows = tiny_lab.rows("heatmaps", settings=exact.key)
    about = {"settings": fast.key, "correlation": 0.99, "computed": 12}
    copies = [{**row, **about} for row in rows]
    for row in copies[:3]:
        row["correlation"] = 0.8
    tiny_lab.write("heatmaps", copies)
    words = ("cluster", "--lab", tiny_lab.folder, "--clusters", 3, "--maps", "top5",
             "--settings", fast.key)  # fmt: skip
    assert "3 fast heatmaps were left out" in give(*words).stdout
    # Where the exact ones are clustered, nobody misses these.
    usual = give(*words[:-2], "--json")
    assert json.loads(usual.stdout)["left_out"] == 0
    answer = json.loads(give(*words, "--json").stdout)
    assert answer["left_out"] == 3
    assert len(answer["clusterings"]) == 1


def test_clusters_of_another_number_are_kept_beside_the_first(tiny_lab):
    before = len(tiny_lab.rows("clusterings"))
    answer = give("cluster", "--lab", tiny_lab.folder, "--clusters", 3, "--maps", "top5", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert len(tiny_lab.rows("clusterings")) == before + 1
    again = give("cluster", "--lab", tiny_lab.folder, "--clusters", 3, "--maps", "top5", "--json")
    assert json.loads(again.stdout) == json.loads(answer.stdout)
    assert len(tiny_lab.rows("clusterings")) == before + 1


def test_clustering_says_what_it_did_on_standard_error(tiny_lab):
    words = ("cluster", "--lab", tiny_lab.folder, "--clusters", "auto", "--maps", "top5",
             "--align-mirrored", "--mode", "exact", "--json")  # fmt: skip
    answer = give(*words)
    assert answer.exit_code == 0, answer.stderr
    value = json.loads(answer.stdout)
    (about,) = value["details"]
    assert value["clusterings"] == [about["id"]]
    assert (about["mode"], about["mode_asked"], about["matched_to"]) == ("exact", "exact", None)
    assert "in the exact mode (as asked for)" in answer.stderr
    assert "The number was looked for: the largest step after 2 to" in answer.stderr
    assert "give the command calibrate" in answer.stderr
    assert tiny_lab.representation(about["id"]).aligned
    words = ("cluster", "--lab", tiny_lab.folder, "--clusters", 3, "--maps", "top5", "--json")
    earlier = tiny_lab.rows("clusterings", ranks="top5")
    answer = give(*words)
    (about,) = json.loads(answer.stdout)["details"]
    assert about["matched_to"] in {row["clustering_id"] for row in earlier}
    parts = (about["continued"], about["partly"], about["new"])
    assert sum(map(len, parts)) == about["clusters"]
    assert "the table of all pairs takes" in answer.stderr
    assert f"continue one of {about['matched_to']}" in answer.stderr


@pytest.mark.parametrize("number", ["1", "0", "-3", "many", "2.5"])
def test_a_number_of_clusters_that_is_none_is_refused(tiny_lab, number):
    answer = give("cluster", "--lab", tiny_lab.folder, "--clusters", number)
    assert answer.exit_code == 1
    assert f"--clusters {number} is neither auto nor a whole number" in answer.stderr
