"""Changed views of photos with known boxes, from which the fluke detector learns.

Every step shows each photo from another view (shifted, zoomed, stretched, mirrored) and
in another light. All of it works on whole batches at once.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from whalecore.photos.box_network import mirrored

WIDE_ENOUGH = 0.15
"""Least width of a strip beside the fluke that may serve as a view without one."""


def changed(
    pictures: Tensor, boxes: Tensor, empty_share: float, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Show each picture from a changed view and in a changed light.

    Parameters
    ----------
    pictures : Tensor of shape (photos, 3, height, width), float32, 0 to 1
    boxes : Tensor of shape (photos, 4)
        x0, y0, x1, y1 as shares of width and height.
    empty_share : float
        Share of the photos with room beside the fluke of which only that room is shown.
    random : torch.Generator
        All chance comes from here.

    Returns
    -------
    pictures : Tensor of shape (photos, 3, height, width)
    boxes : Tensor of shape (photos, 4)
        In the new view, clipped to it.
    empty : Tensor of shape (photos,), bool
        True where the view holds no fluke.
    """
    beside, width = beside_the_fluke(boxes)
    empty = (width > WIDE_ENOUGH) & _some(empty_share, len(boxes), random)
    views = torch.where(empty[:, None], beside, _around_the_fluke(boxes, random))
    pictures, boxes = show(pictures, boxes, views)
    flip = _some(0.5, len(boxes), random)
    pictures = torch.where(flip[:, None, None, None], pictures.flip(3), pictures)
    boxes = torch.where(flip[:, None], mirrored(boxes), boxes)
    return _in_other_light(pictures, random), boxes, empty


def show(pictures: Tensor, boxes: Tensor, views: Tensor) -> tuple[Tensor, Tensor]:
    """Look at a rectangle (x0, y0, x1, y1 in shares) of each picture.

    Beyond the picture its border is repeated; boxes are clipped to the view.
    """
    low, size = views[:, :2], views[:, 2:] - views[:, :2]
    turn = torch.zeros(len(pictures), 2, 3)
    turn[:, 0, 0], turn[:, 1, 1] = size[:, 0], size[:, 1]
    turn[:, :, 2] = 2 * low + size - 1
    grid = functional.affine_grid(turn, list(pictures.shape), align_corners=False)
    shown = functional.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return shown, ((boxes - low.repeat(1, 2)) / size.repeat(1, 2)).clamp(0, 1)


def beside_the_fluke(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The widest strip left, above, right or below each box, and how wide it is."""
    zero, one = torch.zeros(len(boxes)), torch.ones(len(boxes))
    x0, y0, x1, y1 = boxes.unbind(1)
    strips = torch.stack(
        [
            torch.stack([zero, zero, x0, one], 1),
            torch.stack([zero, zero, one, y0], 1),
            torch.stack([x1, zero, one, one], 1),
            torch.stack([zero, y1, one, one], 1),
        ],
        1,
    )
    width, widest = (strips[..., 2:] - strips[..., :2]).amin(-1).max(1)
    return strips[torch.arange(len(boxes)), widest], width


def _around_the_fluke(boxes: Tensor, random: torch.Generator) -> Tensor:
    """Views of the picture as a whole: up to 1.6 times nearer or 1.4 times farther, shifted."""
    count = len(boxes)
    zoom = torch.exp(_between(-0.45, 0.35, count, random))
    stretch = torch.exp(_between(-0.2, 0.2, count, random))
    size = torch.stack([zoom * stretch, zoom / stretch], 1)
    shift = torch.rand(count, 2, generator=random) - 0.5
    middle = 0.5 + shift * (0.25 + (size - 1).abs())
    return torch.cat([middle - size / 2, middle + size / 2], 1)


def _in_other_light(pictures: Tensor, random: torch.Generator) -> Tensor:
    count = len(pictures)

    def each(low: float, high: float, channels: int = 1) -> Tensor:
        return _between(low, high, count * channels, random).view(count, channels, 1, 1)

    def some(share: float) -> Tensor:
        return _some(share, count, random)[:, None, None, None]

    grey = pictures.mean(1, keepdim=True).expand_as(pictures)
    tinted = pictures * each(0.8, 1.25, 3)
    pictures = torch.where(some(0.35), grey, tinted)
    pictures = pictures.clamp(1e-4, 1) ** torch.exp(each(-0.5, 0.5))
    pictures = (pictures - 0.5) * each(0.5, 1.3) + 0.5 + each(-0.15, 0.15)
    blurred = functional.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    pictures = torch.where(some(0.25), blurred, pictures)
    grain = torch.randn(pictures.shape, generator=random) * each(0.0, 0.06)
    return (pictures + grain).clamp(0, 1)


def _between(low: float, high: float, count: int, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=random)


def _some(share: float, count: int, random: torch.Generator) -> Tensor:
    return torch.rand(count, generator=random) < share
