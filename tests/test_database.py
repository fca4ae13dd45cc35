"""Views: what counts now, arithmetic by hand, and a database that cannot be talked into more."""

import math
import random
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests import lab_rows as row
from whalecore.errors import LabError
from whalecore.files import sha256_of
from whalecore.lab import create_lab, open_lab
from whalecore.lab.manifest import Shard, write_entry

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def lab(tmp_path):
    return create_lab(tmp_path / "lab", "Test", tmp_path)


def test_an_empty_lab_has_every_table_and_no_rows(lab):
    assert lab.rows("heatmaps") == lab.rows("photos") == lab.rows("cluster_correctness") == []
    assert lab.photos().empty


def test_the_newest_row_of_a_key_wins_across_files_and_within_one(lab):
    lab.write("catalogue", [row.photo("p", "a"), row.photo("q", "a"), row.photo("q", "b")])
    lab.write("catalogue", [row.photo("p", "c")])
    assert {one["photo_id"]: one["individual"] for one in lab.rows("photos")} == {
        "p": "c",
        "q": "b",
    }
    lab.compact()
    assert {one["photo_id"]: one["individual"] for one in lab.rows("photos")} == {
        "p": "c",
        "q": "b",
    }


def test_a_photo_carries_its_crop_quality_and_split(lab):
    lab.write("catalogue", [row.photo("p", "a"), row.photo("q")])
    lab.write("crops", [row.crop("p", sharpness=0.25)])
    split = {"photo_id": "p", "fold": 2, "part": "test", "known": True, "unit": "u"}
    lab.write("splits", [split])
    first, second = lab.rows("photos")
    assert (first["crop"], first["crop_x1"], first["sharpness"]) == (row.CROP, 10.0, 0.25)
    assert (first["fold"], first["part"], first["split"]) == (2, "test", "fold 2, test")
    assert (second["individual"], second["crop"], second["split"]) == (None, None, None)


def test_a_box_by_hand_outlives_later_boxes_of_a_detector(lab):
    lab.write("crops", [row.crop("p")])
    lab.write("crops", [row.crop("p", "corrected", edge=1.0)])
    lab.write("crops", [row.crop("p", "detector", edge=2.0)])
    assert [one["crop"] for one in lab.rows("crops")] == [row.OTHER_CROP]
    lab.write("crops", [row.crop("p", "corrected", edge=3.0)])
    assert [one["crop_x0"] for one in lab.rows("crops")] == [3.0]


def test_scores_and_heatmaps_of_another_crop_are_hidden_until_computed_again(lab):
    lab.write("catalogue", [row.photo("p", "a")])
    lab.write("crops", [row.crop("p")])
    lab.write("scores", [row.score("p", 1, "a")])
    lab.write("heatmaps", [row.heatmap("p", 1, "a")])
    assert len(lab.rows("scores")) == len(lab.rows("heatmaps")) == 1
    lab.write("crops", [row.crop("p", "corrected", edge=1.0)])
    assert lab.rows("scores") == lab.rows("heatmaps") == []
    lab.write("scores", [row.score("p", 1, "b", crop=row.OTHER_CROP)])
    assert [one["individual"] for one in lab.rows("scores")] == ["b"]


def test_what_was_computed_with_a_passing_crop_does_not_hide_the_photos_own(lab):
    lab.write("crops", [row.crop("p")])
    lab.write("heatmaps", [row.heatmap("p", 1, "a", first=7.0)])
    lab.write("heatmaps", [row.heatmap("p", 1, "a", first=8.0, crop=row.OTHER_CROP)])
    assert [one["values"][0] for one in lab.rows("heatmaps")] == [7.0]


def test_the_reference_follows_the_catalogue_of_today(lab):
    lab.write("catalogue", [row.photo("p", "a"), row.photo("q")])
    lab.write(
        "scores",
        [
            row.score("p", 1, "a", is_reference=False),
            row.score("q", 1, "a", is_reference=True),
            row.score("uploaded", 1, "a", is_reference=True),
        ],
    )
    found = {one["photo_id"]: one["is_reference"] for one in lab.rows("scores")}
    assert found == {"p": True, "q": False, "uploaded": True}


