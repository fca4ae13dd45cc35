"""A whole collection of drawn flukes, photo by photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from whalecore.photos.synthetic.animal import design_animal
from whalecore.photos.synthetic.camera import take_photo
from whalecore.photos.synthetic.encounters import CollectionSettings, Encounter, plan_encounters
from whalecore.photos.synthetic.shooting import choose_conditions, plan_photo
from whalecore.photos.synthetic.skin import draw_skin
from whalecore.types import Box


@dataclass(frozen=True, eq=False)
class Drawing:
    """One drawn photo with everything that is known about it.

    Attributes
    ----------
    name : str
        Such as ``fluke_0042``, numbered by date; without a file ending.
    pixels : ndarray of shape (height, width, 3), uint8
        RGB; the three are equal in a grey photo.
    individual : str or None
        Reference individual, such as ``demo_017``; None for one that the catalogue does not know.
    true_individual : str
        The individual in any case.
    encounter : str
        Day, place and a number.
    taken_at : datetime
    latitude, longitude : float
    box : Box
        Extent of ``masks["fluke"]``.
    masks : dict from name to ndarray of shape (height, width), bool
        ``fluke`` is what can be seen of the fluke, with the cuts in its trailing edge filled in.
        The others are the individual's identifying features (``pigment``, ``notches``, ``scar``,
        ``barnacles``) as far as they can be seen, each inside ``fluke``; one that is under
        water is there, but empty.
    spoilt : tuple of str
        Why nobody could identify the animal; empty for most photos.
    year : int
    """

    name: str
    pixels: np.ndarray
    individual: str | None
    true_individual: str
    encounter: str
    taken_at: datetime
    latitude: float
    longitude: float
    box: Box
    masks: dict[str, np.ndarray]
    spoilt: tuple[str, ...]
    year: int

    @property
    def identifiable(self) -> bool:
        """Whether somebody could identify the animal."""
        return not self.spoilt


def draw_collection(settings: CollectionSettings) -> Iterator[Drawing]:
    """Draw all photos of a collection, by date.

    Each photo depends on the seed, its individual and its number alone, not on the
    photos drawn before it.

    Yields
    ------
    Drawing
    """
    number = 0
    for encounter in plan_encounters(settings):
        yield from draw_encounter(settings, encounter, first_number=number)
        number += len(encounter.photos)


def draw_encounter(
    settings: CollectionSettings, encounter: Encounter, first_number: int = 0
) -> Iterator[Drawing]:
    """Draw the photos of one encounter; they are named from ``first_number`` on."""
    animal = design_animal(settings.seed, encounter.animal)
    year = encounter.taken_at.year
    skin = draw_skin(animal, year)
    conditions = choose_conditions(animal.details(100, encounter.number), settings.grey_share)
    individual = f"demo_{encounter.animal:03d}"
    for index, photo in enumerate(encounter.photos):
        rng = animal.details(101, photo)
        plan = plan_photo(
            rng,
            settings.width,
            settings.height,
            conditions.water.horizon,
            settings.spoilt_share,
        )
        shot = take_photo(rng, skin, plan.pose, conditions, plan.mishaps, plan.height, plan.width)
        yield Drawing(
            name=f"fluke_{first_number + index:04d}",
            pixels=shot.pixels,
            individual=individual if encounter.known else None,
            true_individual=individual,
            encounter=encounter.name,
            taken_at=encounter.taken_at + timedelta(seconds=7 * index),
            latitude=encounter.latitude,
            longitude=encounter.longitude,
            box=_extent(shot.masks["fluke"]),
            masks=shot.masks,
            spoilt=plan.faults,
            year=year,
        )


def _extent(mask: np.ndarray) -> Box:
    """Smallest box around a mask; the whole photo where nothing can be seen."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return Box(0.0, 0.0, float(mask.shape[1]), float(mask.shape[0]))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
