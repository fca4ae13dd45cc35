"""A simulated collection of judged photos, and rules that can be followed by hand."""

from dataclasses import replace

import numpy as np

from whalecore.reliability.evidence import Evidence, entropy
from whalecore.reliability.fitting import fit
from whalecore.reliability.gate import FLOORS
from whalecore.reliability.rules import Logistic, Rules
from whalecore.reliability.shares import ClusterCounts
from whalecore.types import Quality

FINE = Quality(0.8, 0.9, 0.5, 0.3, 1.0)

PARTS = ("left_tip", "right_tip", "trailing_edge", "notch", "leading_edge", "inner_surface")


def fit_rules(evidence, correct, known, **choices):
    """The rules alone of what is fitted."""
    return fit(evidence, correct, known, **choices).rules


def collection(count, seed=0, new_share=0.2, blurred_share=0.08, individuals=60):
    """Return evidence, correct and known of photos with honest softmax scores.

    Known individuals raise one logit; blurred photos hardly do. Clusters are drawn at random
    and tell nothing.
    """
    random = np.random.default_rng(seed)
    known = random.random(count) > new_share
    blurred = random.random(count) < blurred_share
    sharpness = np.where(blurred, 0.05 * random.random(count), random.beta(5, 2, count))
    logits = random.normal(size=(count, individuals))
    logits[:, 0] += random.gamma(4, 1.3, count) * known * np.where(blurred, 0.1, 1.0)
    correct = known & (logits.argmax(axis=1) == 0)
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    top_logits, top_scores = (np.sort(each, axis=1)[:, ::-1] for each in (logits, scores))
    share, others = share_of_others(random.integers(0, 30, count), correct)
    evidence = [
        Evidence(
            score=float(top_scores[i, 0]),
            margin=float(top_logits[i, 0] - top_logits[i, 1]),
            entropy=entropy(top_scores[i, :5]),
            max_logit=float(top_logits[i, 0]),
            share_correct=float(share[i]),
            cluster_heatmaps=int(others[i]),
            membership=0.5,
            quality=replace(FINE, sharpness=float(sharpness[i])),
            crop_source="detector",
        )
        for i in range(count)
    ]
    return evidence, correct, known


def full_collection(count, seed=0):
    """The same with every kind of evidence that a lab may have, each telling a little."""
    evidence, correct, known = collection(count, seed)
    random = np.random.default_rng([seed, 1])
    told = correct + 0.7 * random.normal(size=(12, count))
    (near, agree, compact, inside, balance, cam, patch, seen, support, back, cut, sure) = told
    marks = random.integers(0, 9, count) * (random.random(count) < 0.8)
    shares = random.dirichlet([1, 1, 1, 1, 0.5, 2], count)
    whole = random.random(count) < 0.05

    def between(values, low, high):
        return low + (high - low) / (1 + np.exp(-2 * values))

    fields = {
        "nearest_distance": between(-near, 0.05, 0.7),
        "nearest_agreement": np.round(5 * between(agree, 0, 1)) / 5,
        "compactness": between(compact, 0.1, 0.9),
        "inside_fluke": between(inside, 0.3, 1),
        "balance": between(balance, -1, 1),
        "cam_agreement": between(cam, -0.3, 1),
        "patch_agreement": between(patch, 0, 1),
        "encounter_support": between(support, 0, 1),
        "visible": np.where(random.random(count) < 0.03, 0.1, between(seen, 0.4, 1)),
        "cut_off": np.where(random.random(count) < 0.03, 0.7, between(-cut, 0, 0.3)),
        "crop_confidence": np.where(random.random(count) < 0.03, 0.1, between(sure, 0.7, 1)),
        "changing_share": shares[:, :2].sum(axis=1),
        **dict(zip(PARTS, shares.T, strict=True)),
        "cluster_stability": random.random(count),
    }
    counts = {
        "marks": marks,
        "most_marks": marks + random.integers(0, 2, count),
        "marks_back": np.maximum(0, np.round(4 * back)),
        "marks_back_second": random.integers(0, 4, count),
        "network_rank": random.integers(1, 3, count),
        "encounter_photos": np.full(count, 2),
        "fluke_width": random.integers(60, 900, count),
        "fluke_height": random.integers(20, 300, count),
    }
    qualities = random.random((5, count))
    full = []
    for i, one in enumerate(evidence):
        spoilt = {
            name: 0.0005 if draw[i] < 0.03 else getattr(one.quality, name)
            for name, draw in zip(
                ("exposure", "contrast", "fluke_share", "resolution"), qualities, strict=False
            )
        }
        full.append(
            replace(
                one,
                **{name: float(values[i]) for name, values in fields.items()},
                **{name: int(values[i]) for name, values in counts.items()},
                quality=replace(one.quality, **spoilt),
                crop_source="whole" if whole[i] else "detector",
                unlike=bool(qualities[4][i] < 0.05),
                **(
                    {"share_correct": None, "cluster_heatmaps": None}
                    if qualities[4][i] < 0.05
                    else {}
                ),
            )
        )
    return full, correct, known


def share_of_others(clusters, correct):
    """Of each photo: how often the others of its cluster are right, and how many they are."""
    others = np.bincount(clusters)[clusters] - 1
    right = np.bincount(clusters, correct)[clusters] - correct
    return np.where(others > 0, right / np.maximum(others, 1), correct.mean()), others


def rules_of_ones(**changes):
    """Rules to follow by hand: P(correct) is the score, P(new) a half at distance 1."""
    own = Logistic(("score", "margin", "entropy"), (0, 0, 0), (1, 1, 1), (1, 0, 0), 0)
    new = Logistic(("nearest_distance", "score"), (1, 0), (1, 1), (4, 0), 0)
    fields = {
        "correct": own,
        "new": new,
        "overall_share": 0.5,
        "clusters": ClusterCounts({}, 0.5),
        "new_threshold": 0.7,
        "reliable_threshold": 0.6,
        "error_limit": 0.1,
        "usual_limits": {},
        "quality_limits": {**FLOORS, "sharpness": 0.25},
        "photos": 100,
        "known": 80,
        "reliable": 60,
        "reliable_wrong": 1,
        "note": "",
    }
    return Rules(**{**fields, **changes})