def write_clusters(lab):
    """Cluster 1: A's first two candidates, B's first and third; cluster 2: B's second."""
    lab.write("catalogue", [row.photo("A", "a"), row.photo("B", "b")])
    lab.write(
        "scores",
        [
            row.score("A", 1, "a", 0.8),
            row.score("A", 2, "x", 0.1),
            row.score("B", 1, "y", 0.6),
            row.score("B", 2, "z", 0.3),
            row.score("B", 3, "b", 0.2),
        ],
    )
    lab.write(
        "assignments",
        [
            row.assignment("A", "a", 1),
            row.assignment("A", "x", 1),
            row.assignment("B", "y", 1),
            row.assignment("B", "b", 1),
            row.assignment("B", "z", 2),
        ],
    )
    lab.write("clusterings", [row.clustering("c")])


def test_cluster_correctness_is_what_a_hand_computes(lab):
    write_clusters(lab)
    facts = {"clustering_id": "c", "cluster": 1, "heatmaps": 4, "stability": 0.25}
    lab.write("clusters", [facts])
    first, second = lab.rows("cluster_correctness")
    # z = 1.959964: 2 of 4 lie between .5 -+ z sqrt(.25 / 4 + z^2 / 64) / (1 + z^2 / 4).
    assert first == {
        "clustering_id": "c",
        "cluster": 1,
        "heatmaps": 4,
        "photos": 2,
        "correct": 2,
        "top1": 0.25,
        "top2": 0.0,
        "top3": 0.25,
        "top4": 0.0,
        "top5": 0.0,
        "share_correct": 0.5,
        "share_correct_low": pytest.approx(0.150039, abs=1e-6),
        "share_correct_high": pytest.approx(0.849961, abs=1e-6),
        "identified": 2,
        "identified_correct": 0.5,
        "identified_low": pytest.approx(0.094531, abs=1e-6),
        "identified_high": pytest.approx(0.905469, abs=1e-6),
        "identified_score": pytest.approx(0.7),
        "mean_score": pytest.approx(0.425),
        "score_deviation": pytest.approx(math.sqrt(0.081875)),
        "stability": 0.25,
    }
    # Of the second one it was never measured.
    assert second["stability"] is None
    assert (second["heatmaps"], second["share_correct"], second["score_deviation"]) == (1, 0, 0)
    assert second["share_correct_low"] == 0.0
    assert second["share_correct_high"] == pytest.approx(0.793451, abs=1e-6)
    names = ("identified_correct", "identified_low", "identified_high", "identified_score")
    assert (second["identified"], *(second[name] for name in names)) == (0, None, None, None, None)


def test_rows_of_a_clustering_count_only_when_its_own_row_is_there(lab):
    match = {"clustering_id": "c", "cluster": 1, "earlier_id": "b", "shared": 0}
    lab.write("assignments", [row.assignment("A", "a", 1)])
    lab.write("clusters", [{"clustering_id": "c", "cluster": 1, "heatmaps": 1}])
    lab.write("cluster_names", [{"clustering_id": "c", "cluster": 1, "name": "notch"}])
    lab.write("cluster_matches", [match])
    dependent = ("assignments", "clusters", "cluster_names", "cluster_matches")
    assert [lab.rows(name) for name in dependent] == [[], [], [], []]
    lab.write("clusterings", [row.clustering("c")])
    assert [len(lab.rows(name)) for name in dependent] == [1, 1, 1, 1]


