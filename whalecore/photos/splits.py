"""Divide photos so that no score ever comes from a model that has seen the sighting.

Photos are dealt to folds. The model of fold f is trained on all photos of known individuals in
the other folds and judged on fold f. What belongs together stays together: photos of one
individual in one encounter, and near-duplicates, form an *atom* that is never divided.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.dealing import Dealer, shuffled
from whalecore.photos.groups import tied_together

PARTS = ("validation", "test")
"""Thresholds are chosen on the first half of every fold, results are reported on the second."""


@dataclass(frozen=True, eq=False)
class Split:
    """Where each photo belongs.

    Attributes
    ----------
    fold : ndarray of shape (photos,), int
        The model of this fold has not seen the photo's encounter.
    part : ndarray of shape (photos,), str
        ``validation`` or ``test``.
    known : ndarray of shape (photos,), bool
        True where the photo's individual has photos in another fold, so that the model that
        judges the photo can name it. A photo that is not known shows a true new individual.
    held_out : tuple of str
        Individuals with several atoms that lie wholly in one fold on purpose.
    divided : tuple of tuple of int
        Rows that belong together although the existing assignment divides them; empty
        without an existing assignment.
    """

    fold: np.ndarray
    part: np.ndarray
    known: np.ndarray
    held_out: tuple[str, ...] = ()
    divided: tuple[tuple[int, ...], ...] = ()


def plan_folds(
    individuals: Sequence[str | None],
    encounters: Sequence[str | None],
    duplicate_group: Sequence[int],
    folds: int = 4,
    held_out_individuals: float = 0.1,
    seed: int = 0,
    existing: Mapping[int, tuple[int, str]] | None = None,
    photo_ids: Sequence[str] | None = None,
) -> Split:
    """Deal photos to folds, and each fold's photos to validation and test.

    - An individual with two atoms or more has photos in two folds or more, so every fold's
      model trains on it; except the held-out ones, which lie wholly in one fold. (Where
      near-duplicates tie so many individuals together that two folds cannot satisfy all,
      the ones left in one fold are not ``known``.)
    - An individual with one atom lies in one fold and is never judged as known.
    - Within a fold, atoms of known individuals are divided between validation and test; an
      individual that is new to the fold's model is on one side with all its photos.

    Parameters
    ----------
    individuals : sequence of str or None
        None for a photo of an animal not yet known.
    encounters : sequence of str or None
        None where unknown: the photo is then an encounter of its own.
    duplicate_group : sequence of int
        Photos with the same number are near-duplicates.
    folds : int
        At least 2.
    held_out_individuals : float
        Share of the individuals with two atoms or more, 0 to below 1.
    seed : int
    existing : mapping of int to (fold, part), optional
        Photos by row that keep what an earlier plan gave them; new photos are fitted in.
    photo_ids : sequence of str, optional
        With them the plan does not depend on the order of the rows at all; without them, only
        on the order of the photos of one individual and encounter.

    Raises
    ------
    SettingsError
        When a setting is out of range or the sequences differ in length.
    """
    existing = dict(existing or {})
    _check(individuals, encounters, duplicate_group, folds, held_out_individuals, existing)
    names = _names(individuals, encounters, photo_ids)
    atoms = _atoms(individuals, encounters, duplicate_group, names)
    atoms.sort(key=lambda rows: shuffled(min(names[row] for row in rows), seed))
    dealer = Dealer(individuals, atoms, folds, {row: kept for row, (kept, _) in existing.items()})
    held_out = _choose_held_out(dealer, held_out_individuals, seed)
    dealer.deal(held_out)
    fold = np.empty(len(individuals), np.int64)
    for number, rows in enumerate(atoms):
        fold[rows] = dealer.fold_of[number]
    for row, (kept, _) in existing.items():
        fold[row] = kept

    folds_of = defaultdict(set)
    for individual, number in zip(individuals, fold.tolist(), strict=True):
        folds_of[individual].add(number)
    known = np.array([i is not None and len(folds_of[i]) > 1 for i in individuals], dtype=bool)
    part = _deal_parts(individuals, atoms, fold, known, existing)
    divided = [
        tuple(rows) for rows in atoms if len({existing[row] for row in rows if row in existing}) > 1
    ]
    return Split(fold, part, known, tuple(sorted(held_out)), tuple(sorted(divided)))


Individuals = Sequence[str | None]
Encounters = Sequence[str | None]


def _check(
    individuals: Individuals,
    encounters: Encounters,
    duplicate_group: Sequence[int],
    folds: int,
    share: float,
    existing: Mapping[int, tuple[int, str]],
) -> None:
    if not len(individuals) == len(encounters) == len(duplicate_group):
        raise SettingsError(
            f"{len(individuals)} individuals, {len(encounters)} encounters and "
            f"{len(duplicate_group)} duplicate groups were given: there must be one per photo."
        )
    if folds < 2:
        raise SettingsError(f"The number of folds is {folds}: choose 2 or more.")
    if not 0 <= share < 1:
        raise SettingsError(
            f"The share of held-out individuals is {share:g}: choose 0 or more and less than 1."
        )
    for row, (fold, part) in existing.items():
        if not (0 <= row < len(individuals) and 0 <= fold < folds and part in PARTS):
            raise SettingsError(
                f"The existing assignment of photo {row} to fold {fold}, {part} does not fit "
                f"{len(individuals)} photos in {folds} folds: plan again without it."
            )


def _names(
    individuals: Individuals, encounters: Encounters, photo_ids: Sequence[str] | None
) -> list[str]:
    """A name per photo that does not depend on the other individuals' rows."""
    if photo_ids is not None:
        return list(photo_ids)
    seen: Counter[tuple[str | None, str | None]] = Counter()
    names = []
    for key in zip(individuals, encounters, strict=True):
        names.append(f"{key!r} {seen[key]}")
        seen[key] += 1
    return names


