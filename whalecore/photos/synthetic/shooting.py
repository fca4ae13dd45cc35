"""Chance: the conditions of an encounter, the pose of a photo and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from whalecore.photos.synthetic.camera import Conditions, Mishaps
from whalecore.photos.synthetic.pose import Pose, to_photo
from whalecore.photos.synthetic.sea import choose_water

FAULTS = ("blurred", "submerged", "hidden by spray", "too far away", "glare")
"""Why nobody could identify the animal in a spoilt photo."""


@dataclass(frozen=True)
class Plan:
    """Size, pose and mishaps of one photo."""

    height: int
    width: int
    pose: Pose
    mishaps: Mishaps
    faults: tuple[str, ...]


def choose_conditions(rng: np.random.Generator, grey_share: float) -> Conditions:
    """Light and equipment of an encounter."""
    grey = bool(rng.random() < grey_share)
    return Conditions(
        water=choose_water(rng),
        grey=grey,
        haze=float(rng.uniform(0.0, 0.12) if rng.random() < 0.75 else rng.uniform(0.12, 0.3)),
        glare=float(rng.uniform(0.0, 0.3) if rng.random() < 0.35 else 0.0),
        skin_dark=float(rng.uniform(0.06, 0.17)),
        skin_light=float(rng.uniform(0.68, 0.92)),
        warmth=float(rng.normal(0.0, 0.03)),
        exposure=float(rng.uniform(0.85, 1.6 if grey else 1.15)),
        contrast=float(rng.uniform(0.95, 1.5 if grey else 1.25)),
        grain=float(rng.uniform(0.003, 0.011)),
    )


def plan_photo(
    rng: np.random.Generator, width: int, height: int, horizon: float, spoilt_share: float
) -> Plan:
    """One photo: how the fluke stands in it and what spoils it.

    ``height`` is the usual height of a photo, ``horizon`` the row of the horizon as a share
    of the height: the animal is always nearer than the horizon.
    """
    faults = _choose_faults(rng, spoilt_share)
    high = round(height * rng.uniform(0.84, 1.16))
    share = rng.uniform(0.1, 0.17) if "too far away" in faults else rng.uniform(0.42, 0.85)
    turned, turn = int(rng.integers(2)), [1.0, 1.0]
    turn[turned] = rng.uniform(0.78, 1.0)
    half_span = share * width / sum(turn)
    raised = rng.normal(0.06, 0.05)
    skew = rng.normal(0.0, 0.04)
    pose = Pose(
        x=0.0,
        y=0.0,
        half_span=half_span,
        steepness=rng.uniform(0.6, 1.0),
        roll=rng.normal(0.0, 0.06),
        turn=(turn[0], turn[1]),
        lift=(raised + skew, raised - skew),
        curl=rng.normal(0.0, 0.04),
        perspective=rng.normal(0.0, 0.05),
        waterline=0.0,
    )
    # v at which the water meets the fluke: the lower, the more of it is seen.
    water_at = rng.uniform(-0.08, 0.04) if "submerged" in faults else rng.uniform(-0.66, -0.32)
    pose = _put_into_frame(rng, pose, water_at, horizon, high, width)
    mishaps = Mishaps(
        blur=rng.uniform(3.5, 5.5) if "blurred" in faults else max(0.0, rng.normal(0.35, 0.35)),
        motion=rng.uniform(1.0, 3.5) if rng.random() < 0.2 else 0.0,
        motion_angle=rng.uniform(0.0, np.pi),
        spray=_spray_strength(rng, faults),
        glare=rng.uniform(0.88, 0.97) if "glare" in faults else 0.0,
    )
    return Plan(high, width, pose, mishaps, faults)


def _choose_faults(rng: np.random.Generator, share: float) -> tuple[str, ...]:
    if rng.random() >= share:
        return ()
    first, second = rng.choice(len(FAULTS), size=2, replace=False)
    chosen = {int(first), int(second)} if rng.random() < 0.2 else {int(first)}
    return tuple(FAULTS[index] for index in sorted(chosen))


def _spray_strength(rng: np.random.Generator, faults: tuple[str, ...]) -> float:
    if "hidden by spray" in faults:
        return float(rng.uniform(0.85, 1.1))
    return float(rng.uniform(0.05, 0.22)) if rng.random() < 0.3 else 0.0


def _put_into_frame(
    rng: np.random.Generator,
    pose: Pose,
    water_at: float,
    horizon: float,
    height: int,
    width: int,
) -> Pose:
    """Move (and if need be shrink) the fluke so that it lies inside the photo."""
    for _ in range(2):
        edge = [to_photo(pose, u, v) for u, v in ((-1, 0.34), (1, 0.34), (0, 0.1), (0, water_at))]
        left, right = min(x for x, _ in edge), max(x for x, _ in edge)
        top, bottom = min(y for _, y in edge), edge[3][1]
        room = min(0.94 * width / (right - left), 0.86 * height / (bottom - top))
        if room >= 1:
            break
        pose = replace(pose, half_span=pose.half_span * room)
    x = rng.uniform(0.03 * width - left, 0.97 * width - right)
    highest = max(0.04 * height - top, (horizon + 0.06) * height - bottom)
    y = rng.uniform(highest, max(highest, 0.9 * height - bottom))
    return replace(pose, x=x, y=y, waterline=y + bottom)
