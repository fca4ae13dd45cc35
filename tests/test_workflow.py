"""The main job from end to end on small drawn flukes, and what happens when it is cut off."""

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from whalecore.clusters import modes, placing
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import LabError, SettingsError
from whalecore.lab import cluster_evidence as cluster_evidence_module
from whalecore.lab.assess import assess
from whalecore.lab.lab import create_lab, open_lab
from whalecore.lab.shards import TableFolder
from whalecore.lab.tables import TABLES
from whalecore.photos.decode import load_photo
from whalecore.reliability.rules import Rules
from whalecore.types import Box, GradCamSettings, OcclusionSettings, settings_from_key
from whalecore.workflow import cluster as cluster_module
from whalecore.workflow.assess import describe, spoken
from whalecore.workflow.calibrate import judged_photos
from whalecore.workflow.cluster import cluster_heatmaps
from whalecore.workflow.clustered import describe_clustering, spoken_clustering
from whalecore.workflow.continued import continuing
from whalecore.workflow.explain import explain_photo, explain_photos
from whalecore.workflow.import_photos import import_photos
from whalecore.workflow.run import run_all, train_lab


def keys(lab, table):
    return sorted(lab.computed_keys(table))


def written_rows(lab, table):
    """Every row that was ever written, those that others replaced included."""
    folder = TableFolder(lab.folder / "tables" / table, TABLES[table])
    parts = [pq.read_table(path) for path in folder.verified_paths()]
    return [row for part in parts for row in part.to_pylist()]


def test_the_main_job_fills_every_table(tiny_lab):
    status = tiny_lab.status()
    assert status["photos"] == 100
    assert status["models"] == 1
    assert status["scores"] > 0
    assert status["heatmaps"] > 0
    assert status["clusterings"] >= 1
    assert len(tiny_lab.evaluations()) > 0


def test_no_score_comes_from_a_model_that_was_trained_on_the_photo(tiny_lab):
    photos = {row["photo_id"]: row for row in tiny_lab.rows("photos")}
    model = tiny_lab.rows("models")[0]
    scored = {row["photo_id"] for row in tiny_lab.rows("scores")}
    assert scored == {key for key, row in photos.items() if row["fold"] == model["fold"]}
    taught = [r for r in photos.values() if r["individual"] and r["fold"] != model["fold"]]
    assert len(taught) == model["photos_trained"]
    assert {row["individual"] for row in taught} == set(model["individuals"])


def test_some_individuals_are_new_to_the_model_that_judges_them(tiny_lab):
    model = tiny_lab.rows("models")[0]
    judged = [row for row in tiny_lab.rows("photos") if row["fold"] == model["fold"]]
    assert {row["known"] for row in judged} == {True, False}
    for row in judged:
        assert row["known"] == (row["individual"] in model["individuals"])


def test_running_again_computes_nothing(tiny_lab, tiny_source, tiny_preset):
    tables = ("scores", "heatmaps", "models", "assignments", "clusterings")
    before = {table: keys(tiny_lab, table) for table in tables}
    written = len(written_rows(tiny_lab, "heatmaps"))
    run_all(tiny_lab, tiny_source, tiny_preset)
    assert {table: keys(tiny_lab, table) for table in tables} == before
    assert len(written_rows(tiny_lab, "heatmaps")) == written


def test_photos_added_later_are_imported_alone(tiny_lab, tiny_source, tmp_path):
    added = tmp_path / "more" / "demo_999"
    added.mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 255, (80, 160, 3)).astype(np.uint8)
    Image.fromarray(picture).save(added / "new.png")
    report = import_photos(tiny_lab, tmp_path / "more")
    assert (report.new, report.known) == (1, 0)
    again = import_photos(tiny_lab, tiny_source)
    assert (again.new, again.known) == (0, 100)
    assert tiny_lab.status()["photos"] == 101


