"""Which photo of a Kaggle folder plays which part when identifiers are compared.

Nothing that chooses a setting reports a figure: weights and thresholds are chosen on the
validation photos, figures come from the queries. Individuals of the unseen population, and those
of the validation that play new whales, have no photo in training.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whalecore.errors import SettingsError

NEW = "new_whale"

TRAIN, NEGATIVE, UNUSED = "train", "negative", "unused"
VALID, VALID_NEW = "valid", "valid_new"
QUERY, QUERY_NEW = "query", "query_new"
UNSEEN_GALLERY, UNSEEN_QUERY = "unseen_gallery", "unseen_query"

CLOSED = (VALID, VALID_NEW, QUERY, QUERY_NEW)
"""Parts whose photos are looked for among the trained individuals."""

ASKED = (*CLOSED, UNSEEN_QUERY)
GALLERY = (TRAIN, UNSEEN_GALLERY)

GALLERY_OF = {VALID: TRAIN, QUERY: TRAIN, UNSEEN_QUERY: UNSEEN_GALLERY}
"""Where the other photos of a known individual are."""

UNSEEN_SHARE, VALID_NEW_SHARE = 0.12, 0.05
"""Shares of the individuals with two photos or more that training never sees."""

NEW_SHARE = 0.2
"""Of the queries that a competition would ask, those of new whales."""

FEWEST_FOR_QUERY = 4
"""Photos of an individual of which a third are queries."""

CORNERS = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True, eq=False)
class Protocol:
    """The part of every photo.

    Attributes
    ----------
    images, individuals : tuple of str
        File names and labels, ``new_whale`` among them.
    boxes : ndarray of shape (photos, 4), float64
        The fluke in the photo's pixels: x0, y0, x1, y1.
    part : ndarray of shape (photos,), str
        ``train``; ``valid`` (of trained individuals) and ``valid_new`` (of new whales, and of
        individuals set aside to play new whales); ``query`` and ``query_new`` in the same way;
        ``unseen_gallery`` and ``unseen_query`` (individuals never trained on, one query each);
        ``negative`` (new whales that a training may use as strangers); ``unused``.
    """

    images: tuple[str, ...]
    individuals: tuple[str, ...]
    boxes: np.ndarray
    part: np.ndarray

    def rows(self, *parts: str) -> np.ndarray:
        """Rows of the photos that play one of these parts."""
        return np.flatnonzero(np.isin(self.part, parts))

    def names(self, *parts: str) -> tuple[str, ...]:
        """Individuals with a photo in one of these parts, in the alphabet's order."""
        return tuple(sorted({self.individuals[row] for row in self.rows(*parts)}))

    def columns(self, rows: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Where these photos' individuals stand in a list of names; -1 where they do not."""
        place = {name: column for column, name in enumerate(names)}
        return np.array([place.get(self.individuals[row], -1) for row in rows], int)


def deal(folder: Path, seed: int = 0) -> Protocol:
    """Deal the photos of a Kaggle folder that has boxes and a list of near-duplicates.

    A third of the photos of individuals with four or more are closed-set queries; with new whales
    as a fifth of them they are what a competition would ask. Where a near-duplicate of a photo
    plays another part, one of the two is left out.

    Parameters
    ----------
    folder : Path
        Holds ``train.csv``, ``boxes.csv``, ``near_duplicates.csv`` and ``train/``.
    seed : int

    Raises
    ------
    SettingsError
        When there are too few photos of new whales.
    """
    images, individuals, boxes, twins = _read(folder)
    rng = np.random.default_rng(seed)
    members = defaultdict(list)
    for row, individual in enumerate(individuals):
        members[individual].append(row)
    part = np.full(len(images), TRAIN, "U16")
    unknown = rng.permutation(members.pop(NEW, []))
    _set_aside(part, members, rng)
    _deal_known(part, members, rng)
    _deal_new(part, unknown)
    _part_twins(part, twins)
    _drop_orphans(part, individuals)
    return Protocol(tuple(images), tuple(individuals), boxes, part)


def _set_aside(part: np.ndarray, members: dict[str, list[int]], rng: np.random.Generator) -> None:
    """Take the individuals that training never sees out of ``members``."""
    several = rng.permutation(sorted(name for name, rows in members.items() if len(rows) > 1))
    unseen = round(UNSEEN_SHARE * len(several))
    aside = round(VALID_NEW_SHARE * len(several))
    for name in several[:unseen]:
        first, *others = rng.permutation(members.pop(name))
        part[first], part[others] = UNSEEN_QUERY, UNSEEN_GALLERY
    for name in several[unseen : unseen + aside]:
        part[members.pop(name)] = VALID_NEW


def _deal_known(part: np.ndarray, members: dict[str, list[int]], rng: np.random.Generator) -> None:
    """Queries of the trained individuals, and a photo for validation where four are left."""
    for rows in members.values():
        rows = rng.permutation(rows)
        queries = len(rows) // 3 if len(rows) >= FEWEST_FOR_QUERY else 0
        part[rows[:queries]] = QUERY
        if len(rows) - queries >= FEWEST_FOR_QUERY:
            part[rows[queries]] = VALID


def _deal_new(part: np.ndarray, unknown: np.ndarray) -> None:
    """New whales: a fifth of the queries, then a third for validation and two for training."""
    asked = round((part == QUERY).sum() * NEW_SHARE / (1 - NEW_SHARE))
    kept = (len(unknown) - asked) // 3
    if kept < 1:
        raise SettingsError(
            f"{len(unknown)} photos of new whales are too few: {asked} are needed among the "
            "queries, and 3 more."
        )
    part[unknown[:asked]] = QUERY_NEW
    part[unknown[asked : asked + kept]] = VALID_NEW
    part[unknown[asked + kept :]] = NEGATIVE


def _part_twins(part: np.ndarray, twins: list[tuple[int, int]]) -> None:
    """Of two near-duplicates with different parts the one that matters less is left out."""
    order = [QUERY, QUERY_NEW, UNSEEN_QUERY, VALID, VALID_NEW, TRAIN, UNSEEN_GALLERY, NEGATIVE]
    for pair in twins:
        if UNUSED in part[list(pair)]:
            continue
        one, other = sorted(pair, key=lambda row: order.index(part[row]))
        if part[one] != part[other]:
            part[other] = UNUSED


def _drop_orphans(part: np.ndarray, individuals: list[str]) -> None:
    """Leave out photos of known individuals whose gallery has lost its last photo."""
    for asked, gallery in GALLERY_OF.items():
        there = {individuals[row] for row in np.flatnonzero(part == gallery)}
        for row in np.flatnonzero(part == asked):
            if individuals[row] not in there:
                part[row] = UNUSED


def _read(folder: Path) -> tuple[list[str], list[str], np.ndarray, list[tuple[int, int]]]:
    labels = {row["Image"]: row["Id"] for row in _table(folder / "train.csv")}
    boxes = {
        row["Image"]: [float(row[key]) for key in CORNERS] for row in _table(folder / "boxes.csv")
    }
    images = [name for name in labels if name in boxes and (folder / "train" / name).is_file()]
    place = {name: row for row, name in enumerate(images)}
    pairs = [(row["Image"], row["twin"]) for row in _table(folder / "near_duplicates.csv")]
    twins = [(place[a], place[b]) for a, b in pairs if a in place and b in place]
    individuals = [labels[name] for name in images]
    return images, individuals, np.array([boxes[name] for name in images]), twins


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True, eq=False)
class Lists:
    """A number for every photo asked and every individual that it is looked for among.

    Attributes
    ----------
    closed : ndarray of shape (photos of the closed set, trained individuals)
    unseen : ndarray of shape (unseen queries, trained individuals, then unseen ones)
    """

    closed: np.ndarray
    unseen: np.ndarray

    @property
    def trained(self) -> int:
        """How many of the columns of ``unseen`` are trained individuals."""
        return self.closed.shape[1]


