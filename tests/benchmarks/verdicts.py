"""Do verdicts keep their promise? On photos that neither the rules nor the network were fitted on.

    python tests/benchmarks/verdicts.py draw FOLDER [--photos 1200]
    python tests/benchmarks/verdicts.py judge LAB... [--splits 20] [--parts 5]

``draw`` copies the demo lab and adds photos of its individuals that were never drawn before, of
new individuals, and spoilt ones, all of them strangers to its model, and computes everything.
``judge`` deals the scored photos of a lab into parts, by individual and look-alikes, again and
again: each part is judged by rules, thresholds and sets that were chosen on the other parts alone,
so that each split judges every photo once. Beside stand sets of MAPIE from the same probabilities.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin

from whalecore.files import write_bytes
from whalecore.lab.lab import Lab, open_lab
from whalecore.photos.synthetic import draw_encounter, plan_encounters
from whalecore.reliability.calibration import brier_score, perfect_calibration_error
from whalecore.reliability.figures import Outcome, all_figures, evidence_gain
from whalecore.reliability.fitting import probabilities
from whalecore.reliability.metrics import auroc, expected_calibration_error
from whalecore.reliability.rules import CORRECT_FEATURES, feature_rows
from whalecore.reliability.sets import CONFIDENCE, answer_probabilities
from whalecore.reliability.shares import cluster_counts, deal_folds, with_shares
from whalecore.types import OcclusionSettings
from whalecore.workflow.bench.subject import machine
from whalecore.workflow.bench.tables import markdown
from whalecore.workflow.calibrate import Judgement, judge, outcome
from whalecore.workflow.cluster import cluster_heatmaps
from whalecore.workflow.crops import crop_photos
from whalecore.workflow.demo import COLLECTION
from whalecore.workflow.evidence import gather_evidence
from whalecore.workflow.explain import explain_photos
from whalecore.workflow.import_photos import import_photos
from whalecore.workflow.judged import AllScores, all_scores, judged_photos
from whalecore.workflow.models import newest_models
from whalecore.workflow.score import score_photos
from whalecore.workflow.truth import true_photos

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"

NEW_SHARE = 0.25
"""Of the added photos that show new individuals."""

SPOILT_SHARE = 0.15

MAPIE_SCORES = ("lac", "aps", "top_k")
"""Ways of MAPIE to choose sets: least ambiguous, as here; adaptive; so many of the best."""

SHOWN = 5
"""Splits whose mean and spread are reported; the promises are looked at in all."""

FIGURES = {
    "top 1 right, of known": "top_1",
    "calibration error (ECE)": "calibration_error",
    "ECE of a perfect model, mean": "calibration_error_perfect",
    "ECE of the score alone (temperature)": "calibration_error_score",
    "Brier score": "brier",
    "Brier score of the score alone": "brier_score",
    "as if every photo had come alone: Brier score": "brier_alone",
    "... calibration error (ECE)": "calibration_error_alone",
    "... mean of P(right), less the share that is right": "excess_alone",
    "risk-coverage area": "risk_coverage",
    "... of the score alone": "risk_coverage_score",
    "... of the margin alone": "risk_coverage_margin",
    "... of the score without temperature": "risk_coverage_unscaled_score",
    "generalised risk-coverage area (AUGRC)": "generalized_risk",
    "... of the score alone ": "generalized_risk_score",
    "errors, AUROC": "auroc_errors",
    "new whales, AUROC": "auroc_new",
    "... by the score alone": "auroc_new_by_score",
    "... by the energy": "auroc_new_by_energy",
    "... by the nearest distance": "auroc_new_by_distance",
    "90 % sets hold the right answer": "set_coverage",
    "answers in a set, mean": "set_size",
    **{
        f"... by MAPIE, {score}{words}": f"mapie_{score}_{name}"
        for score in MAPIE_SCORES
        for name, words in (("coverage", ""), ("size", ", answers in a set"))
    },
    "called reliable": "share_reliable",
    "wrong among reliable": "error_among_reliable",
    "called new whale": "share_new_whale",
    "asked for another photo": "share_retake",
    "the score's ECE, less that of P(right)": "calibration_error_gain_score",
    "the score's Brier score, less that of P(right)": "brier_gain_score",
    "risk-coverage area saved over the score": "risk_coverage_gain_score",
    "... over the margin": "risk_coverage_gain_margin",
    "... over the score without temperature": "risk_coverage_gain_unscaled_score",
    "new whales, AUROC gained over the score": "auroc_new_gain_score",
    "... over the energy": "auroc_new_gain_energy",
    "... over the nearest distance": "auroc_new_gain_distance",
    "heatmaps: Brier score falls by": "heatmap_gain_brier",
    "heatmaps: risk-coverage area falls by": "heatmap_gain_risk_coverage",
    "heatmaps: AUROC of errors rises by": "heatmap_gain_auroc",
    "boosted trees instead: Brier score falls by": "boosting_gain_brier",
    "boosted trees instead: risk-coverage area falls by": "boosting_gain_risk_coverage",
    "boosted trees instead: AUROC of errors rises by": "boosting_gain_auroc",
    "the cluster alone: Brier score falls by": "cluster_gain_brier",
    "the cluster alone: risk-coverage area falls by": "cluster_gain_risk_coverage",
    "the cluster alone: AUROC of errors rises by": "cluster_gain_auroc",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("folder", type=Path)
    drawing.add_argument("--photos", type=int, default=1200)
    drawing.set_defaults(do=draw)
    judging = commands.add_parser("judge")
    judging.add_argument("labs", type=Path, nargs="+")
    judging.add_argument("--splits", type=int, default=20)
    judging.add_argument("--parts", type=int, default=5)
    judging.set_defaults(do=judge_labs)
    given = parser.parse_args()
    given.do(given)


def draw(given: argparse.Namespace) -> None:
    """Copy the demo lab, and add drawings that nothing was fitted on."""
    folder = given.folder
    if not folder.exists():
        shutil.copytree(DEMO, folder)
    lab = open_lab(folder)
    source = _added_photos(folder, given.photos)
    import_photos(lab, source, report=say)
    (model,) = newest_models(lab)
    added = {row["photo"] for row in csv.DictReader(source.open(encoding="utf-8"))}
    known = set(model["individuals"])
    lab.write(
        "splits",
        [
            {
                "photo_id": row["photo_id"],
                "fold": model["fold"],
                "part": "test",
                "known": row["individual"] in known,
                "unit": row["encounter"],
            }
            for row in lab.rows("catalogue")
            if row["name"] in added
        ],
    )
    crop_photos(lab, model["input_height"], model["input_width"], say)
    score_photos(lab, say)
    explain_photos(lab, [OcclusionSettings(16, 8)], report=say)
    cluster_heatmaps(lab, "top5", 20, report=say)
    gather_evidence(lab, say)


def _added_photos(folder: Path, photos: int) -> Path:
    """Draw the photos that the demo lab does not have; their catalogue."""
    new = round(NEW_SHARE * photos)
    wider = replace(
        COLLECTION,
        photos=COLLECTION.photos + photos,
        new_individuals=COLLECTION.new_individuals + new // 3,
        new_photos=COLLECTION.new_photos + new,
        spoilt_share=SPOILT_SHARE,
    )
    # An animal's first photos are those of the demo lab: only what comes after them is new.
    there: dict[int, int] = {}
    for encounter in plan_encounters(COLLECTION):
        there[encounter.animal] = there.get(encounter.animal, 0) + len(encounter.photos)
    rows, truth = [], []
    number = 10_000
    for encounter in plan_encounters(wider):
        fresh = tuple(one for one in encounter.photos if one >= there.get(encounter.animal, 0))
        if len(fresh) < len(encounter.photos):
            continue
        for drawing in draw_encounter(wider, replace(encounter, photos=fresh), number):
            path = folder / "photos" / f"{drawing.name}.jpg"
            with tempfile.SpooledTemporaryFile() as buffer:
                Image.fromarray(drawing.pixels).save(buffer, "JPEG", quality=80)
                buffer.seek(0)
                write_bytes(path, buffer.read())
            rows.append(
                {
                    "photo": path.name,
                    # Their names are given, so that right and wrong can be told.
                    "individual": drawing.true_individual,
                    "encounter": f"later-{drawing.encounter}",
                }
            )
            truth.append(
                {
                    "photo": path.name,
                    "true_individual": drawing.true_individual,
                    "spoilt": "; ".join(drawing.spoilt),
                }
            )
        number += len(fresh)
    _append(folder / "truth" / "photos.csv", truth)
    source = folder / "photos" / "added.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return source


def _append(path: Path, rows: list[dict]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        there = list(csv.DictReader(stream))
    names = {row["photo"] for row in there}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(there[0]), restval="")
        writer.writeheader()
        writer.writerows(there)
        writer.writerows(row for row in rows if row["photo"] not in names)


def judge_labs(given: argparse.Namespace) -> None:
    print(f"{machine(torch.device('cpu'))}, {date.today()}: python {' '.join(sys.argv)}\n")
    for folder in given.labs:
        lab = open_lab(folder)
        gather_evidence(lab, say)
        clustering = lab.usual_clustering()
        judged = judged_photos(lab, clustering)
        scores = all_scores(lab, judged)
        truth = spoilt_photos(lab)
        found, kept = [], []
        for seed in range(given.splits):
            judgement, beside = crossed(judged, scores, lab.info.error_limit, seed, given.parts)
            kept.append(promises(judgement, lab.info.error_limit))
            if seed < SHOWN:
                found.append(figures_of(judgement, truth) | beside)
            print(folder.name, seed, kept[-1], file=sys.stderr, flush=True)
        report(lab, found, kept, len(judged), given.parts)


def crossed(judged, scores: AllScores, error_limit: float, seed: int, parts: int):
    """Every photo judged by rules of the other parts, and sets of MAPIE beside."""
    correct = np.array([one.correct for one in judged])
    kinds = np.array([2 * one.known for one in judged]) + correct
    part = deal_folds(kinds, [one.group for one in judged], parts, seed)
    told = [judge(dealt(judged, part != number), scores, error_limit) for number in range(parts)]
    beside = [mapie_sets(one, part != number) for number, one in enumerate(told)]
    judgement = replace(
        told[0],
        judged=tuple(replace(one, part="test") for one in judged),
        **{
            name: tuple(getattr(told[own], name)[place] for place, own in enumerate(part))
            for name in ("evidence", "verdicts")
        },
        **{
            name: np.stack([getattr(told[own], name)[place] for place, own in enumerate(part)])
            for name in (
                "p_correct",
                "p_new",
                "with_heatmaps",
                "without",
                "with_cluster",
                "inside",
                "holds",
            )
        },
    )
    pooled = {
        name: float(np.concatenate([one[name] for one in beside]).mean()) for name in beside[0]
    }
    # Ranks are compared among photos that the same rules judge.
    ranked = [ranks_of_new(outcome(one, "test")) for one in told]
    pooled |= {name: float(np.mean([one[name] for one in ranked])) for name in ranked[0]}
    lone = [judged_alone(one) for one in told]
    lone = np.array([lone[own][place] for place, own in enumerate(part)])
    pooled |= alone_figures(lone, correct)
    trees = [boosted(one, part != number) for number, one in enumerate(told)]
    chances = np.array([trees[own][place] for place, own in enumerate(part)])
    groups = np.array([one.group for one in judged])
    beside = {name: (value, None, None, len(judged)) for name, value in pooled.items()}
    return judgement, beside | evidence_gain(
        "boosting", chances, judgement.p_correct, correct, groups
    )


def boosted(judgement: Judgement, validation: np.ndarray) -> np.ndarray:
    """P(correct) by boosted trees, fitted on the same evidence of the same photos as the rules."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = feature_rows(judgement.evidence, CORRECT_FEATURES, judgement.rules.overall_share)
    rows = rows[:, np.isfinite(rows[validation]).any(axis=0)]
    right = np.array([one.correct for one in judgement.judged])
    # Small and slow to learn, as a few hundred photos ask for.
    trees = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.05, max_leaf_nodes=6, min_samples_leaf=15, random_state=0
    )
    return trees.fit(rows[validation], right[validation]).predict_proba(rows)[:, 1]