def test_bad_files_are_named_and_the_rest_goes_on(tmp_path):
    folder = tmp_path / "flukes" / "a1"
    folder.mkdir(parents=True)
    good = np.random.default_rng(1).integers(0, 255, (60, 120, 3)).astype(np.uint8)
    Image.fromarray(good).save(folder / "good.jpg")
    data = (folder / "good.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(data[: len(data) // 2])
    (folder / "text.jpg").write_text("not a picture", encoding="utf-8")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "copy.jpg").write_bytes(data)
    lab = create_lab(tmp_path / "lab", name="bad", photo_root=tmp_path / "flukes")
    report = import_photos(lab, tmp_path / "flukes")
    assert report.new == 1
    named = {(kind, name.rsplit("/")[-1]) for kind, name, _ in report.problems}
    assert {("unreadable", n) for n in ("truncated.jpg", "text.jpg", "empty.jpg")} <= named
    assert ("exact duplicate", "good.jpg") in named
    assert all(reason.count(". ") == 0 for _, _, reason in report.problems)


def test_one_picture_under_two_individuals_is_reported(tmp_path):
    picture = np.random.default_rng(2).integers(0, 255, (60, 120, 3)).astype(np.uint8)
    for name in ("a1", "b2"):
        (tmp_path / "flukes" / name).mkdir(parents=True)
        Image.fromarray(picture).save(tmp_path / "flukes" / name / f"{name}.png")
    lab = create_lab(tmp_path / "lab", name="two", photo_root=tmp_path / "flukes")
    report = import_photos(lab, tmp_path / "flukes")
    assert [kind for kind, _, _ in report.problems] == ["conflict"]
    assert "a1" in report.problems[0][2]
    assert "b2" in report.problems[0][2]


def test_a_limit_explains_the_same_random_photos_first_and_more_later(tiny_lab):
    settings = OcclusionSettings(patch=32, stride=32)

    def explained():
        return {
            key[0]
            for key in tiny_lab.computed_keys("heatmaps", ["photo_id"], settings=settings.key)
        }

    assert explain_photos(tiny_lab, [settings], limit=3).photos == 3
    first = explained()
    assert len(first) == 3
    assert explain_photos(tiny_lab, [settings], limit=3).photos == 0
    assert explain_photos(tiny_lab, [settings], limit=5).photos == 2
    assert first < explained()
    samples = tiny_lab.rows("samples", settings=settings.key)
    assert [row["photo_limit"] for row in samples] == [3, 5]


def test_every_scored_photo_has_heatmaps_of_its_five_candidates(tiny_lab):
    photo_id = tiny_lab.rows("scores")[0]["photo_id"]
    settings = GradCamSettings("layer2")
    explain_photo(tiny_lab, photo_id, settings)
    heatmaps = tiny_lab.rows("heatmaps", photo_id=photo_id, settings="layer=layer2")
    scores = tiny_lab.rows("scores", photo_id=photo_id)
    assert {row["individual"] for row in heatmaps} == {row["individual"] for row in scores}


def test_a_photo_the_model_was_trained_on_is_not_explained(tiny_lab):
    taught = next(row for row in tiny_lab.rows("photos") if row["fold"] == 1)
    with pytest.raises(LabError, match="no score"):
        explain_photo(tiny_lab, taught["photo_id"], GradCamSettings())


def test_a_new_photo_gets_candidates_heatmaps_a_cluster_and_a_verdict(tiny_lab):
    photo = load_photo(tiny_lab.photo_path(tiny_lab.rows("scores")[0]["photo_id"]))
    answer = describe(photo.name, assess(tiny_lab, photo))
    json.dumps(answer)
    assert len(answer["candidates"]) == 5
    scores = [one["score"] for one in answer["candidates"]]
    assert scores == sorted(scores, reverse=True)
    assert answer["verdict"] in {"reliable", "check", "new_whale", "retake"}
    assert answer["cluster"]["id"] >= 1
    assert answer["reasons"]


def test_a_photo_of_the_lab_is_judged_without_its_own_heatmaps(tiny_lab):
    clustering_id = tiny_lab.usual_clustering()
    own = next(
        one
        for one in tiny_lab.rows("assignments", clustering_id=clustering_id)
        if tiny_lab.rows("scores", photo_id=one["photo_id"], individual=one["individual"], rank=1)
    )
    # What was stored is found without the photo: placing it anew would meet it again.
    tiny_lab.write("assignments", [{**own, "membership": 0.125, "unlike": True}])
    cluster = assess(tiny_lab, tiny_lab.read_photo(own["photo_id"])).cluster
    assert (cluster.id, cluster.membership, cluster.unlike) == (own["cluster"], 0.125, True)


