"""What is wrong with a photo, in sentences that say what to photograph instead."""

from __future__ import annotations

from collections.abc import Mapping

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.gate import failed_measures
from whalecore.reliability.rules import photo_measure
from whalecore.reliability.shown_numbers import decimal, percent, percents_apart
from whalecore.reliability.usual import featureless

NEARER = "take a photo from nearer or with a longer lens"

RETAKE = {
    "sharpness": "The fluke is blurred: on a scale from 0 to 1 its sharpness is {value}, and it "
    "should be at least {limit}; take a photo with the focus on the fluke and a short exposure.",
    "exposure": "Much of the fluke is black or burnt out: {value} of it shows detail, and at least "
    "{limit} should; take a photo with the light from behind you.",
    "contrast": "The fluke hardly stands out: on a scale from 0 to 1 its contrast is {value}, and "
    "it should be at least {limit}; take a photo without spray or glare before the fluke.",
    "fluke_share": "The fluke is small in the photo: it fills {value} of it{size}, and should fill "
    f"at least {{limit}}; {NEARER}.",
    "resolution": "The fluke has few pixels: {value} of those that can be compared{size}, and "
    f"it should have at least {{limit}}; {NEARER}.",
    "visible": "Little of the fluke is seen: {value} of a whole one, and at least {limit} should "
    "be; take a photo when the whole fluke is above the water.",
    "crop_confidence": "It is unclear where the fluke is: the box around it is right with a "
    "probability of {value}, and at least {limit} are wanted; take a photo that shows the whole "
    "underside of the fluke, or draw the box by hand.",
    "cut_off": "The fluke is cut off: {value} of the outline of its box lies on the photo's edge, "
    "and at most {limit} should; take a photo with the whole fluke in the frame.",
}

FROM_0_TO_1 = ("sharpness", "contrast")

LOST = (
    "No fluke was found, so that the whole photo ({share} of it) was compared: draw a box around "
    "the fluke, or take a photo on which it stands out."
)

NO_FEATURE = (
    "No distinguishing feature is visible: the strongest tenth of the heatmap holds only "
    "{compactness} of what speaks for the first candidate, and the score is spread as if {equal} "
    "candidates were equally likely{marks}; take a photo that shows the trailing edge, the notch "
    "and the pattern of the underside clearly."
)


def photo_reasons(evidence: Evidence, limits: Mapping[str, float]) -> list[str]:
    """A sentence for each measure of the photo that lies beyond its limit."""
    size = ""
    if evidence.fluke_width is not None and evidence.fluke_height is not None:
        size = f" ({evidence.fluke_width:,} by {evidence.fluke_height:,} pixels)"
    said = []
    for name in failed_measures(evidence, limits):
        value, limit = photo_measure(evidence, name), limits[name]
        pair = (
            (decimal(3)(value), decimal(3)(limit))
            if name in FROM_0_TO_1
            else percents_apart(value, limit)
        )
        said.append(RETAKE[name].format(value=pair[0], limit=pair[1], size=size))
    return said


def no_fluke(evidence: Evidence) -> bool:
    """Whether no fluke was found on a photo that was measured."""
    return evidence.crop_source == "whole" and evidence.quality is not None


def lost_reason(evidence: Evidence) -> str | None:
    """That no fluke was found; None where one was."""
    if not no_fluke(evidence):
        return None
    return LOST.format(share=percent(evidence.quality.fluke_share))


def feature_reason(evidence: Evidence, limits: Mapping[str, float]) -> str | None:
    """That nothing stands out by which the animal could be told; None where something does."""
    if not featureless(evidence, limits):
        return None
    marks = ""
    if evidence.most_marks is not None:
        most = evidence.most_marks
        marks = f", of which none has more than {most} matching mark{'s' * (most != 1)}"
    return NO_FEATURE.format(
        compactness=percent(evidence.compactness),
        equal=decimal(2)(evidence.equal_candidates),
        marks=marks,
    )
