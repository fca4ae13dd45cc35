"""Every command, as a person and as a machine would give it."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from whalecore.cli import main
from whalecore.types import OcclusionSettings

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


def test_several_layers_are_explained_at_once(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--method", "gradcam", "--limit", 2,
                  "--layer", "layer1", "--layer", "layer2", "--json")  # fmt: skip
    assert json.loads(answer.stdout) == {"explained": 2}
    for layer in ("layer1", "layer2"):
        assert len(tiny_lab.rows("heatmaps", settings=f"layer={layer}")) == 10


def test_identify_prints_one_object_a_photo(tiny_lab):
    paths = [tiny_lab.photo_path(row["photo_id"]) for row in tiny_lab.rows("catalogue")[:2]]
    answer = give("identify", *paths, "--lab", tiny_lab.folder, "--json")
    assert answer.exit_code == 0, answer.stderr
    photos = json.loads(answer.stdout)
    assert [photo["photo"] for photo in photos] == [path.name for path in paths]
    assert {"photo", "model", "candidates", "cluster", "quality", "p_correct", "p_new_whale",
            "verdict", "reasons"} <= set(photos[0])  # fmt: skip
    assert {"id", "share_correct", "share_correct_low", "share_correct_high", "mean_score"} <= set(
        photos[0]["cluster"]
    )
    assert {"unlike_any", "stability"} <= set(photos[0]["cluster"])
    assert {"evidence", "set"} <= set(photos[0])
    assert photos[0]["evidence"]["encounter_photos"] == 0


def test_photos_of_one_encounter_are_also_ranked_together(tiny_lab, tmp_path):
    # Photos that the network learned from would say nothing of each other.
    names = tiny_lab.scores()["photo_id"].unique()[:2]
    paths = [tiny_lab.photo_path(name) for name in names]
    bad = tmp_path / "notes.jpg"
    bad.write_text("not a picture", encoding="utf-8")
    words = ("identify", *paths, bad, "--one-encounter", "--lab", tiny_lab.folder)
    answer = give(*words, "--json")
    assert answer.exit_code == 1
    assert "notes.jpg" in answer.stderr
    *photos, together = json.loads(answer.stdout)
    assert [photo["evidence"]["encounter_photos"] for photo in photos] == [1, 1]
    assert together["encounter"] == 2
    firsts = {photo["candidates"][0]["individual"] for photo in photos}
    assert firsts <= {one["individual"] for one in together["candidates"]}
    assert [one["rank"] for one in together["candidates"][:2]] == [1, 2]
    assert "2 photos of one encounter together:" in give(*words).stdout


def test_a_person_reads_verdict_reasons_and_candidates_in_lines(tiny_lab):
    path = tiny_lab.photo_path(tiny_lab.rows("catalogue")[0]["photo_id"])
    answer = give("identify", path, "--lab", tiny_lab.folder)
    assert answer.exit_code == 0, answer.stderr
    first, *lines = answer.stdout.splitlines()
    assert first.startswith(f"{path.name}: ")
    assert sum(" score 0." in line for line in lines) >= 5
    assert "{" not in answer.stdout


def test_a_photo_that_cannot_be_used_does_not_stop_the_others(tiny_lab, tmp_path):
    bad = tmp_path / "notes.jpg"
    bad.write_text("not a picture", encoding="utf-8")
    good = tiny_lab.photo_path(tiny_lab.rows("catalogue")[0]["photo_id"])
    answer = give("identify", bad, good, "--lab", tiny_lab.folder, "--json")
    assert answer.exit_code == 1
    assert [photo["photo"] for photo in json.loads(answer.stdout)] == [good.name]
    assert "notes.jpg" in answer.stderr
    assert "Traceback" not in answer.stderr


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


@pytest.mark.parametrize("sigma", ["-1", "0", "wide", "nan", "inf"])
def test_a_kernel_width_that_is_no_positive_number_is_refused(tiny_lab, sigma):
    answer = give("cluster", "--lab", tiny_lab.folder, "--sigma", sigma)
    assert answer.exit_code == 1
    assert sigma in answer.stderr


def test_a_stride_that_leaves_strips_uncovered_is_refused(tiny_lab):
    answer = give("explain", "--lab", tiny_lab.folder, "--patch", 4, "--stride", 5)
    assert answer.exit_code == 1
    assert "never be covered" in answer.stderr


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


def test_exported_tables_hold_all_rows_and_no_formulas(tiny_lab, tmp_path):
    tiny_lab.write(
        "reviews",
        [{"review_id": "r1", "photo_id": "0" * 16, "decision": "check", "note": "=HYPERLINK(1)"}],
    )
    answer = give("export", "--lab", tiny_lab.folder, "--to", tmp_path / "out", "--json")
    assert answer.exit_code == 0, answer.stderr
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert len(scores) == tiny_lab.status()["scores"]
    assert pd.read_csv(tmp_path / "out" / "reviews.csv")["note"].tolist() == ["'=HYPERLINK(1)"]
    answer = give("export", "scores", "--lab", tiny_lab.folder, "--to", tmp_path, "--format",
                  "parquet")  # fmt: skip
    assert answer.exit_code == 0
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) == len(scores)


def test_heatmaps_are_exported_as_pictures(tiny_lab, tmp_path):
    answer = give("export", "--lab", tiny_lab.folder, "--to", tmp_path, "--format", "png", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["written"] == len(list(tmp_path.glob("*.png"))) > 0


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
