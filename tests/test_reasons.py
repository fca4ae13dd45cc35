"""Reasons of verdicts: each names a number of the evidence, and compares on the scale shown."""

import re
from dataclasses import replace
from math import exp

import numpy as np
import pytest
from simulated import fit_rules, full_collection, rules_of_ones

from whalecore.lab import assess
from whalecore.reliability import change_reasons, mark_reasons, photo_reasons, sure_reasons
from whalecore.reliability.evidence import Evidence
from whalecore.reliability.fitting import probabilities
from whalecore.reliability.rules import (
    CORRECT_FEATURES,
    NEW_FEATURES,
    Logistic,
    Rules,
    feature_rows,
)
from whalecore.reliability.sentences import AGAINST, ALONE, FOR, NEW
from whalecore.reliability.shown_numbers import percents_apart, times
from whalecore.reliability.verdict import UNLIKE, decide

TEMPLATES = {
    *FOR.values(),
    *AGAINST.values(),
    *NEW.values(),
    *ALONE.values(),
    *photo_reasons.RETAKE.values(),
    photo_reasons.LOST,
    photo_reasons.NO_FEATURE,
    change_reasons.TIPS,
    change_reasons.PIGMENT,
    sure_reasons.RELIABLE,
    sure_reasons.CHECK,
    sure_reasons.NEW,
    sure_reasons.NONE_RELIABLE,
    mark_reasons.AGREE,
    mark_reasons.DECIDE,
    mark_reasons.DISAGREE,
    mark_reasons.NO_MARKS,
    mark_reasons.FEW_MARKS,
    UNLIKE,
}
NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
SCALE_ENDS = (-1.0, 0.0, 1.0)


def pattern(template: str) -> re.Pattern:
    fixed = re.split(r"\{[^}]*\}", template)
    return re.compile(".*?".join(map(re.escape, fixed)) + "$")


PATTERNS = {template: pattern(template) for template in TEMPLATES}


def numbers_of(evidence: Evidence) -> list[float]:
    values = {**vars(evidence), **(vars(evidence.quality) if evidence.quality else {})}
    values |= {
        name: getattr(evidence, name)
        for name in ("lead", "equal_candidates", "nearest_likeness", "marks_ahead")
    }
    return [
        float(one)
        for one in values.values()
        if isinstance(one, int | float) and not isinstance(one, bool)
    ]


def usual_numbers(rules: Rules, model: Logistic) -> list[float]:
    """What is usual, on the scales that are shown."""
    usual = dict(rules.usual) or dict(zip(model.features, model.mean, strict=True))
    found = [*usual.values(), rules.overall_share]
    if "nearest_distance" in usual:
        found.append(1 - usual["nearest_distance"])
    if rules.usual:
        found += [exp(usual.get("margin", 0)), exp(usual.get("entropy", 0))]
    return found


def written(text: str) -> list[tuple[str, bool]]:
    """Numbers in a sentence, and whether they are percentages."""
    found = re.finditer(rf"({NUMBER})(\N{{NO-BREAK SPACE}}%)?", text)
    return [(one[1].replace(",", ""), one[2] is not None) for one in found]


def among(number: tuple[str, bool], values) -> bool:
    text, percentage = number
    digits = len(text.partition(".")[2])
    return any(f"{one * (100 if percentage else 1):.{digits}f}" == text for one in values)


def check(reason: str, evidence: Evidence, rules: Rules, verdict) -> None:
    """A reason names a number of the evidence, and no number that comes from nowhere."""
    own = numbers_of(evidence)
    model = rules.new if verdict.verdict == "new_whale" else rules.correct
    said = [verdict.p_correct, verdict.p_new_whale, rules.reliable_threshold, rules.new_threshold]
    allowed = [
        *own,
        *usual_numbers(rules, model),
        *rules.quality_limits.values(),
        *rules.usual_limits.values(),
        *(one for one in said if one is not None),
        rules.photos,
        *SCALE_ENDS,
    ]
    beyond = "over 1,000 times" in reason
    assert not beyond or evidence.lead >= 1000 or exp(rules.usual["margin"]) >= 1000
    certain = "over 99.9" in reason
    assert not certain or max(verdict.p_correct, verdict.p_new_whale) > 0.999
    plain = re.sub(r"over (1,000 times|99\.9)", "", reason)
    numbers = written(plain)
    assert beyond or any(among(one, own) for one in numbers), reason
    assert all(among(one, allowed) for one in numbers), reason
    assert reason.endswith("."), reason
    assert "{" not in reason, reason


def one_feature(name: str, rows: np.ndarray, towards: float) -> Logistic:
    return Logistic((name,), (float(np.nanmean(rows)),), (1.0,), (towards,), 0.0)


@pytest.fixture(scope="module")
def full():
    return full_collection(500)


@pytest.fixture(scope="module")
def rules(full):
    return fit_rules(*full)


