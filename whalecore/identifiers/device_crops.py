"""Crops that were cut out once, kept where the network computes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

CHUNK = 256
SHARE_OF_GPU = 0.5
"""Crops may take so much of a GPU's free memory; more stay with the processor."""


class DeviceCrops:
    """Photos of a training as uint8, and any of them as the images that are changed next.

    Parameters
    ----------
    crops : ndarray of shape (N, height, width, 3), uint8
    device : torch.device
        Where the images are wanted.
    resident : bool, optional
        Keep all crops there, so that only positions travel; by default on a GPU that has room.
    """

    def __init__(
        self, crops: np.ndarray, device: torch.device, resident: bool | None = None
    ) -> None:
        self.crops, self.device = crops, device
        self.resident: Tensor | None = None
        if fits(crops.nbytes, device) if resident is None else resident:
            self.resident = torch.empty(crops.shape, dtype=torch.uint8, device=device)
            for start in range(0, len(crops), CHUNK):
                self.resident[start : start + CHUNK] = torch.tensor(crops[start : start + CHUNK])

    def __len__(self) -> int:
        return len(self.crops)

    def images(self, chosen: np.ndarray) -> Tensor:
        """Images (B, 3, height, width), float32 from 0 to 1.

        Parameters
        ----------
        chosen : ndarray of shape (B,), int
            Position N + i stands for the mirror image of photo i.
        """
        positions = chosen % len(self)
        if self.resident is None:
            photos = torch.from_numpy(self.crops[positions]).to(self.device)
        else:
            photos = self.resident[torch.from_numpy(positions).to(self.device)]
        images = photos.permute(0, 3, 1, 2).float().div_(255)
        mirrored = torch.from_numpy(chosen >= len(self)).to(self.device)
        return torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)


def fits(bytes_needed: int, device: torch.device) -> bool:
    """Whether crops of this size are worth keeping on a device; a processor has them already."""
    if device.type != "cuda":
        return False
    return bytes_needed <= SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]
