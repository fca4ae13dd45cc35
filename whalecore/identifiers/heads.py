"""Trained networks with another head: their blocks are shared, not copied."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from whalecore.identifiers.network import Network, share_blocks


class GalleryNetwork(Network):
    """A trained network, whose weights it shares, with further rows of the head."""

    def __init__(self, trained: Network, weights: np.ndarray, shifts: np.ndarray) -> None:
        nn.Module.__init__(self)
        share_blocks(self, trained)
        self.directions = trained.directions
        place = trained.directions.device
        self.register_buffer("further", torch.from_numpy(weights).to(place))
        self.register_buffer("shifts", torch.from_numpy(shifts).to(place))

    @property
    def individuals(self) -> int:
        """Rows of the head, trained and further ones."""
        return self.directions.shape[1] + self.further.shape[1]

    def logits(self, embedding: Tensor) -> Tensor:
        """Logits (B, individuals): those of the trained network, then the further ones."""
        with torch.autocast(embedding.device.type, enabled=False):
            trained = self.scale * (embedding @ functional.normalize(self.directions, dim=0))
            return torch.cat([trained, embedding @ self.further + self.shifts], dim=1)


class OtherDirections(Network):
    """A trained network, whose weights it shares, with other directions than the learnt ones."""

    def __init__(self, trained: Network, directions: Tensor) -> None:
        nn.Module.__init__(self)
        share_blocks(self, trained)
        self.directions = nn.Parameter(directions, requires_grad=False)
