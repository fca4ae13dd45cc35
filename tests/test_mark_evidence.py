"""Marks as evidence of their own: found back from the other photo, weighed, and told in words."""

import math
import re
import shutil
from dataclasses import fields, replace

import numpy as np
import pytest
from simulated import fit_rules, rules_of_ones

from whalecore.errors import SettingsError
from whalecore.lab.lab import open_lab
from whalecore.photos.keypoint_matches import match
from whalecore.reliability.evidence import COUNTS, Evidence, Measures, mark_evidence
from whalecore.reliability.fitting import probabilities
from whalecore.reliability.mark_reasons import mark_reason
from whalecore.reliability.rules import CORRECT_FEATURES, NEW_FEATURES, Logistic, Rules
from whalecore.reliability.verdict import decide
from whalecore.reliability.weights import fit_new
from whalecore.workflow.evidence import gather_evidence, stored_evidence
from whalecore.workflow.judged import judged_photos

PLAIN = Evidence(0.5, 1.0, 0.5, 2.0)
MARKED = replace(PLAIN, marks=12, most_marks=12, marks_back=9, marks_back_second=3, network_rank=4)
OF_MARKS = ("marks_back", "marks_back_second", "network_rank")


@pytest.mark.parametrize(
    ("first", "second", "lead"),
    [(12, 3, math.log(10)), (3, 12, -math.log(10)), (5, 5, 0.0), (0, 0, 0.0)],
)
def test_the_lead_in_marks_found_back_is_a_logarithm_with_a_sign(first, second, lead):
    one = replace(PLAIN, marks_back=first, marks_back_second=second)
    assert one.back_lead == pytest.approx(lead)


def test_without_marks_there_is_no_lead_in_marks():
    assert PLAIN.back_lead is None
    assert replace(PLAIN, marks_back=4).back_lead is None


def test_the_logarithm_of_the_margin_starts_at_none():
    assert replace(PLAIN, margin=math.e - 1).log_margin == pytest.approx(1.0)
    assert replace(PLAIN, margin=0.0).log_margin == 0.0


@pytest.mark.parametrize("name", COUNTS)
def test_a_number_of_marks_below_its_least_value_is_refused_by_name(name):
    with pytest.raises(SettingsError, match=f"'{name}' is {COUNTS[name] - 1}: it must be"):
        replace(PLAIN, **{name: COUNTS[name] - 1})
    assert getattr(replace(PLAIN, **{name: COUNTS[name]}), name) == COUNTS[name]


@pytest.mark.parametrize(
    ("marks", "own", "most"),
    [
        ([5, None, 7], 5, 7),
        ([None, 4], None, 4),
        ([None], None, None),
        ([], None, None),
        ([0], 0, 0),
    ],
)
def test_the_first_candidates_marks_and_the_most_of_all(marks, own, most):
    assert mark_evidence(marks) == {"marks": own, "most_marks": most}


# What it is worth


def photos(leads, score=0.5):
    return [
        replace(PLAIN, score=score)
        if lead is None
        else replace(PLAIN, score=score, marks_back=max(lead, 0), marks_back_second=max(-lead, 0))
        for lead in leads
    ]


def test_marks_found_back_move_the_probability_where_they_tell():
    random = np.random.default_rng(0)
    tells = random.random(400) < 0.5
    correct = random.random(400) < np.where(tells, 0.9, 0.1)
    rules = fit_rules(photos(np.where(tells, 20, -20).tolist()), correct, np.ones(400, bool))
    p_correct, _ = probabilities(photos([20, -20]), rules)
    assert p_correct == pytest.approx([0.9, 0.1], abs=0.05)


def test_marks_never_speak_the_wrong_way_whatever_the_photos_say():
    random = np.random.default_rng(1)
    tells = random.random(400) < 0.5
    correct = random.random(400) < np.where(tells, 0.3, 0.7)
    rules = fit_rules(photos(np.where(tells, 20, -20).tolist()), correct, np.ones(400, bool))
    assert rules.correct.weights[rules.correct.features.index("back_lead")] == 0