def test_clusters_of_another_version_do_not_keep_a_photo_from_being_identified(tiny_lab):
    clustering_id = tiny_lab.usual_clustering()
    tiny_lab.clustering_path(clustering_id).write_bytes(b"of another version")
    (row,) = tiny_lab.rows("clusterings", clustering_id=clustering_id)
    digest = hashlib.sha256(b"of another version").hexdigest()
    tiny_lab.write("clusterings", [{**row, "arrays_sha256": digest}])
    photo = tiny_lab.read_photo(tiny_lab.rows("scores")[0]["photo_id"])
    found = assess(tiny_lab, photo)
    assert found.cluster is None
    assert len(found.prediction.candidates) == 5
    assert found.verdict.verdict == "check"


def test_heatmaps_are_clustered_again_when_an_identity_is_corrected(tiny_lab):
    before = cluster_heatmaps(tiny_lab, "top5", 3).clustering_id
    assert cluster_heatmaps(tiny_lab, "top5", 3).clustering_id == before
    first = next(one for one in tiny_lab.rows("scores", rank=1) if one["is_reference"])
    (photo,) = tiny_lab.rows("catalogue", photo_id=first["photo_id"])
    tiny_lab.write("catalogue", [{**photo, "individual": "somebody else"}])
    assert cluster_heatmaps(tiny_lab, "top5", 3).clustering_id != before


def test_a_sample_says_of_every_heatmap_whether_it_is_unlike_those_of_other_photos(
    tiny_lab, monkeypatch
):
    monkeypatch.setattr(modes, "SCALE_SAMPLE", 60)
    found = cluster_heatmaps(tiny_lab, "top5", 3, mode="scale").clustering_id
    unlike = [one["unlike"] for one in tiny_lab.rows("assignments", clustering_id=found)]
    assert len(unlike) > 60
    assert set(unlike) <= {True, False}
    assert np.mean(unlike) < 0.2


def fast_copies(lab, correlations):
    """The lab's exact maps once more as fast ones, with these correlations in turn."""
    fast = OcclusionSettings(16, 8, accuracy=0.9)
    rows = lab.rows("heatmaps", settings=OcclusionSettings(16, 8).key)
    copies = [
        {
            **one,
            "settings": fast.key,
            "correlation": correlations[place % len(correlations)],
            "computed": 12,
        }
        for place, one in enumerate(rows)
    ]
    lab.write("heatmaps", copies)
    return fast, len(copies)


def test_fast_maps_below_the_labs_limit_are_not_clustered_and_the_answer_says_so(tiny_lab):
    fast, count = fast_copies(tiny_lab, [0.99, 0.96, 0.9, None])
    found = cluster_heatmaps(tiny_lab, "top5", 3, settings=fast.key)
    assert found.left_out == count // 2
    assert found.note.startswith(f"{count // 2} fast heatmaps were left out")
    assert "--accuracy" in found.note
    (made,) = tiny_lab.rows("clusterings", clustering_id=found.clustering_id)
    assert made["heatmaps"] == count - count // 2
    assert made["heatmap_settings"] == fast.key
    tiny_lab.update_info(least_correlation=0.9)
    assert cluster_heatmaps(tiny_lab, "top5", 3, settings=fast.key).left_out == count // 4


def test_a_lab_of_nothing_but_doubtful_fast_maps_has_no_clusters(tiny_lab):
    fast, count = fast_copies(tiny_lab, [0.5])
    with pytest.raises(cluster_module.TooFewError, match=f"{count} fast heatmaps were left out"):
        cluster_heatmaps(tiny_lab, "top5", 3, settings=fast.key)


def test_a_new_photo_whose_fast_map_is_doubtful_is_placed_by_its_exact_map(tiny_lab):
    fast, _ = fast_copies(tiny_lab, [0.99])
    cluster_heatmaps(tiny_lab, "top5", 3, settings=fast.key)
    assert tiny_lab.usual_occlusion() == fast
    photo = tiny_lab.read_photo(tiny_lab.rows("heatmaps", settings=fast.key)[0]["photo_id"])
    assert {one.settings for one in assess(tiny_lab, photo).heatmaps.values()} == {fast.key}
    fast_copies(tiny_lab, [0.5])
    exact = OcclusionSettings(16, 8).key
    assert {one.settings for one in assess(tiny_lab, photo).heatmaps.values()} == {exact}


