"""What matching marks have to do with a verdict, in one sentence."""

from __future__ import annotations

from whalecore.reliability.evidence import Evidence

AGREE = (
    "Looks and marks agree: {marks} marks such as scars and notches match a photo of the first "
    "candidate, which the overall look alone puts in place {network_rank}, too."
)
DECIDE = (
    "Marks decide: {marks} marks such as scars and notches match a photo of the first candidate, "
    "which the overall look alone would put in place {network_rank}."
)
DISAGREE = (
    "Looks and marks disagree: {marks} marks such as scars and notches match a photo of the first "
    "candidate, but the overall look alone would put it in place {network_rank}."
)
NO_MARKS = (
    "No photo of the first five candidates shares a mark such as a scar or notch with this one: "
    "{most_marks} were found."
)
FEW_MARKS = (
    "No photo of the first five candidates shares more than {most_marks} marks such as scars and "
    "notches with this one."
)


def mark_reason(evidence: Evidence, verdict: str) -> str | None:
    """The sentence about marks that a verdict comes with; None where they have no part in it.

    Parameters
    ----------
    evidence : Evidence
    verdict : str
        ``reliable``, ``check``, ``new_whale`` or ``retake``.
    """
    if evidence.marks is None or evidence.network_rank is None:
        return None
    template = _template(evidence, verdict)
    return None if template is None else template.format(**vars(evidence))


def _template(evidence: Evidence, verdict: str) -> str | None:
    first = evidence.network_rank == 1
    if verdict == "new_whale":
        return FEW_MARKS if evidence.most_marks else NO_MARKS
    if verdict == "check":
        if not evidence.most_marks:
            return NO_MARKS
        return DISAGREE if evidence.marks and not first else None
    if verdict == "reliable" and evidence.marks:
        return AGREE if first else DECIDE
    return None
