"""Scored photos with their evidence and the truth: what rules are chosen and judged on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace

import numpy as np

from whalecore.lab.lab import Lab
from whalecore.photos.groups import tied_together
from whalecore.reliability.evidence import Evidence, entropy, mark_evidence
from whalecore.reliability.shares import cluster_counts, with_shares
from whalecore.types import Quality, Verdict
from whalecore.workflow.evidence import stored_evidence
from whalecore.workflow.logits import logit_blocks
from whalecore.workflow.models import newest_models
from whalecore.workflow.splits import groups_kept_together


@dataclass(frozen=True)
class Judged:
    """A scored photo with its evidence and the truth.

    Attributes
    ----------
    rank : int
        Rank of the reference individual among the candidates; 0 if it is not there.
    individual : str or None
        By the catalogue; None where it names nobody.
    known : bool
        Whether the model knows the individual.
    group : str
        Photos of the same individual, hence of an encounter, or that look alike have the same.
    """

    photo_id: str
    model_id: str
    part: str
    evidence: Evidence
    individual: str | None
    rank: int
    known: bool
    group: str

    @property
    def correct(self) -> bool:
        return self.rank == 1


@dataclass(frozen=True, eq=False)
class AllScores:
    """What models say about every individual they know.

    Attributes
    ----------
    scores : ndarray of shape (photos, individuals), float32
        0 beyond a model's own individuals.
    unscaled : ndarray of shape (photos,), float64
        Of the first candidate without the temperature.
    truth : ndarray of shape (photos,), int
        Column of the right individual, -1 for new ones.
    energy : ndarray of shape (photos,), float64
        Logarithm of the sum of the exponentials of the logits (Liu et al. 2020).
    """

    scores: np.ndarray
    unscaled: np.ndarray
    truth: np.ndarray
    energy: np.ndarray


def judged_photos(lab: Lab, clustering_id: str | None) -> list[Judged]:
    """Scored photos of individuals that the catalogue names, with their evidence.

    The individuals held out whole are the true new ones; a photo without an individual may
    show a known animal that nobody has recognised yet, so it judges nothing. A cluster's share
    comes from validation photos alone: test photos have it here, while validation photos get theirs
    where rules are fitted, from photos of other groups. A heatmap that is unlike those of all other
    photos has none.
    """
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    named = [one for one in _scored(lab, clustering_id, photos) if one.individual is not None]
    return _with_counted_shares(_grouped(named, photos))


def verdict_row(
    one: Judged, evidence: Evidence, verdict: Verdict, clustering_id: str | None
) -> dict:
    """What table ``verdicts`` says of a photo, whether its truth is known or not."""
    return {
        "model_id": one.model_id,
        "clustering_id": clustering_id,
        "photo_id": one.photo_id,
        "part": one.part,
        "verdict": verdict.verdict,
        "p_correct": verdict.p_correct,
        "p_new_whale": verdict.p_new_whale,
        "score": evidence.score,
        "cluster": evidence.cluster,
        "reason": verdict.reasons[0],
    }


def unnamed_photos(lab: Lab, clustering_id: str | None) -> list[Judged]:
    """Scored photos of no named individual, with their evidence: they judge nothing.

    They have the cluster, but no share of it.
    """
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    return [one for one in _scored(lab, clustering_id, photos) if one.individual is None]


def _scored(lab: Lab, clustering_id: str | None, photos: dict[str, dict]) -> list[Judged]:
    """All scored photos, each a group of its own."""
    clusters = _clusters(lab, clustering_id) if clustering_id else {}
    found: list[Judged] = []
    for model in newest_models(lab):
        candidates: dict[str, list[dict]] = defaultdict(list)
        for row in lab.rows("scores", model_id=model["model_id"]):
            candidates[row["photo_id"]].append(row)
        gathered = stored_evidence(lab, model["model_id"])
        known = set(model["individuals"])
        for photo_id, rows in candidates.items():
            photo = photos.get(photo_id)
            if photo is None:
                continue
            rows.sort(key=lambda row: row["rank"])
            key = (model["model_id"], photo_id, rows[0]["individual"])
            evidence = _evidence(rows, photo, model["temperature"], gathered.get(photo_id, {}))
            found.append(
                Judged(
                    photo_id=photo_id,
                    model_id=model["model_id"],
                    part=photo["part"],
                    evidence=replace(evidence, **clusters.get(key, {})),
                    individual=photo["catalogue_individual"],
                    rank=next((row["rank"] for row in rows if row["is_reference"]), 0),
                    known=photo["catalogue_individual"] in known,
                    group=photo_id,
                )
            )
    return found


def all_scores(lab: Lab, judged: list[Judged]) -> AllScores:
    """The scores of all individuals, in the order of the photos; not a number where missing."""
    from scipy.special import logsumexp, softmax

    models = {model["model_id"]: model for model in newest_models(lab)}
    used = sorted({one.model_id for one in judged})
    width = max((len(models[name]["individuals"]) for name in used), default=0)
    # The largest thing there is: single precision, and filled block by block.
    scores = np.full((len(judged), width), np.nan, np.float32)
    truth = np.full(len(judged), -1)
    unscaled, energy = np.full((2, len(judged)), np.nan)
    for name in used:
        place_of = {one.photo_id: place for place, one in enumerate(judged) if one.model_id == name}
        individuals, blocks = logit_blocks(lab, name)
        column_of = {individual: column for column, individual in enumerate(individuals)}
        for photo_ids, logits in blocks:
            for photo_id, values in zip(photo_ids, logits, strict=True):
                place = place_of.get(photo_id)
                if place is None:
                    continue
                own = values.astype(np.float64)
                scores[place] = 0.0
                scores[place, : len(own)] = softmax(own / models[name]["temperature"])
                unscaled[place] = softmax(own).max(initial=0.0)
                energy[place] = logsumexp(own)
                truth[place] = column_of.get(judged[place].individual, -1)
    return AllScores(scores, unscaled, truth, energy)


def _evidence(rows: list[dict], photo: dict, temperature: float, gathered: dict) -> Evidence:
    logits = [row["logit"] for row in rows]
    return Evidence(
        score=rows[0]["score"],
        margin=(logits[0] - logits[1]) / temperature if len(logits) > 1 else 0.0,
        entropy=entropy([row["score"] for row in rows]),
        max_logit=logits[0],
        quality=Quality(**{one.name: photo[one.name] for one in fields(Quality)}),
        crop_source=photo["crop_source"],
        **mark_evidence([row["marks"] for row in rows]),
        **gathered,
    )


def _clusters(lab: Lab, clustering_id: str) -> dict[tuple[str, str, str], dict]:
    facts = lab.rows("clusters", clustering_id=clustering_id)
    stability = {row["cluster"]: row["stability"] for row in facts}
    return {
        (row["model_id"], row["photo_id"], row["individual"]): {
            "cluster": None if row["unlike"] else row["cluster"],
            "cluster_stability": None if row["unlike"] else stability.get(row["cluster"]),
            "membership": None if row["unlike"] else row["membership"],
            "unlike": bool(row["unlike"]),
        }
        for row in lab.rows("assignments", clustering_id=clustering_id)
    }


def _grouped(judged: list[Judged], photos: dict[str, dict]) -> list[Judged]:
    alike = groups_kept_together([photos[one.photo_id]["perceptual_hash"] for one in judged])
    group_of = {row: number for number, rows in enumerate(alike) for row in rows}
    # Two animals met on one day are not one encounter.
    ties = [
        [("individual", one.individual), *([("alike", group_of[row])] if row in group_of else [])]
        for row, one in enumerate(judged)
    ]
    grouped = list(judged)
    for number, rows in enumerate(tied_together(ties)):
        for row in rows:
            grouped[row] = replace(judged[row], group=str(number))
    return grouped


def _with_counted_shares(judged: list[Judged]) -> list[Judged]:
    validation = [one for one in judged if one.part == "validation"]
    counted = cluster_counts(
        [one.evidence for one in validation], np.array([one.correct for one in validation], bool)
    )
    return [
        one
        if one.part == "validation"
        else replace(one, evidence=with_shares([one.evidence], counted)[0])
        for one in judged
    ]
