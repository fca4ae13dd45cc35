"""The command `identify`: one object, or some lines, a photo."""

import json

from click.testing import CliRunner

from whalecore.cli import main
from whalecore.workflow.assess import spoken


def give(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


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
