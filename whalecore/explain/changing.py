"""A photo of which only the parts that change over the years are left."""

from __future__ import annotations

import numpy as np
import torch

from whalecore.identifiers.identifier import AnyIdentifier

BATCH = 64
"""Photos per forward pass."""


def only(prepared: torch.Tensor, mask: np.ndarray, fill: float = 0.0) -> torch.Tensor:
    """Cover all of a photo but the pixels of a mask.

    Parameters
    ----------
    prepared : Tensor of shape (..., height, width)
    mask : ndarray of shape (height, width), bool
        True where the photo stays.
    fill : float
        Value of the covered pixels after normalisation; 0 is the data set's mean.
    """
    kept = torch.from_numpy(np.ascontiguousarray(mask)).to(prepared.device)
    return torch.where(kept, prepared, prepared.new_tensor(fill))


def embeddings_of_parts(
    identifier: AnyIdentifier, photos: torch.Tensor, mask: np.ndarray
) -> np.ndarray:
    """Embeddings of prepared photos of which only the pixels of a mask are left.

    Parameters
    ----------
    identifier : AnyIdentifier
    photos : Tensor of shape (photos, 3, height, width)
        Prepared.
    mask : ndarray of shape (height, width), bool

    Returns
    -------
    ndarray of shape (photos, embedding size), float32
        Of length 1.
    """
    found = [
        identifier.embed(only(photos[start : start + BATCH], mask)).float().cpu().numpy()
        for start in range(0, len(photos), BATCH)
    ]
    return np.concatenate(found)
