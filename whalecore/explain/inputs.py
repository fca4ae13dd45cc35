"""What all explanation methods need to know about their input."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from whalecore.errors import SettingsError
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Photo


def prepared_input(identifier: AnyIdentifier, photo: Photo | torch.Tensor) -> torch.Tensor:
    """Return the model's input for a photo, on the model's device.

    Parameters
    ----------
    identifier : AnyIdentifier
    photo : Photo or Tensor of shape (3, height, width)
        A photo is cropped where ``identifier.locate`` says; a tensor is taken as prepared.

    Returns
    -------
    Tensor of shape (3, height, width), float32

    Raises
    ------
    SettingsError
        If a tensor has another shape.
    """
    if isinstance(photo, Photo):
        photo = identifier.prepare(photo, identifier.locate(photo).box)
    if photo.ndim != 3:
        raise SettingsError(
            f"A prepared photo has the shape (channels, height, width), not "
            f"{tuple(photo.shape)}: give one photo at a time."
        )
    return photo.to(identifier.device)


def columns_of(identifier: AnyIdentifier, individuals: str | Sequence[str]) -> list[int]:
    """Return the logit column of each individual.

    Raises
    ------
    SettingsError
        If no individual is given or the identifier does not know one.
    """
    names = (individuals,) if isinstance(individuals, str) else tuple(individuals)
    if not names:
        raise SettingsError("A heatmap needs an individual: name at least one.")
    column = {name: number for number, name in enumerate(identifier.individuals)}
    unknown = [name for name in names if name not in column]
    if unknown:
        raise SettingsError(
            f"The individual '{unknown[0]}' is not among the {len(column)} that this identifier "
            "knows: choose one of those."
        )
    return [column[name] for name in names]
