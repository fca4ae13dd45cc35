"""Batches that show every individual equally often."""

from __future__ import annotations

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


def _some(members: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """``count`` members, none twice before all have come once."""
    rounds = -(-count // len(members))
    return np.concatenate([generator.permutation(members) for _ in range(rounds)])[:count]
