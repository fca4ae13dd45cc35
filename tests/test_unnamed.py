"""Verdicts on photos that the catalogue names nobody for."""

import pytest

from whalecore.lab import open_lab
from whalecore.reliability.rules import Rules
from whalecore.workflow.calibrate import calibrate_lab
from whalecore.workflow.evidence import gather_evidence
from whalecore.workflow.judged import judged_photos, unnamed_photos
from whalecore.workflow.unnamed import unnamed_verdicts
from whalecore.workflow.verdict_tables import verdict_tables

pytestmark = pytest.mark.slow


def unnamed_scored(lab) -> set[str]:
    photos = lab.photos()
    ids = photos.loc[photos["catalogue_individual"].isna(), "photo_id"]
    return set(ids) & set(lab.scores()["photo_id"])


def test_every_scored_photo_is_either_named_or_unnamed_and_only_named_ones_judge(demo_folder):
    lab = open_lab(demo_folder)
    clustering = lab.usual_clustering()
    unnamed = {one.photo_id for one in unnamed_photos(lab, clustering)}
    named = {one.photo_id for one in judged_photos(lab, clustering)}
    assert unnamed == unnamed_scored(lab) != set()
    assert named | unnamed == set(lab.scores()["photo_id"])
    assert not named & unnamed


def test_a_test_photo_that_loses_its_name_keeps_its_verdict(demo_copy):
    lab = open_lab(demo_copy)
    clustering, model_id = lab.usual_clustering(), lab.newest_model_id()
    rules = Rules.from_dict(lab.rules(model_id, clustering))
    told = [row for row in lab.rows("verdicts", part="test") if row["clustering_id"] == clustering]
    of_each = {row["verdict"]: row for row in told}
    before = {row["photo_id"]: row for row in of_each.values()}
    assert len(before) > 2
    catalogue = [row for row in lab.rows("catalogue") if row["photo_id"] in before]
    lab.write("catalogue", [{**row, "individual": None} for row in catalogue])
    gather_evidence(lab)
    after = {row["photo_id"]: row for row in unnamed_verdicts(lab, clustering, rules)}
    for photo_id, row in before.items():
        assert "correct" not in after[photo_id]
        for name in ("verdict", "part", "cluster", "set_size", "reason"):
            assert after[photo_id][name] == row[name], name
        for name in ("p_correct", "p_new_whale", "score"):
            assert after[photo_id][name] == pytest.approx(row[name], abs=1e-6)


def test_calibrate_gives_unnamed_photos_a_verdict_and_judges_by_named_ones_alone(demo_copy):
    lab = open_lab(demo_copy)
    unnamed = unnamed_scored(lab)
    before = verdict_tables(lab)
    calibrate_lab(lab)
    pile = lab.review_pile().set_index("photo_id")
    assert pile["verdict"].notna().all()
    after = verdict_tables(lab)
    assert set(after.judged["photo_id"]) == set(before.judged["photo_id"])
    assert not set(after.judged["photo_id"]) & unnamed
    truths = {row["correct"] for row in lab.rows("verdicts") if row["photo_id"] in unnamed}
    assert truths == {None}
