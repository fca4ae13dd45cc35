"""Evidence of scored and of new photos: what is kept, what is measured, and that both agree."""

import math
from dataclasses import asdict, fields, replace
from datetime import datetime

import numpy as np
import pytest

from tests import lab_rows as row
from whalecore.errors import LabError, SettingsError
from whalecore.explain.gradcam import grad_cam
from whalecore.explain.occlusion import occlusion_maps
from whalecore.lab import assess as assess_module
from whalecore.lab import create_lab
from whalecore.lab.rows import arrow_rows
from whalecore.lab.together import joint_candidates
from whalecore.reliability.change import COLUMNS
from whalecore.reliability.evidence import (
    RANGES,
    Evidence,
    Measures,
    encounter_evidence,
    evidence_of,
)
from whalecore.types import Box, Candidate, Crop, Prediction
from whalecore.workflow.assess import describe, spoken
from whalecore.workflow.evidence import gather_evidence, stored_evidence
from whalecore.workflow.logits import lab_logits
from whalecore.workflow.score import embed_photos, score_photos

MEASURED = [field.name for field in fields(Measures)]
PLAIN = {"score": 0.5, "margin": 1.0, "entropy": 0.5, "max_logit": 2.0}


@pytest.fixture
def lab(tmp_path):
    return create_lab(tmp_path / "lab", "Test", tmp_path)


def candidates(**scores: float) -> list[Candidate]:
    ranked = sorted(scores.items(), key=lambda one: -one[1])
    return [Candidate(rank, name, score, 0.0) for rank, (name, score) in enumerate(ranked, 1)]


def scored(lab) -> dict:
    """The first scored photo of a lab that has evidence about its heatmap."""
    return next(one for one in lab.rows("evidence") if one["settings"] is not None)


# What evidence is


def test_old_calls_give_evidence_in_which_all_that_is_new_is_missing():
    evidence = Evidence(**PLAIN)
    assert {getattr(evidence, name) for name in (*RANGES, "cluster", "encounter_photos")} == {None}


@pytest.mark.parametrize("name", RANGES)
def test_evidence_out_of_its_range_is_refused_by_name(name):
    least, most = RANGES[name]
    encounter = {"encounter_photos": 2} if name == "encounter_support" else {}
    for wrong in (least - 0.01, most + 0.01, math.nan):
        with pytest.raises(SettingsError, match=f"'{name}'.* from {least:g} to {most:g}"):
            Evidence(**PLAIN, **encounter, **{name: wrong})
    for value in (least, most):
        assert getattr(Evidence(**PLAIN, **encounter, **{name: value}), name) == value


def test_what_rounding_carries_over_the_range_is_brought_back():
    evidence = Evidence(**PLAIN, cam_agreement=-1.00001, nearest_distance=-1e-7)
    assert (evidence.cam_agreement, evidence.nearest_distance) == (-1.0, 0.0)


@pytest.mark.parametrize("wrong", [{"encounter_photos": 2}, {"encounter_support": 0.5}])
def test_support_and_number_of_an_encounters_photos_belong_together(wrong):
    with pytest.raises(SettingsError, match="do not belong together"):
        Evidence(**PLAIN, **wrong)


def test_the_support_of_an_encounter_is_the_mean_score_and_zero_where_it_is_not_among_five():
    others = [candidates(a=0.5, b=0.3), candidates(b=0.9), candidates(b=0.6, a=0.1)]
    assert encounter_evidence("a", others) == {
        "encounter_photos": 3,
        "encounter_support": pytest.approx((0.5 + 0.0 + 0.1) / 3),
    }
    many = candidates(b=0.3, c=0.2, d=0.2, e=0.1, f=0.1, a=0.05)
    assert encounter_evidence("a", [many])["encounter_support"] == 0.0
    assert encounter_evidence("a", []) == {"encounter_photos": 0, "encounter_support": None}


