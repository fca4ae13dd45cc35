"""The looks that identifiers take at a photo when they answer together."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from whalecore.identifiers.heads import OtherDirections
from whalecore.identifiers.identifier import Identifier


@dataclass(frozen=True, eq=False)
class Part:
    """One look at a photo.

    Attributes
    ----------
    identifier : Identifier
        With the directions of mirror images where it looks at the mirrored photo.
    mirrored : bool
    columns : Tensor of shape (individuals of the identifier,), int64
        Where they stand on the list of the ensemble.
    """

    identifier: Identifier
    mirrored: bool
    columns: Tensor

    def logits(self, images: Tensor) -> Tensor:
        """Logits of its own individuals for photos as they are (B, 3, height, width)."""
        return self.identifier.logits(images.flip(-1) if self.mirrored else images)


def looks_of(members: Sequence[Identifier], individuals: Sequence[str]) -> tuple[Part, ...]:
    """All looks of some members, those at mirrored photos last.

    Parameters
    ----------
    individuals : sequence of str
        The list of the ensemble.
    """
    column_of = {name: column for column, name in enumerate(individuals)}
    looks = [(one, False) for one in members]
    looks += [(_mirrored(one), True) for one in members if one.mirrored_directions is not None]
    return tuple(
        Part(
            one, mirrored, torch.tensor([column_of[n] for n in one.individuals], device=one.device)
        )
        for one, mirrored in looks
    )


def _mirrored(identifier: Identifier) -> Identifier:
    """What looks at mirrored photos; individuals without a direction there are unknown to it."""
    directions = identifier.mirrored_directions
    part = copy.copy(identifier)
    part.network = OtherDirections(identifier.network, directions).eval()
    part.individuals = identifier.individuals[: directions.shape[1]]
    part.mirrored_directions = None
    part.prepared_forms = {}
    return part


def turned(values: Tensor, mirrored: bool) -> Tensor:
    """Maps (..., cols) from right to left where they are of the mirrored photo."""
    return values.flip(-1) if mirrored else values


def joined(parts: Sequence[Part], values: list[Tensor]) -> tuple[list[Tensor], Tensor]:
    """One tensor of all parts' channels, turned back, and the parts' values that follow from it."""
    back = [turned(one, part.mirrored) for part, one in zip(parts, values, strict=True)]
    whole = torch.cat(back, dim=1)
    if not whole.requires_grad:
        # The weights are frozen: the graph starts at the first block asked for.
        whole = whole.detach().requires_grad_(True)
    pieces = whole.split([one.shape[1] for one in values], dim=1)
    return [turned(one, p.mirrored) for p, one in zip(parts, pieces, strict=True)], whole