def test_an_upload_is_neither_right_nor_wrong_until_the_catalogue_names_it(lab):
    write_clusters(lab)
    lab.write("catalogue", [row.photo("A", "a"), row.photo("B", "b")])
    counted = lab.rows("cluster_correctness")[0]
    assert (counted["heatmaps"], counted["correct"]) == (4, 2)
    place = f"uploads/{'0' * 15}b.jpg"
    lab.write("catalogue", [row.photo("B", None, path=place)])
    lab.decide("B", "confirm", "a", reviewer="Anna")
    (first,) = lab.rows("cluster_correctness")
    assert (first["heatmaps"], first["photos"], first["share_correct"]) == (2, 1, 0.5)
    lab.write("catalogue", [row.photo("B", "b", path=place)])
    assert lab.rows("cluster_correctness")[0] == counted
    # A photo of the collection that the catalogue gives no name is not the identified animal.
    lab.write("catalogue", [row.photo("B", None)])
    first = lab.rows("cluster_correctness")[0]
    assert (first["heatmaps"], first["correct"]) == (4, 1)


def test_a_photo_whose_crop_changed_leaves_its_cluster(lab):
    lab.write("crops", [row.crop("A"), row.crop("B")])
    write_clusters(lab)
    lab.write("crops", [row.crop("A", "corrected", edge=1.0)])
    changed = row.OTHER_CROP
    lab.write("scores", [row.score("A", 1, "a", 0.9, crop=changed)])
    first, _ = lab.rows("cluster_correctness")
    assert (first["heatmaps"], first["top1"], first["top3"]) == (2, 0.0, 0.5)


def test_sums_do_not_depend_on_the_order_of_the_rows(tmp_path):
    generator = random.Random(0)
    values = [generator.random() ** 8 for _ in range(3000)]
    results = []
    for name in ("forwards", "backwards"):
        lab = create_lab(tmp_path / name, name, tmp_path)
        order = list(enumerate(values))[:: 1 if name == "forwards" else -1]
        lab.write("scores", [row.score(f"{i}", 1, "a", value) for i, value in order])
        lab.write("assignments", [row.assignment(f"{i}", "a", 1) for i, _ in order])
        lab.write("clusterings", [row.clustering("c")])
        results += [lab.rows("cluster_correctness") for _ in range(3)]
    assert all(result == results[0] for result in results)
    mean = math.fsum(values) / len(values)
    assert results[0][0]["mean_score"] == pytest.approx(mean, abs=1e-14)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    assert results[0][0]["score_deviation"] == pytest.approx(deviation, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "careless_match"),
    [("lab [2]", "lab 2"), ("what? *", "what! x"), ('it\'s, "so" $1 é', None)],
)
def test_a_lab_folder_may_have_any_name(tmp_path, name, careless_match):
    for folder, individual in ((careless_match, "wrong"), (name, "right")):
        if folder:
            lab = create_lab(tmp_path / folder, "x", tmp_path)
            lab.write("catalogue", [row.photo("p", individual)])
    assert lab.photo("p")["individual"] == "right"


def test_a_value_is_never_run_as_sql(lab):
    hostile = "x' OR 1=1; DROP VIEW photos; --"
    lab.write("catalogue", [row.photo("p", hostile)])
    assert len(lab.gallery(hostile)) == 1
    assert lab.gallery("x").empty
    assert lab.scores(photo_id=hostile).empty
    assert len(lab.rows("photos", individual=hostile)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda lab: lab.rows("photos; DROP VIEW photos"),
        lambda lab: lab.table("duckdb_settings"),
        lambda lab: lab.rows("photos", **{"1=1 --": 1}),
        lambda lab: lab.computed_keys("scores", ["photo_id FROM scores; --"]),
        lambda lab: lab.computed_keys("photos_rows"),
    ],
)
def test_a_name_that_is_no_table_or_column_is_refused(lab, call):
    with pytest.raises(LabError, match=r"no (table|column)"):
        call(lab)