def test_evidence_of_a_prediction_holds_what_was_measured():
    crop = Crop(Box(0, 0, 4, 4), "detector", 0.75)
    one = Prediction("0" * 16, "m", crop, tuple(candidates(a=0.7, b=0.2)), np.zeros(2))
    found = evidence_of(
        one, 1.0, measures=Measures(balance=-0.5, visible=0.9), encounter=[candidates(a=0.4)]
    )
    assert (found.balance, found.visible, found.compactness) == (-0.5, 0.9, None)
    assert (found.crop_confidence, found.encounter_photos, found.encounter_support) == (
        0.75, 1, 0.4,
    )  # fmt: skip


# What is kept


def test_an_embedding_comes_back_in_half_precision_and_by_role(lab):
    values = np.array([0.6, -0.8, 1e-4])
    base = {"model_id": "m", "crop": row.CROP}
    lab.write("catalogue", [row.photo("p", "a"), row.photo("q")])
    lab.write(
        "embeddings",
        [
            {**base, "photo_id": "q", "role": "held out", "values": -values},
            {**base, "photo_id": "p", "role": "gallery", "values": values},
        ],
    )
    found = lab.embeddings("m")
    assert (found.photo_ids, found.individuals) == (("p", "q"), ("a", None))
    np.testing.assert_array_equal(found.values, np.float16([values, -values]).astype(np.float32))
    assert lab.embeddings("m", role="held out").photo_ids == ("q",)
    assert len(lab.embeddings("another")) == 0
    alone = found.without("p")
    assert (alone.photo_ids, alone.individuals) == (("q",), (None,))
    np.testing.assert_array_equal(alone.values, found.values[1:])


def test_a_model_learned_from_photos_named_outside_its_fold_when_it_was_trained(lab):
    before, trained, after = (datetime(2026, 1, day) for day in (1, 2, 3))
    folds = {"taught": 0, "own fold": 1, "nameless": 0, "imported later": 0, "name lost": 0}
    names = {"own fold": "a", "taught": "a", "imported later": "a", "name lost": "b"}
    late = {"imported later": after}
    lab.write(
        "catalogue",
        [row.photo(one, names.get(one), imported_at=late.get(one, before)) for one in folds],
    )
    lab.write(
        "splits",
        [
            {"photo_id": one, "fold": fold, "part": "test", "known": True, "unit": one,
             "planned_at": late.get(one, before)}
            for one, fold in folds.items()
        ],
    )  # fmt: skip
    lab.write("models", [row.model("m", fold=1, trained_at=trained)])
    assert lab.learned("m") == {"taught", "name lost"}
    lab.write("catalogue", [row.photo("nameless", "a"), row.photo("name lost", None)])
    assert lab.learned("m") == {"taught", "name lost"}
    assert lab.learned("another") == set()


@pytest.mark.parametrize("table", ["embeddings", "evidence"])
def test_what_another_crop_gave_no_longer_counts(lab, table):
    lab.write("catalogue", [row.photo("p", "a")])
    lab.write("crops", [row.crop("p")])
    more = {"role": "gallery", "values": [1.0]} if table == "embeddings" else {"visible": 0.5}
    lab.write(table, [{"model_id": "m", "photo_id": "p", "crop": row.CROP, **more}])
    assert len(lab.rows(table)) == 1
    lab.write("crops", [row.crop("p", "corrected", edge=1.0)])
    assert not lab.rows(table)


def test_a_verdict_on_another_crop_no_longer_counts(lab):
    lab.write("crops", [row.crop("p")])
    verdict = {
        "model_id": "m", "photo_id": "p", "part": "test", "verdict": "check", "correct": True,
        "known": True,
    }  # fmt: skip
    lab.write("verdicts", [{**verdict, "clustering_id": None}, {**verdict, "clustering_id": "c"}])
    assert [one["clustering_id"] for one in lab.rows("verdicts")] == ["c", None]
    lab.write("verdicts", [{**verdict, "clustering_id": None, "verdict": "retake"}])
    assert {one["verdict"] for one in lab.rows("verdicts")} == {"check", "retake"}
    lab.write("crops", [row.crop("p", "corrected", edge=1.0)])
    assert not lab.rows("verdicts")


