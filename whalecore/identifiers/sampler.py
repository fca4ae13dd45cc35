"""Batches that show every individual equally often."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def balanced_batches(
    labels: np.ndarray, individuals: int, photos: int, generator: np.random.Generator
) -> list[np.ndarray]:
    """One pass over all individuals in batches of ``individuals`` x ``photos`` photos.

    Every individual comes once, with ``photos`` of its photos; one that has fewer shows some
    again (the random changes make them differ). The last batch is filled up with individuals
    that came before, so that all batches have the same size.

    Parameters
    ----------
    labels : ndarray of shape (N,), int
        The individual of each photo.
    individuals, photos : int
        Individuals in a batch and photos of each.
    generator : numpy.random.Generator

    Returns
    -------
    list of ndarray of shape (individuals * photos,), int
        Positions in ``labels``. With fewer individuals than asked for, batches are smaller.
    """
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    members = dict(zip(names, np.split(order, starts[1:]), strict=True))
    individuals = min(individuals, len(names))
    sequence = generator.permutation(names)
    missing = -len(sequence) % individuals
    sequence = np.concatenate([sequence, sequence[:missing]])
    return [
        np.concatenate([_some(members[name], photos, generator) for name in group])
        for group in sequence.reshape(-1, individuals)
    ]


def deal(count: int, sizes: Sequence[int], generator: np.random.Generator) -> list[np.ndarray]:
    """Positions 0 to ``count`` - 1 dealt into parts, none again before all have come.

    Parameters
    ----------
    count : int
        At least 1.
    sizes : sequence of int
        Of the parts.
    generator : numpy.random.Generator
    """
    dealt = _some(np.arange(count), sum(sizes), generator)
    return np.split(dealt, np.cumsum(sizes)[:-1])


def groups(wanted: int, share: float, individuals: int) -> tuple[int, int]:
    """How many groups of a batch show known individuals, and how many unknown animals.

    Parameters
    ----------
    wanted : int
        Groups of a batch.
    share : float
        Of the groups that shows unknown animals, kept also where there are too few individuals.
    individuals : int
        That there are.
    """
    known = max(2, wanted - round(wanted * share))
    found = min(known, individuals)
    return found, math.ceil((wanted - known) * found / known)


def _some(members: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """``count`` members, none twice before all have come once."""
    rounds = -(-count // len(members))
    return np.concatenate([generator.permutation(members) for _ in range(rounds)])[:count]
