"""The network behind the fluke detector: it asks every column and row for the fluke's edges.

For each column it says how likely the left or the right edge of the fluke lies there,
for each row how likely the upper or the lower one does. The box is the mean of these
four distributions; a last output estimates how well the box fits.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

FINER = 4
"""Edge positions per column or row of the last feature grid."""


class BoxNetwork(nn.Module):
    """Small picture in, a box, its edge distributions and its expected fit out.

    Parameters
    ----------
    channels : int, default 64
        Features per place of the last grid, which is an eighth of the picture's size.
    """

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _halve(3, channels // 4),
            _halve(channels // 4, channels // 2),
            _Block(channels // 2),
            _halve(channels // 2, channels),
            _Block(channels),
            _Block(channels, spacing=2),
            _Block(channels, spacing=4),
        )
        self.columns = _EdgeFinder(channels)
        self.rows = _EdgeFinder(channels)
        self.fit = nn.Sequential(
            nn.Linear(2 * channels + 4, 32), nn.ReLU(inplace=True), nn.Linear(32, 1)
        )

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """Draw a box on each picture.

        Parameters
        ----------
        pictures : Tensor of shape (photos, 3, height, width), float32, 0 to 1

        Returns
        -------
        boxes : Tensor of shape (photos, 4)
            x0, y0, x1, y1 as shares of width and height; not yet put in order.
        fit : Tensor of shape (photos,)
            Logit of the expected intersection over union with the true box.
        edges : pair of Tensor
            Logits (photos, 2, positions) of left and right, and of upper and lower edge.
        """
        grid = self.trunk(standardised(pictures))
        edges = self.columns(grid, across=2), self.rows(grid, across=3)
        (x, x_spread), (y, y_spread) = (moments(logits) for logits in edges)
        boxes = torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1)
        seen = torch.cat([grid.mean((2, 3)), grid.amax((2, 3)), 10 * x_spread, 10 * y_spread], 1)
        # Cut off from the rest, so that learning to judge a box does not change the box.
        return boxes, self.fit(seen.detach())[:, 0], edges


class _Block(nn.Module):
    """Two convolutions beside a shortcut; ``spacing`` widens what one place can see."""

    def __init__(self, channels: int, spacing: int = 1) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=spacing, dilation=spacing, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.steps(x))


class _EdgeFinder(nn.Module):
    """Two opposite edges along one axis, from the mean and the maximum across it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            nn.Conv1d(2 * channels, channels, 5, padding=2, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(inplace=True),
            nn.Conv1d(channels, 2 * FINER, 5, padding=2),
        )

    def forward(self, grid: Tensor, across: int) -> Tensor:
        profile = torch.cat([grid.mean(across), grid.amax(across)], 1)
        photos, _, cells = profile.shape
        logits = self.steps(profile).view(photos, 2, FINER, cells)
        return logits.transpose(2, 3).reshape(photos, 2, cells * FINER)


def _halve(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def standardised(pictures: Tensor) -> Tensor:
    """Each picture with mean 0 and spread 1, so that haze and dusk look alike."""
    mean = pictures.mean((1, 2, 3), keepdim=True)
    spread = pictures.std((1, 2, 3), keepdim=True)
    return (pictures - mean) / (spread + 0.02)


def moments(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of distributions over evenly spaced places from 0 to 1."""
    places = torch.linspace(0, 1, logits.shape[-1])
    share = logits.softmax(-1)
    mean = (share * places).sum(-1)
    variance = (share * (places - mean[..., None]) ** 2).sum(-1)
    # The small constant keeps the square root's slope finite where one place holds everything.
    return mean, (variance + 1e-8).sqrt()


def mirrored(boxes: Tensor) -> Tensor:
    """Boxes (photos, 4) as they lie on the mirrored picture."""
    return torch.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], 1)


def ordered(boxes: Tensor, smallest: float = 0.02) -> Tensor:
    """Boxes (photos, 4) on the picture, with sides of at least ``smallest``."""
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2).clamp(smallest / 2, 0.5)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    middle = torch.minimum(torch.maximum(middle, half), 1 - half)
    return torch.cat([middle - half, middle + half], 1).clamp(0, 1)


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union, row by row, of boxes (photos, 4)."""
    low = torch.maximum(first[:, :2], second[:, :2])
    high = torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1) for boxes in (first, second)]
    return shared / (areas[0] + areas[1] - shared).clamp(min=1e-6)