def test_a_verdict_that_the_newest_judgement_left_out_no_longer_counts(lab):
    about = {"part": "test", "verdict": "check", "correct": True, "known": True}
    first = [
        {**about, "model_id": model, "photo_id": photo, "clustering_id": clustering}
        for model, photo, clustering in (
            ("old", "p", "c"), ("m", "p", "c"), ("m", "q", "c"), ("m", "q", None),
        )
    ]  # fmt: skip
    lab.write("verdicts", first)
    assert len(lab.rows("verdicts")) == 4
    lab.write("verdicts", [{**about, "model_id": "m", "photo_id": "p", "clustering_id": "c"}])
    found = [
        (one["model_id"], one["photo_id"], one["clustering_id"]) for one in lab.rows("verdicts")
    ]
    assert sorted(found, key=str) == [("m", "p", "c"), ("m", "q", None)]


@pytest.mark.parametrize("wrong", [[], [1.0, math.nan], [[1.0, 2.0]]])
def test_an_embedding_that_is_no_list_of_numbers_is_refused(wrong):
    rows = [{"model_id": "m", "photo_id": "p", "crop": "c", "role": "gallery", "values": wrong}]
    with pytest.raises(LabError, match="no list of finite numbers"):
        arrow_rows("embeddings", rows)


# What the steps write


def test_every_photo_that_a_model_knows_or_judges_has_an_embedding(tiny_lab):
    (model,) = tiny_lab.rows("models")
    photos = {one["photo_id"]: one for one in tiny_lab.rows("photos")}
    roles = {one["photo_id"]: one["role"] for one in tiny_lab.rows("embeddings")}
    expected = {
        photo_id: "held out" if one["fold"] == model["fold"] else "gallery"
        for photo_id, one in photos.items()
        if one["fold"] == model["fold"] or one["individual"] in model["individuals"]
    }
    assert roles == expected
    assert {"held out", "gallery"} == set(roles.values())


def test_a_stored_embedding_is_the_models_own(tiny_lab):
    identifier = tiny_lab.identifier()
    found = tiny_lab.embeddings(identifier.model_id)
    photo_id = found.photo_ids[3]
    own = identifier.identify(tiny_lab.read_photo(photo_id), crop=tiny_lab.crop(photo_id))
    np.testing.assert_allclose(found.values[3], own.embedding, atol=1e-3)


def test_a_lab_scored_before_gets_its_embeddings_and_nothing_twice(tiny_lab, forget):
    before = tiny_lab.embeddings(tiny_lab.newest_model_id())
    scores = tiny_lab.status()["scores"]
    lab = forget(tiny_lab, "embeddings")
    assert score_photos(lab) == 0
    after = lab.embeddings(lab.newest_model_id())
    assert after.photo_ids == before.photo_ids
    np.testing.assert_allclose(after.values, before.values, atol=1e-3)
    assert lab.status()["scores"] == scores
    assert embed_photos(lab) == 0


def test_the_logits_of_held_out_photos_are_those_of_the_scores(tiny_lab):
    model_id = tiny_lab.newest_model_id()
    photo_ids, individuals, logits = lab_logits(tiny_lab, model_id)
    rows = tiny_lab.rows("scores", model_id=model_id)
    assert set(photo_ids) == {one["photo_id"] for one in rows}
    assert logits.shape == (len(photo_ids), len(individuals))
    stored = [one["logit"] for one in rows]
    again = [
        logits[photo_ids.index(one["photo_id"]), individuals.index(one["individual"])]
        for one in rows
    ]
    np.testing.assert_allclose(again, stored, atol=0.02)


def test_every_scored_photo_has_evidence_and_nothing_is_gathered_twice(tiny_lab):
    rows = tiny_lab.rows("evidence")
    assert {one["photo_id"] for one in rows} == {one["photo_id"] for one in tiny_lab.rows("scores")}
    source = {one["photo_id"]: one["crop_source"] for one in tiny_lab.rows("photos")}
    for one in rows:
        assert None not in (one["nearest_distance"], one["nearest_agreement"])
        # A box that is the whole photo says nothing about a fluke.
        found = source[one["photo_id"]] != "whole"
        assert [one["visible"] is not None, one["cut_off"] is not None] == [found, found]
    explained = {one["photo_id"] for one in tiny_lab.rows("heatmaps", method="osm", rank=1)}
    assert {one["photo_id"] for one in rows if one["settings"]} == explained
    assert gather_evidence(tiny_lab) == 0


