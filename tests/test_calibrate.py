"""Calibrating a lab: what is written, and that nothing judges itself."""

import json
import tracemalloc

import numpy as np
import pytest

from whalecore.errors import SettingsError, TooFewError
from whalecore.lab import create_lab
from whalecore.reliability.calibration import brier_score
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.rules import Rules
from whalecore.workflow import logits
from whalecore.workflow.calibrate import calibrate_lab, judge
from whalecore.workflow.judged import (
    AllScores,
    Judged,
    _grouped,
    all_scores,
    judged_photos,
    unnamed_photos,
)


@pytest.fixture(scope="module")
def calibrated(tiny_lab_folder, tmp_path_factory):
    import shutil

    from whalecore.lab.lab import open_lab

    folder = shutil.copytree(tiny_lab_folder, tmp_path_factory.mktemp("labs") / "calibrated")
    lab = open_lab(folder)
    return lab, calibrate_lab(lab)


def test_every_scored_photo_gets_one_verdict_and_named_ones_the_truth(calibrated):
    lab, _ = calibrated
    name = lab.usual_clustering()
    judged = {(one.model_id, one.photo_id): one for one in judged_photos(lab, name)}
    unnamed = {(one.model_id, one.photo_id) for one in unnamed_photos(lab, name)}
    every = lab.rows("verdicts", clustering_id=name)
    rows = [row for row in every if row["correct"] is not None]
    others = {(row["model_id"], row["photo_id"]) for row in every if row["correct"] is None}
    assert others == unnamed
    assert len(every) == len(judged) + len(unnamed)
    assert sorted((row["model_id"], row["photo_id"]) for row in rows) == sorted(judged)
    for row in rows:
        one = judged[row["model_id"], row["photo_id"]]
        assert (row["part"], row["correct"], row["known"]) == (one.part, one.correct, one.known)
        assert row["cluster"] == one.evidence.cluster
        assert 0 <= row["p_correct"] + row["p_new_whale"] <= 1
        assert row["set_size"] >= 1
        assert row["reason"].endswith(".")


def test_figures_are_stored_as_they_are_told(calibrated):
    lab, told = calibrated
    json.dumps(told, allow_nan=False)
    assert isinstance(told["heatmaps"], str)
    models = {row["model_id"] for row in lab.rows("evaluations")}
    if len(models) > 1:
        return
    newest = lab.evaluations().drop_duplicates(["metric", "part"])
    stored = {(row.part, row.metric): row.value for row in newest.itertuples()}
    for part, figures in told["metrics"].items():
        for name, figure in figures.items():
            assert stored[part, name] == pytest.approx(figure["value"], abs=1e-6)


def test_the_rules_that_are_stored_can_be_read(calibrated):
    lab, told = calibrated
    name = lab.usual_clustering()
    for model_id in {row["model_id"] for row in lab.rows("verdicts")}:
        rules = Rules.from_dict(lab.rules(model_id, name))
        assert rules.note == told["note"]
        assert rules.sets.photos == rules.photos
        assert rules.error_limit == lab.info.error_limit


def test_what_the_cluster_alone_adds_is_told_beside_what_all_of_the_heatmap_adds(calibrated):
    _, told = calibrated
    both = told["metrics"]["validation and test"]
    names = {f"{kind}_gain_{figure}" for kind in ("heatmap", "cluster")
             for figure in ("brier", "risk_coverage", "auroc")}  # fmt: skip
    assert names <= both.keys()
    assert both["cluster_gain_brier"]["photos"] == both["heatmap_gain_brier"]["photos"]


def test_the_scores_of_all_individuals_hold_the_stored_first_candidate(calibrated):
    lab, _ = calibrated
    judged = judged_photos(lab, None)
    scores = all_scores(lab, judged)
    np.testing.assert_allclose(scores.scores.sum(axis=1), 1, atol=1e-5)
    first = [one.evidence.score for one in judged]
    np.testing.assert_allclose(scores.scores.max(axis=1), first, atol=5e-3)
    assert [truth >= 0 for truth in scores.truth] == [one.known for one in judged]


def test_photos_of_one_individual_are_in_one_group(calibrated):
    lab, _ = calibrated
    groups = {}
    for one in judged_photos(lab, None):
        groups.setdefault(one.individual, set()).add(one.group)
    assert all(len(found) == 1 for found in groups.values())


