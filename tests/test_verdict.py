"""Evidence, rules and verdicts on a simulated collection."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from simulated import FINE, collection, fit_rules, rules_of_ones, share_of_others

from whalecore.errors import CheckpointError, SettingsError
from whalecore.reliability.evidence import entropy
from whalecore.reliability.gate import FLOORS
from whalecore.reliability.rules import SCORE_FEATURES, Logistic
from whalecore.reliability.verdict import (
    Evidence,
    Rules,
    decide,
    evidence_of,
    probabilities,
    shrunk_share,
)
from whalecore.types import Box, Candidate, ClusterEvidence, Crop, Prediction


@pytest.fixture(scope="module")
def validation():
    return collection(800)


@pytest.fixture(scope="module")
def rules(validation):
    return fit_rules(*validation)


@pytest.fixture(scope="module")
def unseen():
    return collection(1500, seed=1)


# Evidence


def prediction(logits=(4.0, 1.0, 0.0), scores=(0.7, 0.2, 0.1)):
    candidates = tuple(
        Candidate(rank, f"w{rank}", score, logit)
        for rank, (score, logit) in enumerate(zip(scores, logits, strict=True), start=1)
    )
    crop = Crop(Box(0, 0, 4, 4), "detector", 0.9)
    return Prediction("0" * 16, "m", crop, candidates, np.zeros(4, np.float32))


def test_evidence_of_a_prediction_equals_hand_arithmetic():
    cluster = ClusterEvidence(3, 0.25, 0.1, 0.5, 0.4, 12, 0.8)
    evidence = evidence_of(prediction(), temperature=2.0, quality=FINE, cluster=cluster)
    assert evidence.margin == 1.5
    assert evidence.max_logit == 4.0
    expected = -(0.7 * math.log(0.7) + 0.2 * math.log(0.2) + 0.1 * math.log(0.1))
    assert evidence.entropy == pytest.approx(expected)
    assert (evidence.share_correct, evidence.cluster_heatmaps, evidence.membership) == (
        0.25,
        12,
        0.8,
    )
    assert evidence.crop_source == "detector"


def test_a_cluster_that_a_heatmap_is_unlike_counts_for_nothing():
    cluster = ClusterEvidence(3, 0.25, 0.1, 0.5, 0.4, 12, 0.8, unlike=True)
    evidence = evidence_of(prediction(), temperature=2.0, quality=FINE, cluster=cluster)
    bare = evidence_of(prediction(), temperature=2.0, quality=FINE)
    assert evidence == replace(bare, unlike=True)
    with pytest.raises(SettingsError, match="unlike any cluster"):
        replace(bare, unlike=True, share_correct=0.5, cluster_heatmaps=3)


def test_without_a_cluster_its_evidence_is_missing_not_zero():
    evidence = evidence_of(prediction(), temperature=1.0)
    assert evidence.share_correct is None
    assert evidence.cluster_heatmaps is None
    assert evidence.quality is None


def test_entropy_is_none_for_one_candidate_and_largest_for_equal_ones():
    assert entropy([1.0, 0.0, 0.0]) == 0.0
    assert entropy([0.1] * 5) == pytest.approx(math.log(5))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"score": 1.5}, "1.5"),
        ({"margin": float("nan")}, "margin"),
        ({"max_logit": float("inf")}, "max_logit"),
        ({"share_correct": 0.5}, "both or neither"),
    ],
)
def test_impossible_evidence_is_refused_in_one_sentence(change, part):
    with pytest.raises(SettingsError, match=part):
        Evidence(**{"score": 0.5, "margin": 1.0, "entropy": 0.5, "max_logit": 2.0, **change})


def test_small_clusters_are_drawn_towards_the_overall_share():
    assert shrunk_share(1.0, 0, 0.3) == pytest.approx(0.3)
    assert shrunk_share(1.0, 10, 0.3) == pytest.approx(0.65)
    assert shrunk_share(1.0, 990, 0.3) == pytest.approx(0.993)


# Fitting


def weight_of_cluster(rules):
    return rules.correct.weights[rules.correct.features.index("share_correct")]


def test_probabilities_match_what_happens_on_photos_that_were_not_seen(rules, unseen):
    evidence, correct, known = unseen
    p_correct, p_new = probabilities(evidence, rules)
    assert ((p_correct >= 0) & (p_new >= 0) & (p_correct + p_new <= 1)).all()
    assert p_correct.mean() == pytest.approx(correct.mean(), abs=0.04)
    assert p_new.mean() == pytest.approx((~known).mean(), abs=0.04)
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.01)):
        chosen = (p_correct >= low) & (p_correct < high)
        assert chosen.sum() > 50
        assert correct[chosen].mean() == pytest.approx(p_correct[chosen].mean(), abs=0.09)


def test_the_promised_error_limit_holds_on_photos_that_were_not_seen():
    for seed in range(5):
        rules = fit_rules(*collection(400, seed=100 + seed), error_limit=0.10)
        evidence, correct, _ = collection(600, seed=200 + seed)
        reliable = np.array([decide(one, rules).verdict == "reliable" for one in evidence])
        assert reliable.mean() > 0.2
        assert (~correct[reliable]).mean() <= 0.10


def test_the_threshold_is_backed_by_the_bound_on_the_photos_it_was_chosen_on(rules):
    accepted, wrong = rules.reliable, rules.reliable_wrong
    assert 0 <= wrong < accepted <= rules.photos
    tail = sum(math.comb(accepted, k) * 0.05**k * 0.95 ** (accepted - k) for k in range(wrong + 1))
    assert tail <= 0.05


def test_the_new_whale_threshold_separates_better_than_its_neighbours(rules, validation):
    evidence, _, known = validation
    _, p_new = probabilities(evidence, rules)

    def balanced(limit):
        return ((p_new[~known] >= limit).mean() + (p_new[known] < limit).mean()) / 2

    assert 0.5 <= rules.new_threshold < 1.0
    best = max(balanced(limit) for limit in np.linspace(0.5, 0.99, 50))
    assert balanced(rules.new_threshold) > best - 0.02


def test_a_cluster_that_tells_nothing_hardly_weighs_anything():
    weights = [weight_of_cluster(fit_rules(*collection(800, seed=seed))) for seed in range(5)]
    assert abs(np.mean(weights)) < 0.15


def test_a_cluster_that_tells_the_answer_weighs_a_lot():
    evidence, correct, known = collection(800, seed=3)
    # A coin decides in each of 20 clusters whether its photos tend to be right.
    labels = np.where(correct, np.arange(800) % 10, 10 + np.arange(800) % 10)
    flipped = np.random.default_rng(0).random(800) < 0.2
    labels = np.where(flipped, (labels + 10) % 20, labels)
    share, others = share_of_others(labels, correct)
    told = [
        replace(one, share_correct=float(share[i]), cluster_heatmaps=int(others[i]))
        for i, one in enumerate(evidence)
    ]
    assert weight_of_cluster(fit_rules(told, correct, known)) > 0.5


def test_the_sharpness_limit_is_learned_where_blurred_photos_fail(rules, unseen):
    sharpness = np.array([one.quality.sharpness for one in unseen[0]])
    turned_away = sharpness < rules.quality_limits["sharpness"]
    assert turned_away[sharpness < 0.05].mean() > 0.9
    assert turned_away[sharpness >= 0.05].mean() < 0.02
    assert rules.quality_limits["contrast"] == FLOORS["contrast"]


def test_a_floor_that_the_photos_contradict_is_dropped():
    evidence, correct, known = collection(300)
    small = [replace(one, quality=replace(one.quality, fluke_share=0.001)) for one in evidence]
    assert fit_rules(small, correct, known).quality_limits["fluke_share"] == 0.0
    few = [*small[:10], *evidence[10:]]
    assert fit_rules(few, correct, known).quality_limits["fluke_share"] == FLOORS["fluke_share"]


def test_with_too_few_photos_nothing_is_promised_and_the_rules_say_so():
    rules = fit_rules(*collection(30))
    assert rules.reliable_threshold is None
    assert rules.new_threshold is None
    assert "no photo is called reliable, because 30 validation photos" in rules.note
    assert "new whales cannot be told yet" in rules.note
    verdict = decide(Evidence(0.999, 9.0, 0.01, 12.0), rules)
    assert verdict.verdict == "check"
    assert "the 30 photos whose animal is known" in verdict.reasons[0]


def test_a_promise_of_five_percent_takes_59_faultless_photos():
    # With alpha .05 the upper bound after n faultless photos is 1 - .05 ** (1 / n):
    # .0503 for 58 photos, .0495 for 59.
    for count, promised in ((58, False), (59, True)):
        right = np.ones(count, dtype=bool)
        rules = fit_rules([Evidence(0.9, 3.0, 0.2, 5.0)] * count, right, right)
        assert (rules.reliable_threshold is not None) == promised


def test_photos_that_are_often_wrong_give_no_reliable_threshold():
    evidence, correct, known = collection(400)
    correct = known & (np.random.default_rng(0).random(400) < 0.5)
    assert fit_rules(evidence, correct, known).reliable_threshold is None


@pytest.mark.parametrize("kind", ["all right", "all wrong", "all new", "one photo"])
def test_photos_of_one_kind_alone_still_give_usable_rules(kind):
    evidence, _, _ = collection(1 if kind == "one photo" else 60)
    known = np.full(len(evidence), kind != "all new")
    correct = np.full(len(evidence), kind == "all right")
    verdict = decide(evidence[0], fit_rules(evidence, correct, known))
    assert 0 <= verdict.p_correct <= 1
    assert verdict.reasons


def test_without_clusters_the_rules_do_without_and_with_some_both_ways_work(validation):
    evidence, correct, known = validation
    bare = [replace(one, share_correct=None, cluster_heatmaps=None) for one in evidence]
    assert "share_correct" not in fit_rules(bare, correct, known).correct.features
    mixed = fit_rules([*bare[:400], *evidence[400:]], correct, known)
    for one in (bare[0], evidence[0]):
        assert 0 < decide(one, mixed).p_correct < 1


def test_fitting_is_repeatable(validation, rules):
    assert fit_rules(*validation) == rules


@pytest.mark.parametrize(
    ("correct", "known", "part"),
    [
        ([True], [True, True], "one answer per photo"),
        ([], [], "one answer per photo"),
        ([True, True], [True, False], "1 photos of individuals"),
    ],
)
def test_answers_that_do_not_fit_are_refused_in_one_sentence(correct, known, part):
    evidence = [Evidence(0.5, 1.0, 0.5, 2.0)] * len(known)
    with pytest.raises(SettingsError, match=part):
        fit_rules(evidence, correct, known)


# Verdicts

GOOD = Evidence(0.9, 3.0, 0.2, 5.0, quality=FINE, nearest_distance=0.0)


def test_a_heatmap_unlike_any_cluster_is_named_among_the_reasons():
    # Where the cluster counts, its share of 1 says that the photo is right whatever its score.
    trusting = Logistic((*SCORE_FEATURES, "share_correct"), (0,) * 4, (1,) * 4, (0, 0, 0, 9), 0)
    rules = rules_of_ones(correct=replace(trusting, missing=(0, 0, 0, 0)))
    low = replace(GOOD, score=0.5)
    clustered = replace(low, share_correct=1.0, cluster_heatmaps=90, membership=1.0)
    assert decide(clustered, rules).verdict == "reliable"
    plain, unlike = decide(low, rules), decide(replace(low, unlike=True), rules)
    assert (unlike.verdict, unlike.p_correct) == (plain.verdict, plain.p_correct)
    assert unlike.verdict == "check"
    assert unlike.reasons[:-1] == plain.reasons
    assert "unlike all that were seen before" in unlike.reasons[-1]


@pytest.mark.parametrize(("share", "score"), [(1.0, 0.9), (0.0, 0.5)], ids=["for", "against"])
def test_a_reason_that_names_the_share_of_an_unstable_cluster_says_so(share, score):
    trusting = Logistic(("share_correct",), (0.0,), (1.0,), (9.0,), 0.0, (0.0,))
    rules = rules_of_ones(correct=trusting)
    steady = replace(GOOD, score=score, share_correct=share, cluster_heatmaps=90)

    def reason(stability):
        named = decide(replace(steady, cluster_stability=stability), rules).reasons[0]
        assert "of the 90 photos with such a heatmap" in named
        assert f"{100 * share:.0f}\N{NO-BREAK SPACE}% were identified rightly, against 50" in named
        return named

    assert reason(0.49).endswith("; the cluster is unstable, so that this share says little.")
    assert reason(0.5) == reason(None)
    assert "unstable" not in reason(0.5)


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (GOOD, "reliable"),
        (replace(GOOD, score=0.5), "check"),
        (replace(GOOD, score=0.1, nearest_distance=1.5), "new_whale"),
        (replace(GOOD, quality=replace(FINE, sharpness=0.1)), "retake"),
        (
            replace(GOOD, score=0.1, nearest_distance=1.5, quality=replace(FINE, sharpness=0.1)),
            "retake",
        ),
        (replace(GOOD, quality=None), "reliable"),
    ],
    ids=["good", "low score", "far", "blurred", "blurred before new", "not measured"],
)
def test_decisions_follow_their_order(evidence, verdict):
    assert decide(evidence, rules_of_ones()).verdict == verdict


def test_the_probabilities_of_a_verdict_equal_hand_arithmetic():
    verdict = decide(replace(GOOD, nearest_distance=0.0), rules_of_ones())
    assert verdict.p_new_whale == pytest.approx(1 / (1 + math.exp(4)))
    assert verdict.p_correct == pytest.approx(0.9)


def test_an_animal_is_never_known_and_new_with_more_than_certainty():
    verdict = decide(replace(GOOD, nearest_distance=1.5), rules_of_ones())
    assert verdict.p_correct == pytest.approx(0.9)
    assert verdict.p_new_whale == pytest.approx(0.1)


def test_a_value_at_its_threshold_counts_as_reached():
    p_correct = decide(GOOD, rules_of_ones()).p_correct
    assert decide(GOOD, rules_of_ones(reliable_threshold=p_correct)).verdict == "reliable"
    p_new = decide(GOOD, rules_of_ones()).p_new_whale
    assert decide(GOOD, rules_of_ones(new_threshold=p_new)).verdict == "new_whale"
    sharp = rules_of_ones(quality_limits={**FLOORS, "sharpness": FINE.sharpness})
    assert decide(GOOD, sharp).verdict == "reliable"


def test_a_photo_without_a_found_fluke_says_what_to_do():
    reasons = decide(replace(GOOD, crop_source="whole"), rules_of_ones()).reasons
    assert "draw a box around the fluke" in reasons[-1]


# Rules on disk


def test_rules_survive_json_unchanged(rules):
    stored = json.loads(json.dumps(rules.to_dict(), allow_nan=False))
    assert Rules.from_dict(stored) == rules
    bare = rules_of_ones(new_threshold=None, reliable_threshold=None)
    assert Rules.from_dict(json.loads(json.dumps(bare.to_dict()))) == bare


def change(stored, *path, value):
    for key in path[:-1]:
        stored = stored[key]
    if value is KeyError:
        del stored[path[-1]]
    else:
        stored[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("correct",), KeyError),
        (("correct", "features"), ["score", "margin", "entropy", "smell"]),
        (("correct", "missing"), [1.0]),
        (("sets",), {"quantile": 2.0, "confidence": 0.9, "photos": 9, "note": ""}),
        (("correct", "weights"), [1.0, 2.0]),
        (("correct", "scale"), [1.0, 0.0, 1.0]),
        (("correct", "intercept"), "1"),
        (("new", "mean"), [0.0, float("nan"), 0.0]),
        (("new_threshold",), 1.2),
        (("reliable_threshold",), True),
        (("quality_limits", "sharpness"), KeyError),
        (("photos",), -1),
        (("known",), 2.5),
        (("error_limit",), None),
        (("new",), None),
    ],
)
def test_rules_with_a_value_that_is_not_allowed_are_refused_in_one_sentence(rules, path, value):
    stored = json.loads(json.dumps(rules.to_dict()))
    change(stored, *path, value=value)
    with pytest.raises(CheckpointError, match="make them again with the command calibrate"):
        Rules.from_dict(stored)