def test_a_photo_is_measured_again_once_it_has_a_heatmap(tiny_lab):
    one = scored(tiny_lab)
    bare = dict.fromkeys(MEASURED) | {"settings": None, "visible": 0.5}
    tiny_lab.write("evidence", [{**one, **bare, "made_at": None}])
    assert gather_evidence(tiny_lab) == 1
    (again,) = tiny_lab.rows("evidence", photo_id=one["photo_id"])
    assert {name: again[name] for name in MEASURED} == pytest.approx(
        {name: one[name] for name in MEASURED}, nan_ok=True, abs=1e-5
    )


def test_a_row_of_an_earlier_version_gets_the_shares_of_the_parts_and_keeps_the_rest(tiny_lab):
    one = scored(tiny_lab)
    parts = [one[name] for name in COLUMNS.values()]
    assert sum(parts) == pytest.approx(1, abs=1e-5)
    assert one["left_tip"] + one["right_tip"] == pytest.approx(one["changing_share"], abs=1e-5)
    before = {**one, **dict.fromkeys(COLUMNS.values()), "visible": 0.25, "made_at": None}
    tiny_lab.write("evidence", [before])
    assert gather_evidence(tiny_lab) == 1
    (again,) = tiny_lab.rows("evidence", photo_id=one["photo_id"])
    assert [again[name] for name in COLUMNS.values()] == pytest.approx(parts, abs=1e-3)
    assert again["visible"] == 0.25
    assert again["compactness"] == one["compactness"]
    assert gather_evidence(tiny_lab) == 0


def test_the_verdict_on_an_encounter_is_never_surer_than_its_photos(tiny_lab):
    first, second = sorted({one["photo_id"] for one in tiny_lab.rows("scores")})[:2]
    joint = tiny_lab.assess_together([tiny_lab.read_photo(name) for name in (first, second)])
    assert joint.verdict.reasons
    chances = [one.verdict.p_correct for one in joint.assessments]
    if None in chances:
        assert joint.verdict.p_correct is None
    else:
        assert joint.verdict.p_correct <= max(chances)


def test_the_agreements_are_with_grad_cam_and_with_the_map_of_twice_the_patch(tiny_lab):
    one = scored(tiny_lab)
    identifier = tiny_lab.identifier()
    (first,) = tiny_lab.rows("scores", photo_id=one["photo_id"], rank=1)
    stored = tiny_lab.heatmap(
        one["model_id"], one["photo_id"], first["individual"], "osm", one["settings"]
    )
    assert one["settings"].startswith("patch=16,stride=8,")
    prepared = identifier.prepare(
        tiny_lab.read_photo(one["photo_id"]), tiny_lab.crop(one["photo_id"]).box
    )
    coarse = occlusion_maps(identifier, prepared, [first["individual"]], 32, 16)[0]
    cam = grad_cam(identifier, prepared, first["individual"], "layer4")
    # Grids of 4 x 8, 2 x 4 and 1 x 2 places.
    fine = stored.values.reshape(2, 2, 4, 2).mean(axis=(1, 3))
    assert one["patch_agreement"] == pytest.approx(
        np.corrcoef(fine.ravel(), coarse.ravel())[0, 1], abs=1e-3
    )
    least = stored.values.reshape(1, 4, 2, 4).mean(axis=(1, 3))
    if one["cam_agreement"] is not None:
        assert one["cam_agreement"] == pytest.approx(
            np.corrcoef(least.ravel(), cam.ravel())[0, 1], abs=1e-2
        )


