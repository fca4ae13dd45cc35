"""Marks become part of the scores: found, weighed on validation photos, counted, kept."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy.special import softmax

from tests.conftest import ENOUGH_TO_WEIGH
from whalecore.errors import LabError
from whalecore.lab.gallery import extended
from whalecore.lab.lab import open_lab
from whalecore.reliability.fusion import fit_fusion
from whalecore.types import GradCamSettings, OcclusionSettings
from whalecore.workflow import weigh
from whalecore.workflow.explain import _explain_by_grad_cam, explain_photo
from whalecore.workflow.logits import lab_logits
from whalecore.workflow.marks import find_marks
from whalecore.workflow.score import score_photos
from whalecore.workflow.train import train_identifier


@pytest.fixture(scope="module")
def marked(marked_lab_folder):
    return open_lab(marked_lab_folder)


@pytest.fixture(scope="module")
def keypoints(marked_preset):
    return marked_preset.marks.keypoints


def newest(lab) -> dict:
    return lab.rows("models", model_id=lab.newest_model_id(0))[0]


def validation(lab, identifier) -> list[dict]:
    return [
        photo
        for photo in lab.rows("photos")
        if photo["part"] == "validation"
        and photo["fold"] == 0
        and photo["individual"] in identifier.individuals
    ]


def test_marks_of_every_photo_are_found_once(marked, keypoints):
    photos = {photo["photo_id"] for photo in marked.rows("photos")}
    assert {row["photo_id"] for row in marked.rows("keypoints")} == photos
    assert find_marks(marked, keypoints) == 0


def test_a_model_from_before_marks_becomes_another_one_without_training(marked, marked_preset):
    before, after = sorted(marked.rows("models", fold=0), key=lambda row: row["trained_at"])
    assert before["mark_weight"] is None
    assert after["mark_weight"] > 0
    assert after["model_id"] != before["model_id"]
    assert after["trained_at"] - before["trained_at"] == timedelta(microseconds=1)
    assert json.loads(after["settings"]) == json.loads(before["settings"])
    assert train_identifier(marked, marked_preset, 0) == after["model_id"]
    old, new = (marked.identifier(row["model_id"]) for row in (before, after))
    for mine, theirs in zip(new.network.parameters(), old.network.parameters(), strict=True):
        assert mine.equal(theirs)


def test_a_model_whose_marks_are_looked_for_otherwise_becomes_another_one(
    marked, marked_preset, tmp_path, monkeypatch
):
    monkeypatch.setattr(weigh, "FEWEST", ENOUGH_TO_WEIGH)
    lab = open_lab(shutil.copytree(marked.folder, tmp_path / "otherwise"))
    before = newest(lab)["model_id"]
    fewer = replace(marked_preset, marks=replace(marked_preset.marks, alike=1, shortlist=9))
    after = train_identifier(lab, fewer, 0)
    assert after != before
    found = lab.identifier(after).marks
    assert (found.shortlist, found.alike) == (9, 1)
    assert train_identifier(lab, fewer, 0) == after


def test_keypoints_without_words_are_put_into_words(marked, keypoints, tmp_path, forget):
    lab = open_lab(shutil.copytree(marked.folder, tmp_path / "wordless"))
    rows = sorted(lab.rows("keypoints"), key=lambda row: row["photo_id"])
    lab = forget(lab, "keypoints")
    lab.write("keypoints", [{**row, "words": None} for row in rows])
    assert lab.photos_without_words(keypoints) == [row["photo_id"] for row in rows]
    assert find_marks(lab, keypoints) == 0
    assert lab.photos_without_words(keypoints) == []
    again = sorted(lab.rows("keypoints"), key=lambda row: row["photo_id"])
    for name in ("photo_id", "crop", "marks", "frames", "descriptors", "words"):
        assert [row[name] for row in again] == [row[name] for row in rows]


def test_the_weights_are_those_that_make_the_validation_photos_likeliest(marked):
    identifier = marked.identifier(newest(marked)["model_id"])
    photos = validation(marked, identifier)
    assert len(photos) >= ENOUGH_TO_WEIGH
    ids, individuals, fused = lab_logits(marked, identifier.model_id)
    stored = {row["photo_id"]: row for row in marked.rows("shared_marks")}
    rows = [ids.index(photo["photo_id"]) for photo in photos]
    strengths = np.zeros((len(rows), len(individuals)))
    for place, photo in enumerate(photos):
        shared = stored[photo["photo_id"]]
        for name, one in zip(shared["individuals"], shared["strengths"], strict=True):
            strengths[place, individuals.index(name)] = one
    worth = identifier.marks.weight * identifier.temperature
    network = fused[rows] - worth * strengths
    labels = [individuals.index(photo["individual"]) for photo in photos]
    found = fit_fusion(network, strengths, labels)
    assert 1 / found.logit_weight == pytest.approx(identifier.temperature, rel=0.02)
    assert found.mark_weight == pytest.approx(identifier.marks.weight, rel=0.02)


def test_scores_are_one_probability_of_network_and_marks(marked):
    model = newest(marked)
    ids, individuals, fused = lab_logits(marked, model["model_id"])
    chances = softmax(fused / model["temperature"], axis=1)
    raised = 0
    for row in marked.rows("scores", model_id=model["model_id"]):
        place = ids.index(row["photo_id"]), individuals.index(row["individual"])
        assert row["score"] == pytest.approx(chances[place], abs=0.005)
        assert (chances[place[0]] > chances[place] + 0.005).sum() <= row["rank"] - 1
        raised += bool(row["marks"])
    assert raised > 0


def test_photos_are_matched_in_one_step_that_never_starts_again(
    marked, tmp_path, forget, monkeypatch
):
    monkeypatch.setattr("whalecore.workflow.score.PHOTOS_PER_SHARD", 2)
    lab = forget(open_lab(shutil.copytree(marked.folder, tmp_path / "again")), "scores")
    told = []
    score_photos(lab, lambda progress: told.append((progress.step, progress.done, progress.total)))
    asked = len(lab.rows("scores", model_id=newest(lab)["model_id"], rank=1))
    matched = [(done, total) for step, done, total in told if step == "match marks"]
    assert asked > 4
    assert matched == [(done, asked) for done in range(asked + 1)]


def test_a_photo_that_cannot_be_read_counts_as_done_where_photos_are_matched(
    marked, tmp_path, forget, monkeypatch
):
    lab = forget(open_lab(shutil.copytree(marked.folder, tmp_path / "unread")), "scores")
    model_id = newest(lab)["model_id"]
    held = [photo["photo_id"] for photo in lab.rows("photos") if photo["fold"] == 0]
    plain, told = type(lab).read_photo, []

    def damaged(self, photo):
        if isinstance(photo, dict) and photo["photo_id"] == held[0]:
            raise LabError("The file is damaged.")
        return plain(self, photo)

    monkeypatch.setattr(type(lab), "read_photo", damaged)
    score_photos(lab, told.append)
    steps = [(one.done, one.total) for one in told if one.step == "match marks"]
    assert steps[-1] == (len(held), len(held))
    scored = {row["photo_id"] for row in lab.rows("scores", model_id=model_id)}
    assert scored == set(held[1:])


def test_the_photo_that_matches_best_shows_the_candidate_and_is_not_the_photo_itself(marked):
    model = newest(marked)
    learned, names = marked.learned(model["model_id"]), {}
    for photo in marked.rows("photos"):
        names[photo["photo_id"]] = photo["individual"]
    matched = [
        row for row in marked.rows("scores", model_id=model["model_id"]) if row["matched_photo"]
    ]
    assert matched
    for row in matched:
        assert names[row["matched_photo"]] == row["individual"]
        assert row["matched_photo"] in learned
        assert row["marks"] >= 3


def test_a_photo_is_identified_as_it_was_scored(marked):
    identifier = marked.identifier(newest(marked)["model_id"])
    photo = validation(marked, identifier)[0]["photo_id"]
    found = identifier.identify(marked.read_photo(photo), crop=marked.crop(photo))
    stored = marked.candidates(identifier.model_id, photo)
    assert [one.individual for one in found.candidates] == [one.individual for one in stored]
    assert [one.marks for one in found.candidates] == [one.marks for one in stored]
    for mine, theirs in zip(found.candidates, stored, strict=True):
        assert mine.score == pytest.approx(theirs.score, abs=1e-4)


def test_of_few_photos_only_the_temperature_is_measured(marked, marked_preset):
    identifier = marked.identifier(newest(marked)["model_id"]).replaced(temperature=1.0)
    identifier.marks = None
    photos = validation(marked, identifier)
    assert len(photos) < weigh.FEWEST
    crops = np.zeros((len(photos), identifier.height, identifier.width, 3), np.uint8)
    labels = np.array([identifier.individuals.index(one["individual"]) for one in photos])
    ids = [one["photo_id"] for one in photos]
    found = weigh.weighed(marked, identifier, ids, crops, labels, {}, marked_preset.marks)
    assert found.marks is None
    assert found.temperature != 1.0


def test_photos_that_come_later_are_looked_at_when_they_are_scored(marked, forget):
    lab = marked
    some = sorted(row["photo_id"] for row in lab.rows("keypoints"))[:5]
    kept = [row for row in lab.rows("keypoints") if row["photo_id"] not in some]
    shutil.copytree(lab.folder, lab.folder.parent / "later")
    later = open_lab(lab.folder.parent / "later")
    later = forget(forget(later, "keypoints"), "scores")
    later.write("keypoints", kept)
    score_photos(later)
    assert {row["photo_id"] for row in later.rows("keypoints")} >= set(some)
    key, model_id = ("photo_id", "rank", "individual", "marks"), newest(lab)["model_id"]
    mine, theirs = (
        [[row[name] for name in key] for row in one.rows("scores", model_id=model_id)]
        for one in (later, lab)
    )
    assert mine == theirs


@pytest.fixture
def copied(marked, tmp_path):
    return open_lab(shutil.copytree(marked.folder, tmp_path / "copy"))


def test_an_individual_that_a_decision_named_is_known_by_its_marks_at_once(copied, forget):
    named = {row["photo_id"] for row in copied.rows("photos") if row["individual"]}
    kept = [row for row in copied.rows("keypoints") if row["photo_id"] in named]
    lab = forget(copied, "keypoints")
    lab.write("keypoints", kept)
    photo = next(
        row["photo_id"]
        for row in lab.rows("photos")
        if row["photo_id"] not in named and row["fold"] == 1
    )
    lab.decide(photo, "new_individual", "Salt", reviewer="Anna")
    identifier = extended(lab, lab.identifier(newest(lab)["model_id"]), {"asked"})
    assert "Salt" in identifier.individuals
    assert {row["photo_id"] for row in lab.rows("keypoints")} == {*named, photo}
    assert lab.mark_gallery(newest(lab)["model_id"])["Salt"] == (photo,)


def test_heatmaps_are_made_for_the_individuals_of_the_scores(copied):
    model = newest(copied)
    photo = copied.rows("scores", model_id=model["model_id"], rank=1)[0]["photo_id"]
    names = [one.individual for one in copied.candidates(model["model_id"], photo)]
    # Without marks the network would name others first.
    shutil.rmtree(copied.folder / "tables" / "keypoints")
    for settings in (GradCamSettings("layer4"), OcclusionSettings(16, 16)):
        explain_photo(copied, photo, settings)
        rows = copied.rows(
            "heatmaps", model_id=model["model_id"], photo_id=photo, settings=settings.key
        )
        assert [row["individual"] for row in sorted(rows, key=lambda row: row["rank"])] == names


def test_a_photo_whose_crop_was_corrected_stops_no_other_from_being_explained(copied):
    model_id = newest(copied)["model_id"]
    ids = [row["photo_id"] for row in copied.rows("scores", model_id=model_id, rank=1)][:2]
    identifier, layer = copied.identifier(model_id), GradCamSettings("layer3")
    crop = copied.crop(ids[0])
    edges = {f"crop_{name}": getattr(crop.box, name) + 1 for name in ("x0", "y0", "x1", "y1")}
    old = copied.rows("crops", photo_id=ids[0])[0]
    copied.write("crops", [{**old, **edges, "made_at": None, "crop": None}])
    errors = _explain_by_grad_cam(copied, identifier, {one: [layer] for one in ids})
    assert list(errors) == [ids[0]]
    assert "no score of its present crop" in str(errors[ids[0]])
    done = copied.rows("heatmaps", model_id=model_id, settings=layer.key)
    assert {row["photo_id"] for row in done} == {ids[1]}
