"""How sure a verdict is, and how sure it had to be, in one sentence."""

from __future__ import annotations

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.rules import Rules
from whalecore.reliability.shown_numbers import percent, percents_apart

CERTAIN = 0.999
"""Beyond this a probability is no more than that: nothing is certain."""

RIGHT = (
    "With a score of {score:.3f} and everything else that is known, the first candidate is right "
    "with a probability of {sure}"
)
RELIABLE = RIGHT + "; an answer is called reliable from {limit} on."
CHECK = RIGHT + "; it would be called reliable from {limit} on."
NEW = (
    "With a score of {score:.3f} and everything else that is known, the animal is new to this lab "
    "with a probability of {sure}; it is taken for a new one from {limit} on."
)
NONE_RELIABLE = (
    "The first candidate has a score of {score:.3f}, but so far no answer of this lab can be "
    "called reliable: the {photos:,} photos whose animal is known and that were kept out of "
    "training are too few, or too often identified wrongly."
)


def sure_reason(
    evidence: Evidence, rules: Rules, verdict: str, p_correct: float, p_new: float
) -> str:
    """The sentence for a verdict other than ``retake``; it names the score."""
    if verdict == "new_whale":
        template, sure, limit = NEW, p_new, rules.new_threshold
    elif rules.reliable_threshold is None:
        return NONE_RELIABLE.format(score=evidence.score, photos=rules.photos)
    else:
        template = RELIABLE if verdict == "reliable" else CHECK
        sure, limit = p_correct, rules.reliable_threshold
    words = percents_apart(min(sure, CERTAIN), limit)
    said = f"over {percent(CERTAIN, 1)}" if sure > CERTAIN else words[0]
    return template.format(score=evidence.score, sure=said, limit=words[1])
