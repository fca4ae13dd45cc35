"""Deal groups of photos to folds: evenly, and no individual locked into one by accident."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence


def shuffled(text: str, seed: int) -> bytes:
    """A place in a random order that depends on the seed and the text alone."""
    return hashlib.sha256(f"{seed}|{text}".encode("utf-8", "surrogatepass")).digest()


class Dealer:
    """Deals atoms (photos that stay together) to folds.

    Attributes
    ----------
    atoms_of : dict of str to list of int
        The atoms that show an individual.
    photos_by : list of Counter
        Per atom, the number of photos of each individual.
    fold_of : dict of int to int
        The fold of each atom dealt so far.
    """

    def __init__(
        self,
        individuals: Sequence[str | None],
        atoms: Sequence[Sequence[int]],
        folds: int,
        existing: Mapping[int, int],
    ) -> None:
        self.folds = folds
        self.atoms = atoms
        self.photos_by = [
            Counter(i for row in rows if (i := individuals[row]) is not None) for rows in atoms
        ]
        self.atoms_of: dict[str, list[int]] = defaultdict(list)
        for atom, photos in enumerate(self.photos_by):
            for individual in photos:
                self.atoms_of[individual].append(atom)
        self.fold_of: dict[int, int] = {}
        self._load: Counter[int] = Counter()
        self._waiting = Counter({i: len(own) for i, own in self.atoms_of.items()})
        self._load_of: dict[str, Counter[int]] = defaultdict(Counter)
        for atom, rows in enumerate(atoms):
            kept = Counter(existing[row] for row in rows if row in existing)
            if kept:
                self._place(atom, min(kept, key=lambda fold: (-kept[fold], fold)))

    def deal(self, held_out: set[str]) -> None:
        """Give every atom without a fold one; all atoms of a held-out individual the same."""
        together = Counter(fold for i in held_out for fold in self._load_of[i])
        # Atoms of several individuals first, while there is most freedom.
        for atom in sorted(range(len(self.atoms)), key=lambda atom: -len(self.photos_by[atom])):
            if atom in self.fold_of:
                continue
            alone = held_out.intersection(self.photos_by[atom])
            if alone:
                self._place_all(min(alone), together)
            else:
                self._place(atom, min(range(self.folds), key=lambda fold: self._cost(atom, fold)))

    def _place(self, atom: int, fold: int) -> None:
        self.fold_of[atom] = fold
        self._load[fold] += len(self.atoms[atom])
        for individual, photos in self.photos_by[atom].items():
            self._load_of[individual][fold] += photos
            self._waiting[individual] -= 1

    def _place_all(self, individual: str, together: Counter[int]) -> None:
        taken = self._load_of[individual]
        if taken:
            fold = min(taken)
        else:
            fold = min(range(self.folds), key=lambda fold: (together[fold], self._load[fold], fold))
            together[fold] += 1
        for atom in self.atoms_of[individual]:
            if atom not in self.fold_of:
                self._place(atom, fold)

    def _cost(self, atom: int, fold: int) -> tuple[int, int, int, int]:
        """Lower is better: nobody locked in, then individuals spread, then folds even."""
        shown = self.photos_by[atom]
        locked = sum(self._would_lock(individual, fold) for individual in shown)
        crowd = sum(self._load_of[individual][fold] for individual in shown)
        return locked, crowd, self._load[fold], fold

    def _would_lock(self, individual: str, fold: int) -> bool:
        """True where the individual's last atom would join all its others in one fold."""
        return self._waiting[individual] == 1 and set(self._load_of[individual]) == {fold}