def test_a_photo_of_the_lab_gets_the_same_evidence_when_it_is_asked_about(tiny_lab):
    one = scored(tiny_lab)
    asked = tiny_lab.assess(tiny_lab.read_photo(one["photo_id"])).evidence
    stored = stored_evidence(tiny_lab, one["model_id"])[one["photo_id"]]
    for name, value in stored.items():
        expected = None if value is None else pytest.approx(value, abs=2e-3)
        assert getattr(asked, name) == expected, name


def test_photos_of_one_encounter_in_the_lab_support_each_other(tiny_lab):
    model_id = tiny_lab.newest_model_id()
    first, second, third = sorted({one["photo_id"] for one in tiny_lab.rows("scores")})[:3]
    catalogue = {one["photo_id"]: one for one in tiny_lab.rows("catalogue")}
    tiny_lab.write("catalogue", [{**catalogue[name], "encounter": "e"} for name in (first, second)])
    found = stored_evidence(tiny_lab, model_id)
    best = {one["photo_id"]: one["individual"] for one in tiny_lab.rows("scores", rank=1)}
    given = {one["individual"]: one["score"] for one in tiny_lab.rows("scores", photo_id=second)}
    assert found[first]["encounter_photos"] == found[second]["encounter_photos"] == 1
    assert found[first]["encounter_support"] == pytest.approx(given.get(best[first], 0.0))
    assert (found[third]["encounter_photos"], found[third]["encounter_support"]) == (0, None)
    asked = tiny_lab.assess(tiny_lab.read_photo(first)).evidence
    assert asked.encounter_support == pytest.approx(found[first]["encounter_support"])


# Encounters and answers


def whole_prediction(**logits: float) -> Prediction:
    ranked = sorted(logits.items(), key=lambda one: -one[1])
    total = sum(math.exp(value) for value in logits.values())
    found = tuple(
        Candidate(rank, name, math.exp(value) / total, value)
        for rank, (name, value) in enumerate(ranked, 1)
    )
    return Prediction("0" * 16, "m", Crop(Box(0, 0, 4, 4), "given"), found, np.zeros(2))


def test_joint_candidates_are_ranked_by_the_mean_of_the_logarithms_of_their_scores():
    half, most = math.log(0.5), math.log(0.6)
    one = whole_prediction(a=half, b=math.log(0.3), c=math.log(0.2))
    two = whole_prediction(a=math.log(0.1), b=math.log(0.3), c=most)
    found = joint_candidates([one, two], temperature=1.0)
    means = {
        "a": (math.log(0.5) + math.log(0.1)) / 2,
        "b": (math.log(0.3) + math.log(0.3)) / 2,
        "c": (math.log(0.2) + math.log(0.6)) / 2,
    }
    assert [one.individual for one in found] == ["c", "b", "a"]
    assert [one.rank for one in found] == [1, 2, 3]
    total = sum(math.exp(value) for value in means.values())
    for candidate in found:
        assert candidate.mean_log_score == pytest.approx(means[candidate.individual])
        assert candidate.score == pytest.approx(math.exp(means[candidate.individual]) / total)


def test_scores_too_small_for_a_number_are_still_ranked():
    one = whole_prediction(a=0.0, b=-700.0, c=-710.0)
    found = joint_candidates([one], temperature=0.5)
    assert [one.individual for one in found] == ["a", "b", "c"]
    assert found[2].mean_log_score == pytest.approx(-1420.0)


def test_only_individuals_among_the_first_five_of_some_photo_are_joint_candidates():
    one = whole_prediction(a=9, b=8, c=7, d=6, e=5, f=4)
    two = whole_prediction(a=9, b=8, c=7, d=6, f=5, e=4)
    assert [x.individual for x in joint_candidates([one], 1.0)] == list("abcde")
    assert {x.individual for x in joint_candidates([one, two], 1.0)} == set("abcdef")


def test_photos_assessed_together_know_of_each_other_and_a_photo_given_twice_does_not(tiny_lab):
    names = sorted({one["photo_id"] for one in tiny_lab.rows("scores")})[:2]
    photos = [tiny_lab.read_photo(name) for name in names]
    joint = tiny_lab.assess_together(photos)
    first, second = joint.assessments
    given = {one.individual: one.score for one in second.prediction.candidates}
    assert first.evidence.encounter_photos == 1
    assert first.evidence.encounter_support == pytest.approx(
        given.get(first.prediction.individuals[0], 0.0)
    )
    twice = tiny_lab.assess_together([photos[0], photos[0]])
    assert [one.evidence.encounter_photos for one in twice.assessments] == [0, 0]