def test_two_animals_of_one_day_are_two_groups_and_look_alikes_are_one():
    def judged(photo_id, individual):
        evidence = Evidence(0.5, 0.0, 0.0, 0.0)
        return Judged(photo_id, "m", "test", evidence, individual, 1, True, photo_id)

    hashes = {"p": "0f" * 40, "q": "f0f0aaaa" * 10, "r": "f0f0aaaa" * 10, "s": "3c81" * 20}
    photos = {
        name: {"perceptual_hash": code, "unit": "day 2024-05-01", "encounter": None}
        for name, code in hashes.items()
    }
    names = {"p": "a", "q": "b", "r": "c", "s": "a"}
    found = _grouped([judged(*pair) for pair in names.items()], photos)
    first, second, third, fourth = (one.group for one in found)
    assert first == fourth
    assert second == third
    assert first != second


@pytest.mark.parametrize("tells", [True, False])
def test_heatmap_evidence_counts_only_where_it_lowers_the_error_on_other_photos(tells):
    random = np.random.default_rng(0)
    correct = random.random(120) < 0.5
    noise = np.random.default_rng(1).random(120)
    compactness = np.where(correct, 0.8, 0.2) if tells else noise
    photos = [
        Judged(str(place), "m", "validation",
               Evidence(0.5, 0.0, 0.7, 1.0, compactness=float(compactness[place])),
               str(place), 1 if right else 2, True, str(place))
        for place, right in enumerate(correct)
    ]  # fmt: skip
    even = np.full((120, 2), 0.5)
    scores = AllScores(even, even[:, 0], np.where(correct, 0, 1), np.zeros(120))
    judgement = judge(photos, scores, 0.05)
    assert ("compactness" in judgement.rules.correct.features) == tells
    own = judgement.with_heatmaps if tells else judgement.without
    np.testing.assert_array_equal(judgement.p_correct, own)
    told = [brier_score(one, correct) for one in (judgement.with_heatmaps, judgement.without)]
    assert (told[0] < told[1]) == tells


def test_scores_read_block_by_block_are_those_of_all_at_once(calibrated, monkeypatch):
    lab, _ = calibrated
    judged = judged_photos(lab, None)
    whole = all_scores(lab, judged)
    monkeypatch.setattr(logits, "BLOCK", 5)
    parts = all_scores(lab, judged)
    assert whole.scores.dtype == np.float32
    for name in ("scores", "unscaled", "truth", "energy"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-5)
    assert whole.unscaled.shape == (len(judged),)


def test_judging_takes_little_beside_the_scores():
    photos, individuals = 600, 2000
    random = np.random.default_rng(0)
    truth = random.integers(0, individuals, photos)
    scores = np.full((photos, individuals), 0.5 / individuals, np.float32)
    scores[np.arange(photos), truth] += random.random(photos) / 2
    correct = random.random(photos) < 0.5
    judged = [
        Judged(str(place), "m", "test" if place % 2 else "validation",
               Evidence(float(scores[place].max()), 0.0, 0.7, 1.0),
               str(place), 1 if correct[place] else 2, True, str(place))
        for place in range(photos)
    ]  # fmt: skip
    given = AllScores(scores, scores.max(axis=1), truth, np.zeros(photos))
    judge(
        judged[:60],
        AllScores(scores[:60], given.unscaled[:60], truth[:60], given.energy[:60]),
        0.05,
    )
    tracemalloc.start()
    judge(judged, given, 0.05)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Half of them for fitting, one byte an answer for the sets and another for their limit.
    assert peak < 2.5 * scores.nbytes


def test_what_a_lab_promises_changes_only_with_rules_for_it(tmp_path, tiny_lab):
    from whalecore.workflow.verdict_tables import verdict_tables

    with pytest.raises(SettingsError, match="The error limit nan is not possible"):
        calibrate_lab(tiny_lab, error_limit=float("nan"))
    with pytest.raises(SettingsError, match="The confidence 1 is not possible"):
        calibrate_lab(tiny_lab, confidence=1.0)
    empty = create_lab(tmp_path / "empty", "empty", tmp_path)
    with pytest.raises(TooFewError):
        calibrate_lab(empty, error_limit=0.01, confidence=0.5)
    assert (empty.info.error_limit, empty.info.confidence) == (0.05, 0.9)
    calibrate_lab(tiny_lab, error_limit=0.2)
    tiny_lab.update_info(error_limit=0.01)
    # The rules in use promise what they were made for.
    assert verdict_tables(tiny_lab).error_limit == 0.2