@pytest.fixture(scope="module")
def unseen():
    return full_collection(200, seed=1)[0]


@pytest.fixture(scope="module")
def single(full, rules):
    """Rules that rest on one piece of evidence each, so that each is named at some time."""
    evidence = full[0]
    found = []
    for name in CORRECT_FEATURES:
        model = one_feature(name, feature_rows(evidence, [name], rules.overall_share), 1.0)
        found.append(replace(rules, correct=model, new_threshold=None, reliable_threshold=0.5))
    for name in NEW_FEATURES:
        model = one_feature(name, feature_rows(evidence, [name], rules.overall_share), 1.0)
        correct = replace(rules.correct, intercept=-30.0)
        found.append(replace(rules, new=model, correct=correct, new_threshold=0.01))
    return found


def test_every_reason_names_a_number_of_the_evidence_and_every_template_is_reached(
    rules, single, unseen
):
    none = replace(rules, reliable_threshold=None, new_threshold=None, usual_limits={})
    wide = replace(
        rules,
        feature_limits={"compactness": 0.5, "entropy": 0.2, "most_marks": 4.0},
        usual_limits={},
    )
    seen, verdicts = set(), set()
    for one_rules, photos in (
        (rules, unseen),
        (none, unseen[:20]),
        (wide, unseen[:60]),
        *((one, unseen[:10]) for one in single),
    ):
        for one in photos:
            verdict = decide(one, one_rules)
            verdicts.add(verdict.verdict)
            assert verdict.reasons
            for reason in verdict.reasons:
                check(reason, one, one_rules, verdict)
                seen |= {name for name, form in PATTERNS.items() if form.match(reason)}
                assert any(form.match(reason) for form in PATTERNS.values()), reason
    assert verdicts == {"reliable", "check", "new_whale", "retake"}
    assert TEMPLATES - seen == set()


COMPARED = re.compile(
    rf"({NUMBER})\D*?, (higher|lower|more|less|fewer) than the usual ({NUMBER}|over 1,000)"
)


def test_more_and_less_than_usual_is_true_of_the_very_numbers_that_are_shown(rules, single, unseen):
    told = set()
    for one_rules in (rules, *single):
        for one in unseen[:40]:
            for reason in decide(one, one_rules).reasons:
                plain = re.sub(r", where 1 would be the same \w+", "", reason)
                for value, word, usual in COMPARED.findall(plain.replace("over 1,000", "1,000")):
                    value, usual = (float(number.replace(",", "")) for number in (value, usual))
                    told.add(word)
                    if word in ("higher", "more"):
                        assert value > usual, reason
                    else:
                        assert value < usual, reason
    assert told == {"higher", "lower", "more", "less", "fewer"}


def test_what_is_usual_is_the_median_of_the_photos_the_rules_were_learned_from(full, rules):
    scores = [one.score for one in full[0]]
    assert rules.usual["score"] == pytest.approx(np.median(scores))
    assert rules.usual["margin"] == pytest.approx(np.median([one.margin for one in full[0]]))
    assert rules.usual["marks_ahead"] == np.median([one.marks_ahead for one in full[0]])


def test_a_score_above_the_median_is_never_called_lower_whatever_the_mean_of_its_log_odds():
    plain = Evidence(0.7, 1.0, 0.5, 2.0)
    far = Logistic(("score",), (3.0,), (1.0,), (1.0,), 0.0)
    rules = rules_of_ones(correct=far, usual={"score": 0.6}, reliable_threshold=0.9)
    assert decide(plain, rules).verdict == "check"
    assert "lower than" not in " ".join(decide(plain, rules).reasons)
    low = decide(replace(plain, score=0.5), rules).reasons[0]
    assert low == "The first candidate's score is 0.500, lower than the usual 0.600."


def test_a_number_that_is_shown_like_the_usual_one_is_no_reason():
    rules = rules_of_ones(usual={"score": 0.5004}, reliable_threshold=0.9)
    reasons = decide(Evidence(0.5001, 1.0, 0.5, 2.0), rules).reasons
    assert reasons[0] == ALONE[-1].format(score=0.5001)


# How sure


def test_a_check_says_how_sure_it_is_and_how_sure_a_reliable_answer_must_be():
    rules = rules_of_ones(reliable_threshold=0.934)
    verdict = decide(Evidence(0.93, 1.0, 0.5, 2.0), rules)
    assert verdict.verdict == "check"
    said = verdict.reasons[-1].replace("\N{NO-BREAK SPACE}", " ")
    assert "right with a probability of 93.0 %; it would be called reliable from 93.4 % on" in said
    sure = decide(Evidence(0.99999, 1.0, 0.5, 2.0), rules)
    assert "over 99.9" in sure.reasons[-1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (0.93, 0.934, ("93.0", "93.4")),
        (0.2, 0.9, ("20", "90")),
        (0.93371, 0.93381, ("93.37", "93.38")),
        (0.5, 0.5, ("50.000", "50.000")),
        (0.998, 0.93, ("99.8", "93.0")),
        (0.004, 0.05, ("0.4", "5.0")),
        (1.0, 0.0, ("100", "0")),
    ],
)
def test_two_percentages_have_the_digits_that_tell_them_apart(one, other, expected):
    assert percents_apart(one, other) == tuple(f"{text}\N{NO-BREAK SPACE}%" for text in expected)


