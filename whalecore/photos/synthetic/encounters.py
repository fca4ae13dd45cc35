"""Who is met when and where: the encounters of a collection."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.synthetic.outline import FIRST_YEAR

YEARS = 7
"""Seasons over which a collection is gathered."""

# Feeding grounds in the Gulf of Maine: name, latitude, longitude.
_PLACES = (
    ("stellwagen", 42.35, -70.25),
    ("jeffreys", 42.90, -70.15),
    ("south-channel", 41.45, -69.35),
    ("desert-rock", 43.90, -68.10),
    ("fundy", 44.65, -66.50),
)
_FEWEST_KNOWN = 2
_FEWEST_NEW = 1


@dataclass(frozen=True)
class Encounter:
    """One animal on one day at one place.

    ``photos`` are the numbers of the animal's photos taken then, counted from 0.
    """

    name: str
    animal: int
    known: bool
    number: int
    taken_at: datetime
    latitude: float
    longitude: float
    photos: tuple[int, ...]


@dataclass(frozen=True)
class CollectionSettings:
    """How a collection is drawn.

    Attributes
    ----------
    individuals : int
        Individuals of the catalogue.
    photos : int
        Photos in all, those of new individuals included.
    new_individuals : int
        Individuals that the catalogue does not know.
    new_photos : int
        Photos of new individuals.
    spoilt_share : float
        Chance of a photo to be such that nobody could identify the animal, 0 to 1.
    grey_share : float
        Share of encounters photographed in grey, 0 to 1.
    seed : int
        Same seed, same collection.
    width, height : int
        Width and usual height of a photo in pixels; heights vary by a sixth.
    """

    individuals: int = 64
    photos: int = 700
    new_individuals: int = 24
    new_photos: int = 80
    spoilt_share: float = 0.08
    grey_share: float = 0.35
    seed: int = 0
    width: int = 320
    height: int = 168

    def __post_init__(self) -> None:
        known = self.photos - self.new_photos
        if self.individuals < 1 or known < _FEWEST_KNOWN * self.individuals:
            raise SettingsError(
                f"{known} photos of {self.individuals} known individuals were asked for: "
                f"there must be at least {_FEWEST_KNOWN} photos of each of at least 1 individual."
            )
        if self.new_individuals < 0 or self.new_photos < _FEWEST_NEW * self.new_individuals:
            raise SettingsError(
                f"{self.new_photos} photos of {self.new_individuals} new individuals were asked "
                "for: there must be at least one photo of each."
            )
        if self.new_photos and not self.new_individuals:
            raise SettingsError(
                f"{self.new_photos} photos of 0 new individuals were asked for: "
                "ask for at least one new individual or for no such photos."
            )
        for name, share in (("spoilt", self.spoilt_share), ("grey", self.grey_share)):
            if not 0 <= share <= 1:
                raise SettingsError(f"The {name} share is {share:g}: choose a value from 0 to 1.")
        if self.width < 96 or self.height < 64:
            raise SettingsError(
                f"Photos of {self.width} x {self.height} pixels were asked for: "
                "draw them at least 96 pixels wide and 64 high."
            )


def plan_encounters(settings: CollectionSettings) -> tuple[Encounter, ...]:
    """All encounters of a collection, by date.

    Animals ``0 .. individuals - 1`` are known, those after them are new.
    """
    rng = np.random.default_rng([settings.seed, 1_000_003])
    known = _photo_counts(
        rng, settings.individuals, settings.photos - settings.new_photos, _FEWEST_KNOWN
    )
    new = _photo_counts(rng, settings.new_individuals, settings.new_photos, _FEWEST_NEW)
    met = []
    for animal, count in enumerate([*known, *new]):
        own = np.random.default_rng([settings.seed, 1_000_004, animal])
        met += _meet(own, animal, animal < settings.individuals, count)
    met.sort(key=lambda one: (one.taken_at, one.animal))
    return _number_by_day(met)


def _photo_counts(rng: np.random.Generator, animals: int, photos: int, fewest: int) -> list[int]:
    """Photos per animal: most about the mean, an eighth of the animals only a few."""
    if animals == 0:
        return []
    rare = rng.random(animals) < 0.125
    weights = np.where(rare, rng.uniform(0.28, 0.5, animals), rng.uniform(0.82, 1.2, animals))
    spare = photos - fewest * animals
    share = np.maximum(weights / weights.sum() * photos - fewest, 0)
    share = share / share.sum() * spare if share.sum() > 0 else np.full(animals, spare / animals)
    counts = fewest + np.floor(share).astype(int)
    order = np.argsort(-(share - np.floor(share)), kind="stable")
    counts[order[: photos - counts.sum()]] += 1
    return counts.tolist()


def _meet(rng: np.random.Generator, animal: int, known: bool, count: int) -> list[Encounter]:
    """Divide an animal's photos into encounters of one to three on different days."""
    home = int(rng.integers(len(_PLACES)))
    met: list[Encounter] = []
    days: set[datetime] = set()
    taken = 0
    while taken < count:
        size = min(count - taken, int(rng.choice((1, 2, 3), p=(0.35, 0.45, 0.2))))
        place = home if rng.random() < 0.7 else int(rng.integers(len(_PLACES)))
        name, latitude, longitude = _PLACES[place]
        day = datetime(FIRST_YEAR + int(rng.integers(YEARS)), 4, 20)
        day += timedelta(days=int(rng.integers(180)))
        if day in days:
            continue
        days.add(day)
        met.append(
            Encounter(
                name=name,
                animal=animal,
                known=known,
                number=len(met),
                taken_at=day + timedelta(minutes=int(rng.integers(7 * 60, 18 * 60))),
                latitude=round(latitude + float(rng.normal(0, 0.07)), 4),
                longitude=round(longitude + float(rng.normal(0, 0.09)), 4),
                photos=tuple(range(taken, taken + size)),
            )
        )
        taken += size
    return met


def _number_by_day(met: list[Encounter]) -> tuple[Encounter, ...]:
    """Names that say day and place, but not which animal."""
    seen: Counter[str] = Counter()
    named = []
    for one in met:
        base = f"{one.taken_at:%Y-%m-%d}-{one.name}"
        seen[base] += 1
        named.append(replace(one, name=f"{base}-{seen[base]}"))
    return tuple(named)