def test_an_encounter_without_photos_is_refused(tiny_lab):
    with pytest.raises(SettingsError, match="at least one photo"):
        tiny_lab.assess_together([])


def test_the_answer_for_machines_holds_all_evidence(tiny_lab):
    photo = tiny_lab.read_photo(scored(tiny_lab)["photo_id"])
    assessment = tiny_lab.assess(photo)
    answer = describe(photo.name, assessment)
    names = {field.name for field in fields(Evidence)} - {"quality", "crop_source"}
    names |= {"lead", "equal_candidates", "nearest_likeness"}
    assert set(answer["evidence"]) == names
    for name, value in answer["evidence"].items():
        own = getattr(assessment.evidence, name)
        assert value == (own if own is None else pytest.approx(own, abs=1e-4))
    assert "set" in answer


def test_a_set_is_named_in_one_line_and_a_long_one_is_cut_short(tiny_lab):
    photo = tiny_lab.read_photo(scored(tiny_lab)["photo_id"])
    answer = describe(photo.name, tiny_lab.assess(photo))
    answer["set"] = {"confidence": 0.9, "individuals": ["a"], "new_whale": True, "size": 2}
    assert "  right in 90\N{NO-BREAK SPACE}% of photos: one of a, a new whale" in spoken(answer)
    many = [f"w{number}" for number in range(12)]
    answer["set"] = {"confidence": 0.9, "individuals": many, "new_whale": True, "size": 13}
    assert (
        f"  right in 90\N{NO-BREAK SPACE}% of photos: one of {', '.join(many[:8])} and 5 more"
        in spoken(answer)
    )


def test_measures_and_evidence_name_the_same_things():
    assert set(MEASURED) <= {field.name for field in fields(Evidence)}
    assert replace(Evidence(**PLAIN), **asdict(Measures())) == Evidence(**PLAIN)


def test_the_tips_of_the_newest_two_photos_of_each_known_individual_are_kept(tiny_lab):
    (model,) = tiny_lab.rows("models")
    gallery = tiny_lab.embeddings(model["model_id"], role="gallery")
    tips = tiny_lab.tips(model["model_id"])
    assert set(tips.photo_ids) <= set(gallery.photo_ids)
    taken = {row["photo_id"]: row["taken_at"] for row in tiny_lab.rows("catalogue")}

    def age(photo_id):
        when = taken[photo_id]
        return (0, photo_id) if when is None else (when.timestamp(), photo_id)

    for individual in set(gallery.individuals):
        own = [
            photo_id
            for photo_id, name in zip(gallery.photo_ids, gallery.individuals, strict=True)
            if name == individual
        ]
        kept = [one for one in own if one in tips.photo_ids]
        assert len(kept) == min(2, len(own))
        left = set(own) - set(kept)
        oldest = min(map(age, kept))
        assert all(age(one) < oldest for one in left)
    np.testing.assert_allclose(np.linalg.norm(tips.values, axis=1), 1, atol=0.002)


def test_an_answer_that_rests_on_the_tips_names_others_with_such_tips(tiny_lab, monkeypatch):
    photo = tiny_lab.read_photo(tiny_lab.scores()["photo_id"].iloc[0])
    monkeypatch.setattr(assess_module, "ON_TIPS", 0.0)
    found = assess_module.assess(tiny_lab, photo)
    names = [one.individual for one in found.changing.similar]
    assert 0 < len(names) <= 5
    assert len(set(names)) == len(names)
    assert found.prediction.individuals[0] not in names
    similarities = [one.similarity for one in found.changing.similar]
    assert similarities == sorted(similarities, reverse=True)
    monkeypatch.setattr(assess_module, "ON_TIPS", 1.1)
    assert assess_module.assess(tiny_lab, photo).changing.similar == ()
