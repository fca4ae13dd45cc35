"""Random changes to photos that leave the individual the same, a whole batch at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

AUGMENTATIONS = ("simple", "full")
GREY_AXIS_TURN = ((0.0, -1.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0))
"""Cross product with the direction (1, 1, 1) of the greys."""


def augment(
    images: Tensor, strength: float, generator: torch.Generator, kind: str = "simple"
) -> Tensor:
    """Change a batch as another camera, angle or light would have.

    ``simple``: rotation to 10 and shear to 11 degrees, size, place, half without colour, light, a
    little blur, an erased rectangle. ``full``: rotation and shear to 15 degrees, perspective and
    hue, more blur, and noise as well.

    Parameters
    ----------
    images : Tensor of shape (B, 3, H, W), float32
        RGB from 0 to 1, on any device.
    strength : float
        1 is usual, 0 leaves the batch as it is.
    generator : torch.Generator
        On the processor: the same numbers come out on every device, but for noise, which each
        kind of device draws for itself from a number of this generator.
    kind : str
        ``simple`` or ``full``.

    Returns
    -------
    Tensor of shape (B, 3, H, W), float32
        Not mirrored: the two sides of a fluke are told apart.
    """
    if strength == 0:
        return images
    draw = _Draw(len(images), images.device, generator)
    if kind == "simple":
        images = _move(images, strength, draw, math.radians(10), 0.2)
        images = _grey(images, draw)
        images = _light(images, strength, draw)
        images = _blur(images, strength, draw)
        return _erase(images, strength, draw)
    images = _move(images, strength, draw, math.radians(15), math.tan(math.radians(15)), 0.12)
    images = _hue(images, strength, draw)
    images = _grey(images, draw)
    images = _light(images, strength, draw)
    for _ in range(2):
        images = _blur(images, strength, draw)
    images = _noise(images, strength, draw)
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

    def noise(self, images: Tensor) -> Tensor:
        """Normally distributed numbers of the images' shape, drawn where the images are."""
        seed = int(torch.randint(2**62, (1,), generator=self.generator))
        there = torch.Generator(self.device).manual_seed(seed)
        return torch.randn(images.shape, generator=there, device=self.device)


def _move(
    images: Tensor,
    strength: float,
    draw: _Draw,
    most_angle: float,
    most_shear: float,
    most_perspective: float = 0.0,
) -> Tensor:
    """Rotate, shear, scale by up to 15 % each way, shift by up to 6 %, tilt."""
    height, width = images.shape[-2:]
    angle = draw.between(-1, 1) * most_angle * strength
    shear = draw.between(-most_shear, most_shear) * strength
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
    if most_perspective:
        plain = torch.eye(2, 3, device=images.device).expand(len(images), 2, 3)
        places = functional.affine_grid(plain, list(images.shape), align_corners=False)
        tilt = torch.stack([draw.between(-1, 1), draw.between(-1, 1)], 1) * most_perspective
        distance = 1 + strength * (places * tilt.view(-1, 1, 1, 2)).sum(-1, keepdim=True)
        grid = grid / distance.clamp_min(0.25)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _grey(images: Tensor, draw: _Draw) -> Tensor:
    """Half of the photos without colour: catalogues hold both, and colour is the weather's."""
    weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    grey = (images * weights).sum(1, keepdim=True).expand_as(images)
    return torch.where(draw.chosen(0.5), grey, images)


def _hue(images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """Colours turned by up to 18 degrees about the line of the greys, which stay as they are."""
    angle = (draw.between(-1, 1) * math.radians(18) * strength).view(-1, 1, 1)
    same, turn = torch.eye(3, device=images.device), images.new_tensor(GREY_AXIS_TURN)
    matrix = torch.cos(angle) * same + (1 - torch.cos(angle)) / 3 + torch.sin(angle) / 3**0.5 * turn
    return torch.einsum("bij,bjhw->bihw", matrix, images).clamp(0, 1)


def _noise(images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """Half of the photos with the noise of a dark day: a deviation of up to 0.06."""
    deviation = draw.between(0, 0.06).view(-1, 1, 1, 1) * strength * draw.chosen(0.5)
    return (images + deviation * draw.noise(images)).clamp(0, 1)


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
