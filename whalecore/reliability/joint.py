"""The verdict on several photos of one animal: never surer than the least sure of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whalecore.reliability.shown_numbers import percent
from whalecore.reliability.sure_reasons import CERTAIN
from whalecore.types import Verdict

WORDS = {
    "reliable": "reliable",
    "check": "to be checked by hand",
    "new_whale": "of a new whale",
    "retake": "to be taken again",
}

NOT_MEASURED = (
    "How often joint answers are right was not measured, so that the {count} photos together get "
    "the most cautious of their answers: {listed}."
)
LEAST = (
    "The least sure photo, with a score of {score:.3f} for its first candidate, makes {individual} "
    "right with a probability of at most {sure}."
)
DIFFERENT = (
    "{others} of {count} photos {name} another individual first ({listed}): look whether all of "
    "them show one animal."
)
SPOILT = "Photos to be taken again ({spoilt} of {count}) have no say where others are better."
SILENT = "Photos without a probability of their own ({silent} of {count}) have no say."
UNJUDGED = (
    "No photo has a probability of its own, so that the joint score of {score:.3f} has none: check "
    "by hand."
)


@dataclass(frozen=True)
class Said:
    """What one photo of an encounter says.

    Attributes
    ----------
    individual : str
        Its first candidate.
    score : float
        Of that.
    verdict : Verdict
    """

    individual: str
    score: float
    verdict: Verdict


def joint_verdict(individual: str, score: float, photos: Sequence[Said]) -> Verdict:
    """The most cautious verdict that the photos of an encounter allow.

    A joint answer has no probability that was measured, and its joint score is none. What each
    photo says has one, in the light of the others: the joint answer is right at most with the
    lowest of these, a photo that names another individual leaving what it does not give to that
    one. Photos that should be taken again count where there is no other.

    Parameters
    ----------
    individual : str
        The first candidate of all photos together.
    score : float
        Its joint score.
    photos : sequence of Said
        At least one.

    Returns
    -------
    Verdict
        ``reliable`` where every photo that counts is and names the individual, ``new_whale`` where
        every one says so, ``retake`` where none counts, otherwise ``check``.
    """
    judged = [one for one in photos if one.verdict.p_correct is not None]
    if not judged:
        return Verdict("check", None, None, (UNJUDGED.format(score=score),))
    good = [one for one in judged if one.verdict.verdict != "retake"]
    counting = good or judged
    sure, least = min(
        ((_chance(one, individual), one) for one in counting), key=lambda found: found[0]
    )
    new = min(max(one.verdict.p_new_whale for one in counting), 1 - sure)
    kinds = {one.verdict.verdict for one in counting}
    agreed = all(one.individual == individual for one in counting)
    verdict = kinds.pop() if len(kinds) == 1 else "check"
    if verdict == "reliable" and not agreed:
        verdict = "check"
    reasons = [NOT_MEASURED.format(count=len(judged), listed=_listed(judged))]
    if agreed:
        words = percent(min(sure, CERTAIN), 1)
        reasons.append(LEAST.format(score=least.score, individual=individual, sure=words))
    else:
        reasons.append(_different(individual, counting))
    if good and len(good) < len(judged):
        reasons.append(SPOILT.format(spoilt=len(judged) - len(good), count=len(photos)))
    if len(judged) < len(photos):
        reasons.append(SILENT.format(silent=len(photos) - len(judged), count=len(photos)))
    return Verdict(verdict, sure, new, tuple(reasons))


def _chance(one: Said, individual: str) -> float:
    """At most with this probability the individual is right, as far as one photo goes."""
    if one.individual == individual:
        return one.verdict.p_correct
    return max(0.0, 1 - one.verdict.p_correct - one.verdict.p_new_whale)


def _different(individual: str, photos: Sequence[Said]) -> str:
    """Who else is named, each by the photo that is surest of it."""
    others = sorted(
        (one for one in photos if one.individual != individual), key=lambda one: -one.score
    )
    scores = {one.individual: one.score for one in reversed(others)}
    return DIFFERENT.format(
        others=len(others),
        count=len(photos),
        name="names" if len(others) == 1 else "name",
        listed=", ".join(
            f"{name}, score {scores[name]:.3f}"
            for name in dict.fromkeys(one.individual for one in others)
        ),
    )


def _listed(photos: Sequence[Said]) -> str:
    counts = {kind: sum(one.verdict.verdict == kind for one in photos) for kind in WORDS}
    return ", ".join(f"{count} {WORDS[kind]}" for kind, count in counts.items() if count)