def _atoms(
    individuals: Individuals,
    encounters: Encounters,
    duplicate_group: Sequence[int],
    names: Sequence[str],
) -> list[list[int]]:
    """Rows that stay together: one encounter of one individual, near-duplicates, one file."""
    return tied_together(
        [
            ("duplicates", int(group)),
            ("file", name),
            *([] if encounter is None else [("encounter", individual, encounter)]),
        ]
        for individual, encounter, group, name in zip(
            individuals, encounters, duplicate_group, names, strict=True
        )
    )


def _choose_held_out(dealer: Dealer, share: float, seed: int) -> set[str]:
    """Individuals to keep wholly in one fold: first those that are already, then new ones."""
    several = {i: atoms for i, atoms in dealer.atoms_of.items() if len(atoms) > 1}
    already, free = [], []
    for individual, atoms in several.items():
        placed = [dealer.fold_of[atom] for atom in atoms if atom in dealer.fold_of]
        if len(placed) > 1 and len(set(placed)) == 1:
            already.append(individual)
        # An atom shared with another individual would hold that one back too.
        elif not placed and all(len(dealer.photos_by[atom]) == 1 for atom in atoms):
            free.append(individual)
    # By the same random order as at first: individuals that got their name later, and lie in
    # one fold by chance, are held out only where there is room.
    already.sort(key=lambda individual: shuffled(individual, seed))
    free.sort(key=lambda individual: shuffled(individual, seed))
    return set((already + free)[: round(share * len(several))])


def _deal_parts(
    individuals: Individuals,
    atoms: Sequence[Sequence[int]],
    fold: np.ndarray,
    known: np.ndarray,
    existing: Mapping[int, tuple[int, str]],
) -> np.ndarray:
    """Validation or test for every photo; known and new photos are each halved in every fold."""
    part = np.empty(len(individuals), dtype="U10")
    photos: Counter[tuple[int, bool, str]] = Counter()

    def put(rows: Sequence[int], chosen: str) -> None:
        for row in rows:
            part[row] = existing[row][1] if row in existing else chosen
            photos[int(fold[row]), bool(known[row]), str(part[row])] += 1

    def new_names(rows: Sequence[int]) -> set[str]:
        return {i for row in rows if (i := individuals[row]) is not None and not known[row]}

    blocks = [
        [row for atom in block for row in atoms[atom]]
        for block in tied_together(sorted(new_names(rows)) for rows in atoms)
    ]
    waiting = []
    for rows in blocks:
        kept = Counter(existing[row][1] for row in rows if row in existing)
        if kept:
            put(rows, min(kept, key=lambda name: (-kept[name], name)))
        else:
            waiting.append(rows)
    for rows in waiting:
        place, kind = int(fold[rows[0]]), bool(known[rows].any())
        put(
            rows,
            min(PARTS, key=lambda name: (photos[place, kind, name], photos[place, not kind, name])),
        )
    return part
