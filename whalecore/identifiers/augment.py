"""Random changes to photos that leave the individual the same, a whole batch at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change a batch as another camera, angle or light would have.

    Parameters
    ----------
    images : Tensor of shape (B, 3, H, W), float32
        RGB from 0 to 1, on any device.
    strength : float
        1 is usual, 0 leaves the batch as it is.
    generator : torch.Generator
        On the processor: the same numbers come out on every device.

    Returns
    -------
    Tensor of shape (B, 3, H, W), float32
        Not mirrored: the two sides of a fluke are told apart.
    """
    if strength == 0:
        return images
    draw = _Draw(len(images), images.device, generator)
    images = _move(images, strength, draw)
    images = _grey(images, draw)
    images = _light(images, strength, draw)
    images = _blur(images, strength, draw)
    return _erase(images, strength, draw)


class _Draw:
    """Random numbers for each photo of a batch."""

    def __init__(self, count: int, device: torch.device, generator: torch.Generator) -> None:
        self.count, self.device, self.generator = count, device, generator

    def between(self, low: float, high: float) -> Tensor:
        """Shape (B,), evenly from low to high."""
        numbers = torch.rand(self.count, generator=self.generator)
        return (low + (high - low) * numbers).to(self.device)

    def chosen(self, share: float) -> Tensor:
        """Shape (B, 1, 1, 1): True for this share of the photos."""
        numbers = torch.rand(self.count, generator=self.generator)
        return (numbers < share).to(self.device).view(-1, 1, 1, 1)


def _move(images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """Rotate up to 10 degrees, shear, scale by up to 15 % each way, shift by up to 6 %."""
    height, width = images.shape[-2:]
    angle = draw.between(-1, 1) * math.radians(10) * strength
    shear = draw.between(-0.2, 0.2) * strength
    across = torch.exp(draw.between(-0.15, 0.15) * strength)
    down = torch.exp(draw.between(-0.15, 0.15) * strength)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    aspect = width / height  # affine_grid measures both sides from -1 to 1.
    rows = [
        torch.stack([cosine * across, (shear * cosine - sine) / aspect, draw.between(-1, 1)], 1),
        torch.stack([sine * aspect, (shear * sine + cosine) * down, draw.between(-1, 1)], 1),
    ]
    matrix = torch.stack(rows, 1)
    matrix[:, :, 2] *= 0.12 * strength  # The picture is 2 wide: 0.12 is 6 % of it.
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _grey(images: Tensor, draw: _Draw) -> Tensor:
    """Half of the photos without colour: catalogues hold both, and colour is the weather's."""
    weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    grey = (images * weights).sum(1, keepdim=True).expand_as(images)
    return torch.where(draw.chosen(0.5), grey, images)


def _light(images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """Contrast by up to a factor 1.6 either way, brightness by up to 0.2."""
    contrast = torch.exp(draw.between(-0.5, 0.5) * strength).view(-1, 1, 1, 1)
    brightness = draw.between(-0.2, 0.2).view(-1, 1, 1, 1) * strength
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return ((images - mean) * contrast + mean + brightness).clamp(0, 1)


def _blur(images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """A third of the photos out of focus by a pixel or so."""
    smooth = functional.avg_pool2d(
        functional.pad(images, (1, 1, 1, 1), mode="replicate"), kernel_size=3, stride=1
    )
    amount = draw.between(0, 1).view(-1, 1, 1, 1) * min(strength, 1.0)
    return torch.where(draw.chosen(1 / 3), torch.lerp(images, smooth, amount), images)


def _erase(images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """Half of the photos with one rectangle of up to a third of each side greyed out, as spray."""
    height, width = images.shape[-2:]
    inside = draw.chosen(0.5 * min(strength, 1.0))
    for length, shape in ((height, (1, 1, -1, 1)), (width, (1, 1, 1, -1))):
        size = draw.between(0.1, 0.35) * length
        start = draw.between(0, 1) * (length - size)
        position = torch.arange(length, device=images.device).view(shape)
        start, size = start.view(-1, 1, 1, 1), size.view(-1, 1, 1, 1)
        inside = inside & (position >= start) & (position < start + size)
    return torch.where(inside, images.mean(dim=(1, 2, 3), keepdim=True), images)
