"""What photos usually show, so that a reader can tell what is unusual about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from whalecore.reliability.evidence import Evidence
from whalecore.reliability.gate import FEWEST_RIGHT, WORST
from whalecore.reliability.rules import FEATURELESS

ALWAYS = {"compactness", "entropy"}
"""What must be known before it is said that nothing stands out; marks count where they are."""


def usual_values(evidence: Sequence[Evidence], names: Sequence[str]) -> dict[str, float]:
    """The median of each piece of evidence, of the photos that have it.

    Half of the photos lie above it and half below, on whatever scale it is shown: a mean of
    logarithms would be no number that anybody sees.
    """
    found = {}
    for name in names:
        there = [value for one in evidence if (value := getattr(one, name)) is not None]
        if there:
            found[name] = float(np.median(there))
    return found


def feature_limits(evidence: Sequence[Evidence], correct: np.ndarray) -> dict[str, float]:
    """Where so little stands out on a photo as on hardly any that is identified rightly.

    Returns
    -------
    dict of str to float
        Names of `FEATURELESS` to the value that all but the worst 1 % of right photos reach; none
        that fewer than 50 of these have.
    """
    limits = {}
    for name in FEATURELESS:
        there = [
            value
            for one, right in zip(evidence, correct, strict=True)
            if right and (value := getattr(one, name)) is not None
        ]
        if len(there) >= FEWEST_RIGHT:
            limits[name] = float(np.quantile(there, 1 - WORST if name == "entropy" else WORST))
    return limits


def featureless(evidence: Evidence, limits: Mapping[str, float]) -> bool:
    """Whether no feature stands out: the heatmap points nowhere, the score is divided among many
    candidates and, where marks count, hardly any matches.
    """
    beyond = {
        name: value >= limits[name] if name == "entropy" else value <= limits[name]
        for name in FEATURELESS
        if name in limits and (value := getattr(evidence, name)) is not None
    }
    return beyond.keys() >= ALWAYS and all(beyond.values())
