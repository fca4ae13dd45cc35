"""What an import found: the rows it accepts, and by name everything it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from whalecore.types import Box


@dataclass(frozen=True)
class CatalogueRow:
    """One photo as a catalogue describes it.

    Attributes
    ----------
    path : str
        Of the file, relative to the catalogue's root, with forward slashes.
    individual : str or None
        None where the animal is not yet known.
    encounter : str or None
        The sighting the photo comes from.
    taken_at : datetime or None
        Without time zone.
    latitude, longitude : float or None
        Degrees, north and east positive.
    box : Box or None
        The fluke, where the catalogue brings boxes.
    """

    path: str
    individual: str | None = None
    encounter: str | None = None
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Refusal:
    """A row or file that was left out, and why in one sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Note:
    """Something about an accepted row, or about the source, that a person should know."""

    name: str
    text: str


@dataclass(frozen=True)
class Catalogue:
    """The result of reading a source.

    Attributes
    ----------
    root : Path
        Folder that the rows' paths start from; none of them leaves it.
    kind : str
        ``kaggle``, ``folders`` or ``csv``.
    rows : tuple of CatalogueRow
    refused : tuple of Refusal
        ``len(rows) + len(refused)`` is the number of rows (or files) in the source.
    notes : tuple of Note
        Values that could not be read in accepted rows, photos that no row names, and the like.
    """

    root: Path
    kind: str
    rows: tuple[CatalogueRow, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Photos of one moment that the catalogue puts under several individuals."""

    photo_ids: tuple[str, ...]
    individuals: tuple[str, ...]


def find_conflicts(
    photo_ids: Sequence[str],
    individuals: Sequence[str | None],
    groups: Iterable[Sequence[int]] = (),
) -> list[Conflict]:
    """One photo, or photos that are near-duplicates, under different individuals.

    Photos without an individual conflict with nobody.

    Parameters
    ----------
    photo_ids : sequence of str
        One per row; a file that is there twice has the same one twice.
    individuals : sequence of str or None
        In the same order.
    groups : iterable of sequences of int
        Rows that are near-duplicates of each other, as ``near_duplicate_groups`` returns them.

    Returns
    -------
    list of Conflict
        With names sorted, in the order of their first row.
    """
    rows_of: dict[str, list[int]] = {}
    for row, photo_id in enumerate(photo_ids):
        rows_of.setdefault(photo_id, []).append(row)
    found: dict[Conflict, int] = {}
    for group in [*groups, *rows_of.values()]:
        names = {individuals[row] for row in group} - {None}
        if len(names) > 1:
            members = [row for row in group if individuals[row] is not None]
            ids = tuple(sorted({photo_ids[row] for row in members}))
            found.setdefault(Conflict(ids, tuple(sorted(names))), min(members))
    return sorted(found, key=lambda conflict: found[conflict])


def encounter_of_day(taken_at: datetime | None) -> str | None:
    """A stand-in where no encounter is given: the day.

    Photos of one animal on one day usually show one sighting; to treat them as independent
    would let a test photo have its twin in training.
    """
    return None if taken_at is None else f"day {taken_at:%Y-%m-%d}"