def test_a_lab_without_marks_has_rules_without_them_and_the_same_probabilities():
    random = np.random.default_rng(2)
    scores = random.uniform(0.05, 0.95, 200)
    correct = random.random(200) < scores
    evidence = [replace(PLAIN, score=float(score)) for score in scores]
    everybody = np.ones(200, bool)
    rules = fit_rules(evidence, correct, everybody)
    assert "back_lead" not in rules.correct.features
    before = tuple(name for name in CORRECT_FEATURES if name != "back_lead")
    assert fit_rules(evidence, correct, everybody, features=before) == rules


def test_the_lead_alone_tells_new_whales_where_it_makes_the_photos_likelier():
    random = np.random.default_rng(3)
    new = random.random(400) < 0.2
    lead = np.where(new, 0.5, 1.5) + 0.3 * random.normal(size=400)
    noise = random.normal(size=(400, 2))
    told = fit_new(NEW_FEATURES, np.column_stack([noise, lead]), new)
    assert told.features == ("log_margin",)
    assert told.weights[0] < 0
    useful = np.column_stack([noise[:, 0], lead, noise[:, 1]])
    assert fit_new(NEW_FEATURES, useful, new).features == ("score",)


def test_rules_with_marks_and_rules_from_before_them_can_be_read():
    names = ("score", "back_lead")
    rules = rules_of_ones(
        correct=Logistic(names, (0, 0), (1, 1), (1, 1), 0),
        new=Logistic(("log_margin",), (0,), (1,), (-1,), 0),
    )
    assert Rules.from_dict(rules.to_dict()).correct.features == names
    assert Rules.from_dict(rules_of_ones().to_dict()).new.features == ("nearest_distance", "score")
    # A photo whose marks were not looked for is judged as if they were average.
    p_correct, p_new = probabilities(
        [PLAIN, replace(PLAIN, marks_back=3, marks_back_second=1)], rules
    )
    assert p_correct == pytest.approx([0.5, 3 / 4])
    assert p_new == pytest.approx([1 / 3, 1 / 4])


# What is said


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, "reliable", "Marks decide: 12 marks .* in place 4."),
        (
            {"network_rank": 1},
            "reliable",
            "marks agree: 12 marks .* in place 1, too.",
        ),
        ({"marks": 0, "most_marks": 0}, "reliable", None),
        ({}, "check", "Looks and marks disagree: 12 marks .* in place 4."),
        ({"network_rank": 1}, "check", None),
        ({"marks": 0, "most_marks": 0}, "check", "No photo of the first five .*: 0 were found."),
        ({}, "new_whale", "No photo of the first five candidates shares more than 12 marks"),
        ({"marks": 0, "most_marks": 0}, "new_whale", "shares a mark .*: 0 were found."),
        ({}, "retake", None),
        ({"marks": None, "most_marks": None}, "check", None),
        ({"network_rank": None}, "check", None),
    ],
)
def test_a_verdict_says_what_marks_have_to_do_with_it(change, verdict, words):
    said = mark_reason(replace(MARKED, **change), verdict)
    assert said is None if words is None else re.search(words, said)


def test_the_sentence_about_marks_comes_first_and_only_where_marks_were_looked_for():
    for score, verdict in ((0.9, "reliable"), (0.5, "check")):
        plain, marked = (
            decide(replace(one, score=score, margin=3.0), rules_of_ones())
            for one in (PLAIN, MARKED)
        )
        assert plain.verdict == marked.verdict == verdict
        assert marked.reasons[1:] == plain.reasons
        assert marked.reasons[0] == mark_reason(MARKED, verdict)