def per_individual(protocol: Protocol, values: np.ndarray) -> Lists:
    """The largest value among each individual's photos.

    Parameters
    ----------
    values : ndarray of shape (photos asked, gallery photos)
        In the order of ``protocol.rows(*ASKED)`` and ``protocol.rows(*GALLERY)``.
    """
    asked, gallery = protocol.rows(*ASKED), protocol.rows(*GALLERY)
    unseen = protocol.part[asked] == UNSEEN_QUERY

    def among(part: str, chosen: np.ndarray) -> np.ndarray:
        held = protocol.part[gallery] == part
        column = protocol.columns(gallery[held], protocol.names(part))
        found = np.full((column.max() + 1, chosen.sum()), -np.inf)
        np.maximum.at(found, column, values[np.ix_(chosen, held)].T)
        return found.T

    return Lists(among(TRAIN, ~unseen), np.hstack([among(part, unseen) for part in GALLERY]))


@dataclass(frozen=True, eq=False)
class Looked:
    """Whose photos are looked at for marks, bool; shapes as in `Lists`.

    Attributes
    ----------
    closed, unseen : ndarray
        Of the lists that are answered about.
    alone : ndarray of shape (unseen queries, unseen individuals)
        Where nobody else is on the list.
    """

    closed: np.ndarray
    unseen: np.ndarray
    alone: np.ndarray


def everybody(values: Lists) -> Looked:
    """All photos of the lists that are answered about."""
    alone = values.unseen[:, values.trained :]
    return Looked(*(np.ones(one.shape, bool) for one in (values.closed, values.unseen, alone)))


def wanted_pairs(protocol: Protocol, looked: Looked) -> np.ndarray:
    """Which photos to match.

    Returns
    -------
    ndarray of shape (photos asked, gallery photos), bool
    """
    asked, gallery = protocol.rows(*ASKED), protocol.rows(*GALLERY)
    unseen, trained = protocol.part[asked] == UNSEEN_QUERY, looked.closed.shape[1]
    chosen = np.zeros((len(asked), looked.unseen.shape[1]), bool)
    chosen[~unseen, :trained] = looked.closed
    chosen[unseen] = looked.unseen
    chosen[np.ix_(unseen, np.arange(trained, chosen.shape[1]))] |= looked.alone
    names = protocol.names(TRAIN) + protocol.names(UNSEEN_GALLERY)
    return chosen[:, protocol.columns(gallery, names)]


def ordered(values: np.ndarray) -> np.ndarray:
    """Columns of each row by falling value.

    Equal values, as counts have, stand in an order drawn once for all rows: no individual's place
    in the alphabet helps it, and nobody is first among equals because it is right.
    """
    drawn = np.random.default_rng(0).permutation(values.shape[1])
    return drawn[np.argsort(-values[:, drawn], axis=1, kind="stable")]