@pytest.mark.parametrize(
    ("ratio", "text"), [(1.26, "1.3 times"), (12.6, "13 times"), (1e9, "over 1,000 times")]
)
def test_a_ratio_has_no_more_digits_than_anybody_can_use(ratio, text):
    assert times(ratio) == text


@pytest.mark.parametrize("name", ["UNDECIDED", "OTHER_CLUSTERS", "LEARNED", "SEVERAL"])
def test_a_verdict_without_rules_names_the_score_too(name):
    verdict = assess._unjudged(getattr(assess, name), Evidence(0.8125, 1.0, 0.5, 2.0))
    assert (verdict.verdict, verdict.p_correct, verdict.p_new_whale) == ("check", None, None)
    assert "0.812" in verdict.reasons[0]


# Rules of earlier versions

EARLIER = {
    "correct": {
        "features": ["score", "margin", "entropy", "nearest_distance", "encounter_support"],
        "mean": [2.92, 4.041, 0.391, 0.1818, 0.7344],
        "scale": [2.14, 2.185, 0.4857, 0.1153, 0.3905],
        "weights": [2.283, 0.02958, -0.1338, -0.5534, 0.932],
        "missing": [0.0, 0.0, 0.0, 0.0, -0.0148],
        "intercept": 3.7163,
    },
    "new": {
        "features": ["nearest_distance", "score"],
        "mean": [0.1818, 2.92],
        "scale": [0.1153, 2.14],
        "weights": [0.8183, -0.8183],
        "intercept": -2.8708,
        "missing": [],
    },
    "clusters": {"counts": {"1": [9, 10]}, "overall": 0.9},
    "overall_share": 0.8235,
    "new_threshold": 0.5,
    "reliable_threshold": 0.9338,
    "error_limit": 0.05,
    "quality_limits": dict.fromkeys(
        ("sharpness", "exposure", "contrast", "fluke_share", "resolution"), 0.02
    ),
    "usual_limits": {"visible": 0.7257},
    "photos": 141,
    "known": 125,
    "reliable": 95,
    "reliable_wrong": 1,
    "note": "",
}
"""As they were stored before what is usual was kept."""


def test_rules_of_earlier_versions_give_the_probabilities_they_gave():
    rules = Rules.from_dict(EARLIER)
    one = Evidence(
        0.918, 3.1, 0.42, 9.0, nearest_distance=0.19, encounter_photos=1, encounter_support=0.55
    )
    values = [np.log(0.918 / 0.082), 3.1, 0.42, 0.19, 0.55]
    odds = EARLIER["correct"]["intercept"] + sum(
        weight * (value - mean) / scale
        for value, mean, scale, weight in zip(
            values,
            *(EARLIER["correct"][name] for name in ("mean", "scale", "weights")),
            strict=True,
        )
    )
    (p_correct,), (p_new,) = probabilities([one], rules)
    assert p_correct == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-12)
    odds = -2.8708 + 0.8183 * ((0.19 - 0.1818) / 0.1153 - (values[0] - 2.92) / 2.14)
    assert p_new == pytest.approx(min(1 / (1 + np.exp(-odds)), 1 - p_correct), abs=1e-12)
    # What is measured beside does not count in rules that do not know it.
    more = replace(one, notch=0.5, left_tip=0.5, fluke_width=90, cluster_stability=0.1)
    assert probabilities([more], rules)[0][0] == p_correct


def test_rules_of_earlier_versions_compare_only_what_they_know_on_the_scale_that_is_shown():
    rules = Rules.from_dict(EARLIER)
    one = Evidence(
        0.918, 3.1, 0.42, 9.0, nearest_distance=0.3, encounter_photos=1, encounter_support=0.55
    )
    verdict = decide(one, rules)
    assert verdict.verdict == "check"
    text = " ".join(verdict.reasons)
    assert "score is 0.918." in text
    assert (
        "a likeness of 0.70, where 1 would be the same photo, lower than the average of 0.82."
        in (text)
    )
    assert "usual" not in text
    for reason in verdict.reasons:
        check(reason, one, rules, verdict)


def test_what_is_usual_survives_being_stored(rules):
    assert Rules.from_dict(rules.to_dict()) == rules
    assert rules.usual
    assert set(rules.feature_limits) == {"compactness", "entropy", "most_marks"}