def test_reasons_name_the_marks_found_back():
    names = ("score", "back_lead")
    rules = rules_of_ones(correct=Logistic(names, (0, 0), (1, 1), (0, 1), 0))
    some = replace(PLAIN, marks_back=9, marks_back_second=3)
    rules = replace(rules, usual={"marks_ahead": 2.0})
    reason = decide(some, rules).reasons[0]
    assert "9 of the first one's are found again here and 3 of the second one's" in reason
    assert reason.endswith("a lead of 6, more than the usual 2.")
    against = decide(replace(some, marks_back=3, marks_back_second=9), rules)
    assert against.verdict == "check"
    assert against.reasons[0].endswith("a lead of -6, less than the usual 2.")


# What is measured


@pytest.fixture(scope="module")
def marked(marked_lab_folder, tmp_path_factory):
    lab = open_lab(shutil.copytree(marked_lab_folder, tmp_path_factory.mktemp("evidence") / "lab"))
    gather_evidence(lab)
    return lab


def newest(lab) -> str:
    return lab.newest_model_id(0)


def test_marks_found_back_are_those_of_the_candidates_photos_matched_with_this_one(marked):
    identifier = marked.identifier(newest(marked))
    settings = identifier.marks
    rows = marked.rows("evidence", model_id=newest(marked))
    seen = 0
    for row in rows[:12]:
        first, second = marked.candidates(newest(marked), row["photo_id"])[:2]
        asked = [one.matched_photo for one in (first, second)]
        stored = marked.keypoints([row["photo_id"], *filter(None, asked)], settings.keypoints)
        here = stored[row["photo_id"]][1]
        expected = [
            0 if one is None else len(match(stored[one][1], here, settings.matching).query)
            for one in asked
        ]
        assert [row["marks_back"], row["marks_back_second"]] == expected
        seen += sum(expected)
    assert seen > 0


def test_the_place_by_the_network_is_that_of_its_own_logits(marked):
    import torch

    model_id = newest(marked)
    identifier, held_out = marked.identifier(model_id), marked.embeddings(model_id, role="held out")
    logits = identifier.network.logits(torch.from_numpy(held_out.values)).numpy()
    rows = {row["photo_id"]: row for row in marked.rows("evidence", model_id=model_id)}
    for photo_id, own in zip(held_out.photo_ids, logits, strict=True):
        first = marked.candidates(model_id, photo_id)[0].individual
        order = [identifier.individuals[place] for place in np.argsort(-own)]
        assert rows[photo_id]["network_rank"] == order.index(first) + 1


def test_a_photo_with_marks_has_the_same_evidence_when_it_is_asked_about(marked):
    model_id = newest(marked)
    stored = stored_evidence(marked, model_id)
    (judged,) = judged_photos(marked, None)[:1]
    asked = marked.assess(
        marked.read_photo(judged.photo_id), identifier=marked.identifier(model_id)
    ).evidence
    for name in OF_MARKS:
        assert getattr(asked, name) == stored[judged.photo_id][name]
    assert (asked.marks, asked.most_marks) == (judged.evidence.marks, judged.evidence.most_marks)
    assert asked.marks is not None


def test_evidence_from_before_marks_gets_them_and_keeps_the_rest(marked):
    # Photos that were asked about may have got a heatmap since.
    gather_evidence(marked)
    row = marked.rows("evidence", model_id=newest(marked))[0]
    before = {**row, "visible": 0.25, **dict.fromkeys(OF_MARKS), "made_at": None}
    marked.write("evidence", [before])
    assert gather_evidence(marked) == 1
    (after,) = marked.rows("evidence", model_id=newest(marked), photo_id=row["photo_id"])
    assert after["visible"] == 0.25
    assert [after[name] for name in OF_MARKS] == [row[name] for name in OF_MARKS]
    assert gather_evidence(marked) == 0


def test_a_lab_without_marks_has_no_evidence_of_them(tiny_lab):
    rows = tiny_lab.rows("evidence")
    assert {row[name] for row in rows for name in OF_MARKS} == {None}
    for one in judged_photos(tiny_lab, None):
        assert {getattr(one.evidence, name) for name in (*OF_MARKS, "marks", "most_marks")} == {
            None
        }
    assert set(OF_MARKS) <= {field.name for field in fields(Measures)}