def test_a_clustering_that_is_cut_off_leaves_nothing_that_counts(tiny_lab, monkeypatch):
    dependent = ("assignments", "clusters", "cluster_matches", "clusterings")
    before = {name: keys(tiny_lab, name) for name in dependent}
    whole, made = tiny_lab.write, {}

    def once(*args, **other):
        if not made:
            made["it"] = spectral_clustering(*args, **other)
        return made["it"]

    monkeypatch.setattr(cluster_module, "spectral_clustering", once)
    for failing in dependent:

        def write(table, rows, failing=failing):
            if table == failing:
                raise KeyboardInterrupt
            return whole(table, rows)

        monkeypatch.setattr(tiny_lab, "write", write)
        with pytest.raises(KeyboardInterrupt):
            cluster_heatmaps(tiny_lab, "top5", 3)
        assert {name: keys(tiny_lab, name) for name in dependent} == before
    monkeypatch.setattr(tiny_lab, "write", whole)
    name = cluster_heatmaps(tiny_lab, "top5", 3).clustering_id
    (row,) = tiny_lab.rows("clusterings", clustering_id=name)
    assert len(tiny_lab.assignments(name)) == row["heatmaps"]
    assert tiny_lab.cluster_facts(name)["cluster"].tolist() == [*range(1, row["clusters"] + 1)]
    assert len(tiny_lab.cluster_matches(name)) == row["clusters"]
    assert np.array_equal(tiny_lab.clustering(name).labels, made["it"].labels)


def test_clusters_keep_their_names_when_photos_are_added(tiny_lab):
    first = tiny_lab.usual_clustering()
    last = int(tiny_lab.cluster_correctness(first)["cluster"].max())
    tiny_lab.name_cluster(first, last, "the last one")
    asked = json.loads(tiny_lab.rows("clusterings", clustering_id=first)[0]["settings"])
    explain_photos(tiny_lab, [OcclusionSettings(16, 8)], limit=28)
    second = cluster_heatmaps(tiny_lab, "top5", asked["clusters"]).clustering_id
    assert second != first
    assert tiny_lab.rows("clusterings", clustering_id=second)[0]["matched_to"] == first
    matches = tiny_lab.cluster_matches(second)
    whole = (matches["earlier_cluster"] == last) & (matches["overlap"] >= 0.5)
    continued = matches["cluster"][whole].tolist()
    assert tiny_lab.cluster_names(second)["cluster"].tolist() == continued
    kept = {name: tiny_lab.rows("clusterings", clustering_id=name)[0] for name in (first, second)}
    assert kept[second]["sigma"] == kept[first]["sigma"]
    assert describe_clustering(tiny_lab, second)["started_from_it"]
    assert "--anew" in " ".join(spoken_clustering(describe_clustering(tiny_lab, second)))
    key = json.loads(kept[second]["settings"])["key"]
    assert second == continuing(key, first, asked["clusters"]) != key
    # Asked for again it is the same, although the newest one is now itself.
    assert cluster_heatmaps(tiny_lab, "top5", asked["clusters"]).clustering_id == second
    third = cluster_heatmaps(tiny_lab, "top5", asked["clusters"], anew=True).clustering_id
    assert third != second
    assert not describe_clustering(tiny_lab, third)["started_from_it"]