def test_the_database_reads_nothing_outside_the_lab(lab, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with pytest.raises(duckdb.PermissionException):
        lab._database.rows("SELECT * FROM read_text($1)", [str(secret)])
    with pytest.raises(duckdb.Error, match="lock"):
        lab._database.rows("SET enable_external_access = true")


def test_readers_in_many_threads_get_right_rows_while_another_process_writes(lab):
    lab.write("catalogue", [row.photo(f"{n:03d}", f"i{n % 7}") for n in range(70)])
    code = (
        "import sys\n"
        "from tests import lab_rows as row\n"
        "from whalecore.lab import open_lab\n"
        "lab = open_lab(sys.argv[1])\n"
        "for n in range(70, 90):\n"
        "    lab.write('catalogue', [row.photo(f'{n:03d}', f'i{n % 7}')])\n"
        "    if n % 5 == 0:\n"
        "        lab.compact()\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(lab.folder)], cwd=ROOT)
    wrong = []

    def read(number):
        try:
            while writer.poll() is None:
                found = lab.gallery(f"i{number}")
                names = set(found["individual"])
                if names != {f"i{number}"} or not 10 <= len(found) <= 13:
                    wrong.append((number, names, len(found)))
        except Exception as error:  # noqa: BLE001
            wrong.append(error)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert writer.returncode == 0
    assert wrong == []
    assert len(lab.photos()) == 90


def test_a_damaged_table_is_reported_when_it_is_read_and_others_still_work(lab):
    lab.write("catalogue", [row.photo("p", "a")])
    lab.write("models", [row.model("m")])
    (path,) = (lab.folder / "tables" / "models").glob("*.parquet")
    data = bytearray(path.read_bytes())
    data[40] ^= 16
    path.write_bytes(data)
    again = open_lab(lab.folder)
    assert len(again.photos()) == 1
    with pytest.raises(LabError, match=path.name):
        again.rows("models")


def test_a_dashboard_survives_the_clearing_of_temporary_folders(lab):
    for path in lab._database._empty_files.values():
        path.unlink()
        if not list(path.parent.iterdir()):
            path.parent.rmdir()
    lab.write("catalogue", [row.photo("p", "a")])
    assert len(lab.photos()) == 1


def test_a_column_that_older_files_lack_is_empty(lab):
    lab.write("catalogue", [row.photo("p", "a", encounter="e")])
    (path,) = (lab.folder / "tables" / "catalogue").glob("*.parquet")
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["encounter"]), path)
    shard = Shard(path.stem, 1, path.stat().st_size, sha256_of(path), 1)
    write_entry(path.with_suffix(".json"), shard)
    again = open_lab(lab.folder)
    assert again.photo("p")["encounter"] is None
    assert again.photo("p")["individual"] == "a"
    again.write("catalogue", [row.photo("q", "a", encounter="e")])
    again.compact()
    assert len(again.photos()) == 2


def test_a_result_is_remembered_until_a_row_is_written(tmp_path, monkeypatch):
    lab = create_lab(tmp_path / "lab", "lab", tmp_path)
    runs = []
    run = lab._database._run
    monkeypatch.setattr(
        lab._database, "_run", lambda sql, *other: runs.append(sql) or run(sql, *other)
    )
    problem = {"source": "s", "name": "a.jpg", "kind": "note", "reason": "Nothing."}
    before = lab.state("problems")
    assert lab.rows("problems") == lab.rows("problems") == []
    assert len(runs) == 1
    lab.write("problems", [problem])
    assert lab.state("problems") != before
    assert lab.state("catalogue") == lab.state("catalogue")
    assert [row["name"] for row in lab.rows("problems")] == ["a.jpg"]
    assert len(runs) == 2
    # Another process' lab writes; this one sees it.
    open_lab(tmp_path / "lab").write("problems", [{**problem, "name": "b.jpg"}])
    assert [row["name"] for row in lab.rows("problems")] == ["a.jpg", "b.jpg"]


def test_the_state_is_read_again_while_another_process_merges_files(tmp_path, monkeypatch):
    lab = create_lab(tmp_path / "lab", "lab", tmp_path)
    folder, asked = lab._database.folders["problems"], []

    def merging():
        asked.append(None)
        if len(asked) < 3:
            raise FileNotFoundError("gone")
        return []

    monkeypatch.setattr(folder, "live_shards", merging)
    assert lab.state("problems")
    assert len(asked) == 3
