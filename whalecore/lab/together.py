"""Several photos of one sighting: assessed each in the light of the others, and ranked jointly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whalecore.errors import SettingsError
from whalecore.lab.assess import Assessment, assess, model_ids
from whalecore.lab.gallery import extended
from whalecore.reliability.joint import Said, joint_verdict
from whalecore.types import TOP, Candidate, Computing, Photo, Prediction, Report, Verdict, silent

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.lab import Lab


@dataclass(frozen=True)
class JointCandidate:
    """An individual as all photos of an encounter see it.

    Attributes
    ----------
    rank : int
    individual : str
    score : float
        Geometric mean of the scores that the photos give it, brought to sum 1 over all individuals.
    mean_log_score : float
        Mean of the logarithms of those scores.
    """

    rank: int
    individual: str
    score: float
    mean_log_score: float


@dataclass(frozen=True, eq=False)
class JointAssessment:
    """The answer about an encounter.

    Attributes
    ----------
    assessments : tuple of Assessment
        Of each photo, in the order given.
    candidates : tuple of JointCandidate
        First candidates of all photos together, the best first.
    verdict : Verdict
        The most cautious one that the photos allow, see `whalecore.reliability.joint`.
    """

    assessments: tuple[Assessment, ...]
    candidates: tuple[JointCandidate, ...]
    verdict: Verdict


def assess_together(
    lab: Lab,
    photos: Sequence[Photo],
    identifier: AnyIdentifier | None = None,
    report: Report = silent,
    computing: Computing | None = None,
) -> JointAssessment:
    """Assess photos of one encounter; the evidence of each says how far the others agree.

    Parameters
    ----------
    lab : Lab
    photos : sequence of Photo
        Of one animal at one place and time.
    identifier : Identifier, optional
        A loaded identifier of this lab.
    report : callable
    computing : Computing, optional
        By what means heatmaps are computed.

    Raises
    ------
    SettingsError
        If there are no photos.
    """
    if not photos:
        raise SettingsError("An encounter without photos says nothing: give at least one photo.")
    # One list for all, on which none of the photos answers for itself.
    asked = {photo.photo_id for photo in photos}
    identifier = extended(lab, identifier or lab.identifier(), asked)
    wholes = [identifier.identify(photo, k=len(identifier.individuals)) for photo in photos]
    # A photo that the network learned from says nothing, and one given twice speaks once.
    learned = {one for name in model_ids(identifier) for one in lab.learned(name)}
    speaking = {
        photo.photo_id: whole
        for photo, whole in zip(photos, wholes, strict=True)
        if photo.photo_id not in learned
    }
    shorts = {
        photo_id: replace(whole, candidates=whole.candidates[:TOP])
        for photo_id, whole in speaking.items()
    }
    assessments = []
    for place, photo in enumerate(photos):
        others = [one for other, one in shorts.items() if other != photo.photo_id]
        assessments.append(
            assess(
                lab,
                photo,
                crop=wholes[place].crop,
                identifier=identifier,
                report=report,
                computing=computing,
                encounter=others,
                asked=asked,
            )
        )
    heard = list(speaking.values()) or wholes
    candidates = joint_candidates(heard, identifier.temperature)
    said = [_said(one) for one in assessments]
    verdict = joint_verdict(candidates[0].individual, candidates[0].score, said)
    return JointAssessment(tuple(assessments), candidates, verdict)


def _said(one: Assessment) -> Said:
    first = one.prediction.candidates[0]
    return Said(first.individual, first.score, one.verdict)


def joint_candidates(
    predictions: Sequence[Prediction], temperature: float
) -> tuple[JointCandidate, ...]:
    """Rank the first five candidates of all photos by the mean of the logarithms of their scores.

    Parameters
    ----------
    predictions : sequence of Prediction
        With all individuals of the identifier as candidates.
    temperature : float
        Of the identifier.

    Returns
    -------
    tuple of JointCandidate
        The best first; equals in the alphabet's order.
    """
    names = sorted({one.individual for one in predictions[0].candidates})
    logs = np.mean([_log_scores(one.candidates, names, temperature) for one in predictions], axis=0)
    scores = np.exp(logs - logs.max())
    scores /= scores.sum()
    union = {candidate.individual for one in predictions for candidate in one.candidates[:TOP]}
    order = [place for place in np.argsort(-logs, kind="stable") if names[place] in union]
    return tuple(
        JointCandidate(rank, names[place], float(scores[place]), float(logs[place]))
        for rank, place in enumerate(order, start=1)
    )


def _log_scores(
    candidates: Sequence[Candidate], names: Sequence[str], temperature: float
) -> np.ndarray:
    """Logarithms of the scores, from the logits: a score itself may be too small for a number."""
    logits = {one.individual: one.logit / temperature for one in candidates}
    values = np.array([logits[name] for name in names])
    largest = values.max()
    return values - largest - np.log(np.exp(values - largest).sum())