def test_a_new_photo_is_placed_by_all_the_maps_that_describe_a_heatmap(tiny_lab):
    occlusion, cam = OcclusionSettings(16, 8), GradCamSettings("layer4")
    parts = (cam.key, f"osm {occlusion.key}")
    name = cluster_heatmaps(tiny_lab, "top5", 3, settings=parts, signed=True).clustering_id
    kept = tiny_lab.representation(name)
    assert [str(part) for part in kept.parts] == [f"gradcam {cam.key}", f"osm {occlusion.key}"]
    assert (kept.signed, kept.aligned) == (True, False)
    assert tiny_lab.usual_clustering() == name
    assert tiny_lab.usual_occlusion() == occlusion
    row = tiny_lab.assignments(name).iloc[0]
    assert (row["method"], row["settings"]) == ("gradcam", cam.key)
    explained = {one["photo_id"] for one in tiny_lab.rows("assignments", clustering_id=name)}
    first = next(one for one in tiny_lab.rows("scores", rank=1) if one["photo_id"] in explained)
    found = assess(tiny_lab, tiny_lab.read_photo(first["photo_id"]))
    assert {one.settings for one in found.heatmaps.values()} == {occlusion.key}
    key = (first["model_id"], first["photo_id"], first["individual"])
    maps = [tiny_lab.heatmap(*key, part.method, part.settings).values for part in kept.parts]
    placed = placing.assign(tiny_lab.clustering(name), maps)
    assert (found.cluster.id, found.cluster.membership) == (placed.cluster, placed.membership)
    # Of a photo that the lab has no Grad-CAM maps of, they are computed.
    tiny_lab.correct_crop(first["photo_id"], Box(3, 3, 90, 60))
    assert assess(tiny_lab, tiny_lab.read_photo(first["photo_id"])).cluster is not None
    assert len(tiny_lab.rows("heatmaps", photo_id=first["photo_id"], settings=cam.key)) == 5


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("gradcam patch=16,stride=8,fill=0,target=logit", "belong to 'osm', not to 'gradcam'"),
        ("nonsense", "cannot be read"),
        ("layer=layer9", "'layer9' is unknown"),
    ],
)
def test_settings_that_name_no_heatmaps_are_refused(tiny_lab, key, words):
    with pytest.raises(SettingsError, match=words):
        cluster_heatmaps(tiny_lab, "top5", 3, settings=key)


def test_a_heatmap_unlike_any_cluster_leans_on_none(tiny_lab, monkeypatch):
    photo = tiny_lab.read_photo(tiny_lab.rows("scores")[0]["photo_id"])
    like = assess(tiny_lab, photo)
    assert like.cluster.unlike is False
    rules = Rules.from_dict(tiny_lab.rules(like.prediction.model_id, tiny_lab.usual_clustering()))
    hits, photos = rules.clusters.counts.get(like.cluster.id, (0, 0))
    share = hits / photos if photos else rules.clusters.overall
    assert (like.evidence.share_correct, like.evidence.cluster_heatmaps) == (share, photos)
    placed = placing.assign

    def far(*args):
        return replace(placed(*args), unlike=True)

    monkeypatch.setattr(cluster_evidence_module, "assign", far)
    found = assess(tiny_lab, photo)
    assert found.cluster.unlike
    assert found.evidence.unlike
    assert found.evidence.share_correct is found.evidence.membership is None
    answer = describe(photo.name, found)
    assert answer["cluster"]["unlike_any"] is True
    assert answer["cluster"]["id"] == like.cluster.id
    assert any("unlike any cluster" in line for line in spoken(answer))


def test_a_member_unlike_all_other_photos_has_no_share_when_rules_are_chosen(tiny_lab):
    name = tiny_lab.usual_clustering()
    rows = tiny_lab.rows("assignments", clustering_id=name)
    first = {(row["photo_id"], row["individual"]) for row in tiny_lab.rows("scores", rank=1)}
    known = {row["photo_id"] for row in tiny_lab.rows("photos") if row["individual"]}
    chosen = next(
        row for row in rows
        if (row["photo_id"], row["individual"]) in first and row["photo_id"] in known
    )  # fmt: skip
    tiny_lab.write("assignments", [{**row, "unlike": row is chosen} for row in rows])
    judged = judged_photos(tiny_lab, name)
    assert [one.evidence.has_cluster for one in judged if one.evidence.unlike] == [False]
    assert any(one.evidence.has_cluster for one in judged)


def test_the_maps_of_a_new_photo_are_seen_while_they_grow(tiny_lab):
    photo = tiny_lab.read_photo(tiny_lab.rows("scores")[0]["photo_id"])
    tiny_lab.correct_crop(photo.photo_id, Box(3, 3, 90, 60))
    seen = []

    def stop(maps, prediction):
        seen.append((int(maps.computed.sum()), prediction.individuals))
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assess(tiny_lab, photo, growing=stop)
    again = []
    found = assess(tiny_lab, photo, growing=lambda maps, _: again.append(int(maps.computed.sum())))
    counts = [count for count, _ in seen]
    assert counts == sorted(set(counts))
    assert counts[-1] < again[0] <= again[-1] == found.heatmaps[seen[0][1][0]].values.size
    assert seen[0][1] == found.prediction.individuals