def judged_alone(judgement: Judgement) -> np.ndarray:
    """P(correct) of every photo as if it had come without the others of its encounter."""
    alone = [replace(one, encounter_photos=0, encounter_support=None) for one in judgement.evidence]
    return probabilities(alone, judgement.rules)[0]


def alone_figures(chances: np.ndarray, correct: np.ndarray) -> dict[str, float]:
    """How well photos that come alone are judged."""
    return {
        "brier_alone": brier_score(chances, correct),
        "calibration_error_alone": expected_calibration_error(chances, correct),
        "excess_alone": float((chances - correct).mean()),
    }


def ranks_of_new(told: Outcome) -> dict[str, float]:
    """How well new whales are told from known ones, AUROC."""
    ways = {"": told.p_new, "_by_score": -told.score}
    ways |= {f"_by_{name}": values for name, values in told.novelty.items()}
    return {f"auroc_new{name}": auroc(values, ~told.known) for name, values in ways.items()}


def mapie_sets(judgement: Judgement, validation: np.ndarray) -> dict[str, np.ndarray]:
    """Whether MAPIE's sets hold the right answer, and their sizes, on the photos that judge."""
    from mapie.classification import SplitConformalClassifier

    # It takes many individuals of few photos for a mistake.
    warnings.filterwarnings("ignore", module="mapie")
    answers = answer_probabilities(judgement.scores.scores, judgement.p_new)
    truth = judgement.scores.truth
    truth = np.where(truth < 0, answers.shape[1] - 1, truth)
    found = {}
    for score in MAPIE_SCORES:
        sets = SplitConformalClassifier(
            Told(answers.shape[1]), CONFIDENCE, conformity_score=score, prefit=True
        )
        sets.conformalize(answers[validation], truth[validation])
        _, inside = sets.predict_set(answers[~validation])
        inside = inside[:, :, 0]
        found[f"mapie_{score}_coverage"] = inside[np.arange(len(inside)), truth[~validation]]
        found[f"mapie_{score}_size"] = inside.sum(axis=1)
    return found


