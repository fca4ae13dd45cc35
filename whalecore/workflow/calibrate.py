"""Choose the verdict's rules on validation photos and judge them on test photos."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields

import numpy as np

from whalecore.errors import TooFewError
from whalecore.lab.lab import Lab
from whalecore.reliability.evidence import Evidence, entropy, leave_one_out_share
from whalecore.reliability.fitting import fit_rules
from whalecore.reliability.metrics import (
    auroc,
    expected_calibration_error,
    map_at_5,
    top_k_accuracy,
    wilson_interval,
)
from whalecore.reliability.rules import Rules
from whalecore.reliability.verdict import decide
from whalecore.types import Progress, Quality
from whalecore.workflow.models import newest_models
from whalecore.workflow.progress import Report, silent

PARTS = ("validation", "test")
FEWEST_PHOTOS = 20


@dataclass(frozen=True)
class Judged:
    """A scored photo with its evidence and the truth.

    Attributes
    ----------
    rank : int
        Rank of the reference individual among the candidates; 0 if it is not there.
    known : bool
        Whether the model knows the individual.
    """

    model_id: str
    part: str
    evidence: Evidence
    rank: int
    known: bool


def calibrate_lab(lab: Lab, report: Report = silent) -> dict:
    """Fit the rules on the validation part, measure on the test part, and store both.

    Returns
    -------
    dict
        ``metrics``: by part, metric to value and number of photos; ``note``: what the
        rules cannot promise.

    Raises
    ------
    LabError
        If there are too few scored photos.
    """
    models = newest_models(lab)
    clustering = lab.newest_clustering(ranks="top5")
    report(Progress("calibrate", 0, 1))
    judged = judged_photos(lab, clustering)
    validation = [one for one in judged if one.part == "validation"]
    if len(validation) < FEWEST_PHOTOS:
        raise TooFewError(
            f"The lab has {len(validation)} scored validation photos and at least {FEWEST_PHOTOS} "
            "of named individuals are needed to choose thresholds: import more such photos."
        )
    rules = fit_rules(
        [one.evidence for one in validation],
        np.array([one.rank == 1 for one in validation]),
        np.array([one.known for one in validation]),
    )
    metrics = {part: measure([one for one in judged if one.part == part], rules) for part in PARTS}
    rows = [
        {
            "model_id": model_id,
            "clustering_id": clustering,
            "metric": name,
            "value": value,
            "low": low,
            "high": high,
            "photos": photos,
            "part": part,
        }
        for model_id in sorted({one.model_id for one in judged})
        for part in PARTS
        for name, (value, low, high, photos) in measure(
            [one for one in judged if (one.model_id, one.part) == (model_id, part)], rules
        ).items()
    ]
    lab.write("evaluations", rows)
    for model in models:
        lab.save_rules(model["model_id"], clustering, rules.to_dict())
    report(Progress("calibrate", 1, 1, 0.0))
    return {
        "metrics": {
            part: {name: {"value": v, "photos": n} for name, (v, _, _, n) in figures.items()}
            for part, figures in metrics.items()
        },
        "note": rules.note,
    }


def judged_photos(lab: Lab, clustering_id: str | None) -> list[Judged]:
    """Scored photos of named individuals with their evidence.

    The individuals held out whole are the true new ones; a photo without an individual may
    show a known animal that nobody has recognised yet, so it judges nothing. A cluster's share
    comes from validation photos alone, without the photo itself; a heatmap that is unlike those of
    all other photos has none.
    """
    candidates: dict[str, list[dict]] = {}
    individuals = {}
    for model in newest_models(lab):
        individuals[model["model_id"]] = set(model["individuals"])
        for row in lab.rows("scores", model_id=model["model_id"]):
            candidates.setdefault(row["photo_id"], []).append(row)
    temperatures = {row["model_id"]: row["temperature"] for row in lab.rows("models")}
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    shares = _cluster_shares(lab, clustering_id, candidates, photos) if clustering_id else {}
    judged = []
    for photo_id, rows in candidates.items():
        photo = photos.get(photo_id)
        if photo is None or photo["individual"] is None:
            continue
        rows.sort(key=lambda row: row["rank"])
        logits = [row["logit"] for row in rows]
        model_id = rows[0]["model_id"]
        evidence = Evidence(
            score=rows[0]["score"],
            margin=(logits[0] - logits[1]) / temperatures[model_id] if len(logits) > 1 else 0.0,
            entropy=entropy([row["score"] for row in rows]),
            max_logit=logits[0],
            quality=Quality(**{one.name: photo[one.name] for one in fields(Quality)}),
            crop_source=photo["crop_source"],
            **shares.get(photo_id, {}),
        )
        rank = next((row["rank"] for row in rows if row["is_reference"]), 0)
        judged.append(
            Judged(
                model_id,
                photo["part"],
                evidence,
                rank,
                photo["individual"] in individuals[model_id],
            )
        )
    return judged


def measure(judged: list[Judged], rules: Rules) -> dict[str, tuple]:
    """Metric to (value, low, high, photos); shares carry their 95 % Wilson interval."""
    known = [one for one in judged if one.known]
    figures: dict[str, tuple] = {}
    if known:
        ranks = np.array([one.rank for one in known])
        scores = np.array([one.evidence.score for one in known])
        figures["map_at_5"] = (map_at_5(ranks), None, None, len(known))
        for k in (1, 5):
            right = int(((ranks >= 1) & (ranks <= k)).sum())
            figures[f"top_{k}"] = (
                top_k_accuracy(ranks, k),
                *wilson_interval(right, len(known)),
                len(known),
            )
        error = expected_calibration_error(scores, ranks == 1)
        figures["expected_calibration_error"] = (error, None, None, len(known))
    verdicts = [decide(one.evidence, rules) for one in judged]
    new = np.array([not one.known for one in judged])
    if new.any() and not new.all():
        unlike = np.array([-one.evidence.score for one in judged])
        p_new = np.array([verdict.p_new_whale for verdict in verdicts])
        figures["auroc_new_by_score"] = (auroc(unlike, new), None, None, len(judged))
        figures["auroc_new"] = (auroc(p_new, new), None, None, len(judged))
    counts = Counter(verdict.verdict for verdict in verdicts)
    for name in ("reliable", "check", "new_whale", "retake"):
        if judged:
            share = counts[name] / len(judged)
            low, high = wilson_interval(counts[name], len(judged))
            figures[f"share_{name}"] = (share, low, high, len(judged))
    trusted = [
        one.rank == 1 for one, verdict in zip(judged, verdicts, strict=True)
        if verdict.verdict == "reliable"
    ]  # fmt: skip
    if trusted:
        wrong = len(trusted) - sum(trusted)
        figures["error_among_reliable"] = (
            wrong / len(trusted),
            *wilson_interval(wrong, len(trusted)),
            len(trusted),
        )
    return figures


def _cluster_shares(lab, clustering_id, candidates, photos) -> dict[str, dict]:
    first = {
        photo_id: next(row for row in rows if row["rank"] == 1)
        for photo_id, rows in candidates.items()
    }
    members = [
        row
        for row in lab.rows("assignments", clustering_id=clustering_id)
        if row["photo_id"] in first
        and row["photo_id"] in photos
        and first[row["photo_id"]]["individual"] == row["individual"]
    ]
    judging = [row for row in members if photos[row["photo_id"]]["part"] == "validation"]
    if not judging:
        return {}
    labels = np.array([row["cluster"] for row in judging])
    right = np.array([first[row["photo_id"]]["is_reference"] for row in judging])
    own, others = leave_one_out_share(labels, right)
    left_out = {row["photo_id"]: (own[i], others[i]) for i, row in enumerate(judging)}
    overall = float(right.mean())
    shares = {}
    for row in members:
        if row["unlike"]:
            shares[row["photo_id"]] = {"unlike": True}
            continue
        inside = labels == row["cluster"]
        count = int(inside.sum())
        share = float(right[inside].mean()) if count else overall
        share, count = left_out.get(row["photo_id"], (share, count))
        shares[row["photo_id"]] = {
            "share_correct": float(share),
            "cluster_heatmaps": int(count),
            "membership": row["membership"],
        }
    return shares