def test_a_lab_that_cannot_be_written_to_still_answers(tiny_lab, monkeypatch):
    def full(*_):
        raise LabError("The disk is full.")

    photo = tiny_lab.read_photo(tiny_lab.rows("scores")[0]["photo_id"])
    tiny_lab.correct_crop(photo.photo_id, Box(3, 3, 90, 60))
    monkeypatch.setattr(tiny_lab, "write", full)
    assert len(assess(tiny_lab, photo).heatmaps) == 5


def test_a_corrected_crop_hides_what_was_computed_with_the_old_one(tiny_lab):
    photo_id = tiny_lab.rows("scores")[0]["photo_id"]
    photo = tiny_lab.read_photo(photo_id)
    before = assess(tiny_lab, photo)
    tiny_lab.correct_crop(photo_id, Box(3, 3, 90, 60))
    assert not tiny_lab.rows("scores", photo_id=photo_id)
    after = assess(tiny_lab, photo)
    assert after.prediction.crop.source == "corrected"
    first = after.prediction.individuals[0]
    assert after.heatmaps[first].crop != before.heatmaps[before.prediction.individuals[0]].crop


def test_settings_are_recovered_from_their_key():
    for settings in (OcclusionSettings(7, 3, 0.5, "logit"), GradCamSettings("layer2")):
        assert settings_from_key(settings.key) == settings


@pytest.mark.slow
def test_a_job_that_is_killed_goes_on_and_computes_nothing_twice(
    tiny_source, tiny_preset, tiny_lab_folder, tmp_path
):
    """Killed at several moments with SIGKILL; the tables end as without any kill."""
    preset = replace(tiny_preset, limit=12)
    folder = tmp_path / "lab"
    create_lab(folder, name="killed", photo_root=tiny_source, drawings=True, folds=2)
    script = tmp_path / "job.py"
    script.write_text(
        "import pickle, sys\n"
        "from pathlib import Path\n"
        "from whalecore.lab.lab import open_lab\n"
        "from whalecore.workflow.run import run_all\n"
        "preset = pickle.loads(Path(sys.argv[1]).read_bytes())\n"
        "run_all(open_lab(sys.argv[2]), Path(sys.argv[3]), preset)\n",
        encoding="utf-8",
    )
    (tmp_path / "preset").write_bytes(pickle.dumps(preset))
    command = [sys.executable, str(script), tmp_path / "preset", folder, tiny_source]
    for seconds in (6, 9, 12):
        job = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()})
        time.sleep(seconds)
        job.send_signal(signal.SIGKILL)
        job.wait()
    subprocess.run(command, env={**os.environ, "PYTHONPATH": os.getcwd()}, check=True)
    lab = open_lab(folder)
    for table in ("catalogue", "scores", "heatmaps", "crops", "models"):
        rows = written_rows(lab, table)
        identities = [tuple(row[name] for name in TABLES[table].key) for row in rows]
        assert len(identities) == len(set(identities)), f"{table} holds a row twice"
    assert lab.status()["photos"] == 100
    explained = {row["photo_id"] for row in lab.rows("heatmaps", method="osm")}
    assert len(explained) == 12


@pytest.mark.slow
def test_with_a_model_for_every_fold_every_photo_is_judged_by_one_that_never_saw_it(
    tiny_lab, tiny_source, tiny_preset
):
    run_all(tiny_lab, tiny_source, replace(tiny_preset, folds=2))
    folds = {row["model_id"]: row["fold"] for row in tiny_lab.rows("models")}
    photos = {row["photo_id"]: row for row in tiny_lab.rows("photos")}
    scores = tiny_lab.rows("scores", rank=1)
    assert sorted(folds.values()) == [0, 1]
    assert {row["photo_id"] for row in scores} == set(photos)
    assert all(folds[row["model_id"]] == photos[row["photo_id"]]["fold"] for row in scores)
    assert len(set(tiny_lab.heatmaps().model_ids)) == 2


def test_more_models_than_folds_are_refused(tiny_lab, tiny_preset):
    with pytest.raises(SettingsError, match="--folds 1 to 2"):
        train_lab(tiny_lab, replace(tiny_preset, folds=3))