class Told(ClassifierMixin, BaseEstimator):
    """A classifier for MAPIE whose probabilities are given already."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.classes_ = np.arange(answers)

    def fit(self, rows: np.ndarray, truth: np.ndarray) -> Told:
        return self

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        return rows / rows.sum(axis=1, keepdims=True)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return rows.argmax(axis=1)


def dealt(judged, validation: np.ndarray):
    """The photos as validation and test, the latter with cluster shares from the former alone."""
    bare = [
        replace(one.evidence, share_correct=None, cluster_heatmaps=None)
        if one.evidence.cluster is not None
        else one.evidence
        for one in judged
    ]
    counted = cluster_counts(
        [one for one, own in zip(bare, validation, strict=True) if own],
        np.array([one.correct for one in judged])[validation],
    )
    parts = np.where(validation, "validation", "test")
    evidence = [
        one if own else with_shares([one], counted)[0]
        for one, own in zip(bare, validation, strict=True)
    ]
    return [
        replace(one, part=str(part), evidence=own)
        for one, part, own in zip(judged, parts, evidence, strict=True)
    ]


def figures_of(judgement: Judgement, spoilt: dict[str, bool]) -> dict[str, tuple]:
    """Every figure of the photos that judge."""
    test = np.array([one.part == "test" for one in judgement.judged])
    figures = dict(all_figures(outcome(judgement, "test")))
    explained = test & np.array([one.compactness is not None for one in judgement.evidence])
    correct = np.array([one.correct for one in judgement.judged])
    groups = np.array([one.group for one in judgement.judged])
    if explained.any():
        rest = judgement.without[explained], correct[explained], groups[explained]
        figures |= evidence_gain("heatmap", judgement.with_heatmaps[explained], *rest)
        figures |= evidence_gain("cluster", judgement.with_cluster[explained], *rest)
    if spoilt:
        asked = np.array([one.verdict == "retake" for one in judgement.verdicts])[test]
        truly = np.array([spoilt[one.photo_id] for one in judgement.judged])[test]
        hits, photos = int((asked & truly).sum()), int(test.sum())
        figures["retake_precision"] = (hits / max(asked.sum(), 1), None, None, photos)
        figures["retake_recall"] = (hits / max(truly.sum(), 1), None, None, photos)
    return figures


def spoilt_photos(lab: Lab) -> dict[str, bool]:
    """By photo, whether nobody could identify the animal; empty for photographs."""
    if not lab.info.drawings:
        return {}
    truth = true_photos(lab)
    return {row["photo_id"]: bool(truth[row["name"]]["spoilt"]) for row in lab.rows("photos")}


def promises(judgement: Judgement, error_limit: float) -> dict[str, bool]:
    """Which promises hold on one split."""
    told = outcome(judgement, "test")
    error = expected_calibration_error(told.p_correct, told.correct)
    plain = expected_calibration_error(told.score, told.correct)
    reliable = told.verdicts == "reliable"
    wrong = float((~told.correct[reliable]).mean()) if reliable.any() else 0.0
    return {
        "ECE within the band of a perfect model": error
        <= perfect_calibration_error(told.p_correct).high,
        "ECE not above that of the score alone": error <= plain,
        "sets hold 88 to 93 %": 0.88 <= told.holds.mean() <= 0.93,
        f"at most {error_limit:.0%} wrong among reliable": wrong <= error_limit,
        "some photos are called reliable": bool(reliable.any()),
    }


def report(lab: Lab, found: Sequence[dict], kept: Sequence[dict], photos: int, parts: int) -> None:
    """Tables of one lab."""
    print(
        f"{lab.name}: {photos} scored photos, each judged by rules of the other {parts - 1} of "
        f"{parts} parts; {len(kept)} splits.\n"
    )
    rows = []
    names = {**FIGURES, "retake, precision": "retake_precision", "retake, recall": "retake_recall"}
    for words, name in names.items():
        values = np.array([one[name][0] for one in found if name in one])
        if len(values):
            ends = found[0].get(name, (None, None, None))[1:3]
            between = " to ".join(f"{end:.3f}" for end in ends if end is not None)
            spread = values.std(ddof=1) if len(values) > 1 else 0.0
            rows.append([words.strip(), float(values.mean()), float(spread), between or "-"])
    print(
        *markdown(["figure", f"mean of {len(found)}", "spread", "95 % of the first"], rows),
        sep="\n",
    )
    print()
    rows = [[name, sum(one[name] for one in kept), len(kept)] for name in kept[0]]
    print(*markdown(["promise", "splits that keep it", "of"], rows), sep="\n")
    print()


def say(progress) -> None:
    """Progress on standard error, a line per hundredth."""
    every = max(1, progress.total // 20)
    if progress.done % every == 0:
        print(progress.step, progress.done, progress.total, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
