"""Everything the lab can say about one photo: candidates, heatmaps, cluster, verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from whalecore.errors import CheckpointError
from whalecore.lab.cluster_evidence import cluster_evidence
from whalecore.lab.explained import Explaining, Growing, heatmaps_of, settings_of, unseen
from whalecore.lab.gallery import compared_with, extended
from whalecore.lab.grids import StoredHeatmap
from whalecore.lab.mark_evidence import with_mark_measures
from whalecore.lab.measures import COMPARED, measured
from whalecore.photos.quality import fluke_size, measure
from whalecore.reliability.change import ChangingParts, changing_mask, similar_individuals
from whalecore.reliability.change_reasons import ON_TIPS
from whalecore.reliability.evidence import Evidence, evidence_of
from whalecore.reliability.rules import Rules
from whalecore.reliability.shares import with_shares
from whalecore.reliability.verdict import answers_of, decide
from whalecore.types import (
    TOP,
    AnswerSet,
    Candidate,
    ClusterEvidence,
    Computing,
    Crop,
    Photo,
    Prediction,
    Quality,
    Report,
    Verdict,
    settings_from_key,
    silent,
)

if TYPE_CHECKING:
    from whalecore.clusters.clustering import Clustering
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.lab import Lab

UNDECIDED = (
    "This lab has not learnt yet how far a score such as {score:.3f} can be trusted, so that every "
    "photo is to be checked by hand: choose the rules of the verdict on the page Lab (the command "
    "calibrate), which needs at least 20 photos whose animal is known and that were kept out of "
    "training."
)
"""The reason of a lab without rules."""

SAME_SCORE = 1e-3
"""Scores nearer than this are of the same photo, crop and candidates."""

OTHER_CLUSTERS = (
    "The clusters in use are not those with which this lab learnt how far a score such as "
    "{score:.3f} can be trusted, so that every photo is to be checked by hand: choose the rules of "
    "the verdict on the page Lab (the command calibrate)."
)
"""The reason of a lab whose rules are of another clustering."""

LEARNED = (
    "The lab was trained with this very photo or a copy of it, so that its score of {score:.3f} "
    "says nothing about how well the animal is recognised: ask with a photo that is not in the lab."
)
"""The reason for a photo that the identifier was trained on."""

NOTHING_ALIKE = (
    "No photo like this one stood behind the lab's probabilities, so that none is given; a score "
    "of {score:.3f} says nothing here."
)
"""The reason for a bad photo that also is unlike all that were seen before."""

SEVERAL = (
    "Several models name the candidates together, and how far their mean score, here {score:.3f}, "
    "can be trusted was not measured: check by hand, or ask one model alone for a verdict."
)
"""The reason of several models together."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """The answer to "which individual is it, what says so, and can I believe it?".

    Attributes
    ----------
    heatmaps : dict of str to StoredHeatmap
        By individual, in the order of the candidates.
    cluster : ClusterEvidence or None
        None where the lab has no clusters yet.
    evidence : Evidence
        What the verdict was decided from.
    answers : AnswerSet or None
        The answers among which the right one is; None where the lab cannot say yet.
    changing : ChangingParts or None
        What the identification owes to parts of the fluke that change over the years.
    """

    photo: Photo
    prediction: Prediction
    heatmaps: dict[str, StoredHeatmap]
    cluster: ClusterEvidence | None
    quality: Quality
    evidence: Evidence
    verdict: Verdict
    answers: AnswerSet | None = None
    changing: ChangingParts | None = None


def assess(
    lab: Lab,
    photo: Photo,
    crop: Crop | None = None,
    identifier: AnyIdentifier | None = None,
    report: Report = silent,
    growing: Growing = unseen,
    computing: Computing | None = None,
    encounter: Sequence[Prediction] = (),
    asked: Collection[str] = (),
) -> Assessment:
    """Identify a photo, explain it, place it among the lab's clusters and decide.

    Individuals that the identifier was not trained on take part, see `whalecore.lab.gallery`.

    Heatmaps that the lab holds already are read, not computed. Where the lab's clusters are made
    of fast heatmaps and the photo's are below the lab's ``least_correlation``, exact ones are
    computed instead.

    Parameters
    ----------
    lab : Lab
    photo : Photo
        Need not belong to the lab.
    crop : Crop, optional
        Used instead of the remembered or found one; not remembered by itself.
    identifier : Identifier, optional
        A loaded identifier of this lab, to spare loading it again.
    report : callable
        Called with the progress.
    growing : callable
        Called with the candidates' occlusion maps after each level, coarse to fine, and with the
        candidates.
    computing : Computing, optional
        By what means heatmaps are computed.
    encounter : sequence of Prediction
        Of other photos of the same encounter, see `assess_together`; by default those that the
        lab holds.
    asked : collection of str
        Photos that are asked about together with this one, by id: none of them answers for it.

    Raises
    ------
    LabError
        If the lab has no identifier yet.
    """
    asked = {photo.photo_id, *asked}
    identifier = extended(lab, identifier or lab.identifier(), asked)
    whole = identifier.identify(photo, k=len(identifier.individuals), crop=crop)
    prediction = replace(whole, candidates=whole.candidates[:TOP])
    crop, first = prediction.crop, prediction.individuals[0]
    quality = measure(photo, crop, identifier.height, identifier.width)
    # Read first: heatmaps take long, and are for nothing where the file is damaged.
    clustering_id, clustering = _readable(lab, lab.usual_clustering())
    explaining = Explaining(computing, report, growing)
    shown = settings_of(lab, clustering_id)
    maps = {shown: heatmaps_of(lab, identifier, photo, prediction, shown, explaining)}
    cluster = None
    if clustering is not None:
        parts = [settings_from_key(p.settings) for p in lab.representation(clustering_id).parts]
        for one in parts:
            if one not in maps:
                maps[one] = heatmaps_of(lab, identifier, photo, prediction, one, explaining)
        cluster = cluster_evidence(
            lab, clustering_id, clustering, [maps[one][first] for one in parts]
        )
    measures = measured(
        identifier,
        photo,
        crop,
        prediction.embedding,
        first,
        compared_with(lab, identifier, asked),
        maps[shown][first],
        maps[COMPARED][first].values if COMPARED in maps else None,
        computing,
    )
    measures = with_mark_measures(
        measures, identifier, photo, crop.box, prediction.embedding, prediction.candidates
    )
    others = [one.candidates for one in encounter] or _encounter(lab, identifier.model_id, photo)
    evidence = evidence_of(prediction, identifier.temperature, quality, cluster, measures, others)
    evidence = replace(evidence, **fluke_size(crop, photo.height, photo.width))
    stored = lab.rules(identifier.model_id, clustering_id)
    answers = None
    if any(_learned(lab, photo, one) for one in model_ids(identifier)):
        verdict = _unjudged(LEARNED, evidence)
    elif len(model_ids(identifier)) > 1:
        verdict = _unjudged(SEVERAL, evidence)
    elif stored is None:
        known = lab.has_rules(identifier.model_id)
        verdict = _unjudged(OTHER_CLUSTERS if known else UNDECIDED, evidence)
    else:
        rules = Rules.from_dict(stored)
        own = _judged_without(lab, identifier.model_id, clustering_id, photo, evidence)
        # Counted as when the rules were learned: of named photos that chose the rules.
        counted = rules.clusters if own is None else rules.clusters.without(evidence, own.correct)
        (evidence,) = with_shares([evidence], counted)
        verdict = decide(evidence, rules, own and own.chances)
        if own is None and verdict.verdict == "retake" and evidence.unlike:
            verdict = _without_chances(verdict, evidence)
        answers = answers_of(whole.candidates, verdict, rules)
    return Assessment(
        photo,
        prediction,
        maps[shown],
        cluster,
        quality,
        evidence,
        verdict,
        answers,
        _changing(lab, identifier, photo, crop, evidence, maps[shown][first]),
    )


def model_ids(identifier: AnyIdentifier) -> tuple[str, ...]:
    """Of the models that answer, one or several."""
    return tuple(one.model_id for one in getattr(identifier, "members", (identifier,)))


def _learned(lab: Lab, photo: Photo, model_id: str) -> bool:
    """Whether a model was trained with a photo, or with a copy of it."""
    # Here, because the dashboard shall start before what makes such hashes is loaded.
    from whalecore.photos.duplicates import copies_of, perceptual_hash

    learned = lab.learned(model_id)
    if photo.photo_id in learned:
        return True
    known = lab.perceptual_hashes()
    own = known.get(photo.photo_id) or perceptual_hash(photo)
    return bool(copies_of(own, [known[one] for one in learned if known.get(one)]).any())


@dataclass(frozen=True)
class _Own:
    """What rules that were fitted without a photo said of it, and whether it is right."""

    chances: tuple[float, float]
    correct: bool


def _judged_without(
    lab: Lab, model_id: str, clustering_id: str | None, photo: Photo, evidence: Evidence
) -> _Own | None:
    """Of a photo that chose the rules and is asked as it was then; None for all others.

    The rules know its answer, and would be surer of it than of a photo like it.
    """
    about = {"model_id": model_id, "photo_id": photo.photo_id, "part": "validation"}
    for row in lab.rows("verdicts", **about):
        same = row["clustering_id"] == clustering_id and row["cluster"] == evidence.cluster
        there = None not in (row["correct"], row["p_correct"], row["score"])
        if same and there and abs(row["score"] - evidence.score) < SAME_SCORE:
            return _Own((row["p_correct"], row["p_new_whale"]), row["correct"])
    return None


def _without_chances(verdict: Verdict, evidence: Evidence) -> Verdict:
    """The verdict on a photo to which none of those behind the probabilities was alike."""
    reasons = (*verdict.reasons, NOTHING_ALIKE.format(score=evidence.score))
    return Verdict(verdict.verdict, None, None, reasons)


def _unjudged(reason: str, evidence: Evidence) -> Verdict:
    """To be checked by hand, without a probability."""
    return Verdict("check", None, None, (reason.format(score=evidence.score),))


def _changing(
    lab: Lab,
    identifier: AnyIdentifier,
    photo: Photo,
    crop: Crop,
    evidence: Evidence,
    heatmap: StoredHeatmap,
) -> ChangingParts | None:
    """How much rests on the tips; where it is much, also who else has such tips."""
    if evidence.changing_share is None:
        return None
    area = float(changing_mask(*heatmap.values.shape).mean())
    if evidence.changing_share < ON_TIPS:
        return ChangingParts(evidence.changing_share, area)
    # Here, so that a lab can be read without loading torch.
    from whalecore.explain.changing import embeddings_of_parts

    gallery = lab.tips(identifier.model_id).without(photo.photo_id)
    others = [place for place, name in enumerate(gallery.individuals) if name != heatmap.individual]
    if not others:
        return ChangingParts(evidence.changing_share, area)
    mask = changing_mask(identifier.height, identifier.width)
    prepared = identifier.prepare(photo, crop.box)
    similar = similar_individuals(
        embeddings_of_parts(identifier, prepared[None], mask)[0],
        gallery.values[others],
        [gallery.individuals[place] for place in others],
        [gallery.photo_ids[place] for place in others],
    )
    return ChangingParts(evidence.changing_share, area, similar)


def _readable(lab: Lab, clustering_id: str | None) -> tuple[str | None, Clustering | None]:
    """A clustering, or none where it is of another version: the photo is identified without."""
    if clustering_id is None:
        return None, None
    try:
        return clustering_id, lab.clustering(clustering_id)
    except CheckpointError:
        return None, None


def _encounter(lab: Lab, model_id: str, photo: Photo) -> list[tuple[Candidate, ...]]:
    """Candidates of the lab's other scored photos of the same encounter."""
    own = next(iter(lab.rows("photos", photo_id=photo.photo_id)), None)
    if own is None or own["encounter"] is None:
        return []
    others = [row["photo_id"] for row in lab.rows("photos", encounter=own["encounter"])]
    found = [lab.candidates(model_id, other) for other in others if other != photo.photo_id]
    return [one for one in found if one]
