"""What a verdict says of parts of the fluke that change over the years."""

from __future__ import annotations

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.shown_numbers import percent

ON_TIPS = 0.5
"""Share of what speaks for the first candidate from which the answer rests on the tips, or on the
inner surface."""

TIPS = (
    "{share} of what speaks for the first candidate lies on the tips of the fluke, which wear and "
    "scar over the years: compare with photos taken in nearby years, and by what lies between the "
    "tips."
)
PIGMENT = (
    "{share} of what speaks for the first candidate lies on the inner surface of the fluke, whose "
    "pigmentation changes while an animal is young. Its age is not known here: if it may be young, "
    "compare with photos taken in nearby years, and by the edges and the notch."
)


def change_reasons(evidence: Evidence) -> list[str]:
    """Sentences for the parts that change and that the answer rests on."""
    return [
        sentence.format(share=percent(share))
        for share, sentence in (
            (evidence.changing_share, TIPS),
            (evidence.inner_surface, PIGMENT),
        )
        if share is not None and share >= ON_TIPS
    ]
