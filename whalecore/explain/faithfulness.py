"""Whether a heatmap tells the truth: cover what it calls important, and see the score fall.

Deletion and insertion after Petsiuk et al. 2018, "RISE: Randomized Input Sampling for Explanation
of Black-box Models", section 4.2. A bright spot in the middle does well on photos whose subject is
in the middle, so a heatmap proves nothing before it beats `centre_blob`, `edge_map` and
`random_map`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from whalecore.errors import SettingsError
from whalecore.explain.inputs import columns_of, prepared_input
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import Photo

STEPS = 16
"""Equal parts of the photo that are covered one after the other."""

BATCH = 16
"""Photos per forward pass."""

WIDTH_OF_BLOB = 0.25
"""Standard deviation of the centre blob, as a share of the photo's height and width."""


@dataclass(frozen=True, eq=False)
class Curves:
    """How the score changes while the photo is covered, or uncovered, in a heatmap's order.

    Attributes
    ----------
    shares : ndarray of shape (steps + 1,), float64
        Share of the pixels that are covered (deletion) or uncovered (insertion), 0 to 1.
    deletion, insertion : ndarray of shape (steps + 1,), float64
        The individual's score.
    """

    shares: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve: low where the heatmap names what the score rests on."""
        return float(np.trapezoid(self.deletion, self.shares))

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve: high where the heatmap names what suffices."""
        return float(np.trapezoid(self.insertion, self.shares))

    @property
    def faithfulness(self) -> float:
        """Insertion minus deletion: -1 to 1 for probabilities, higher is better."""
        return self.insertion_area - self.deletion_area


def deletion_insertion(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individual: str,
    heatmap: np.ndarray,
    steps: int = STEPS,
    fill: float = 0.0,
    target: str = "probability",
) -> Curves:
    """Cover a photo from the heatmap's highest value to its lowest, and uncover it likewise.

    Parameters
    ----------
    identifier : AnyIdentifier
    photo : Photo or Tensor of shape (3, height, width)
        A photo, cropped by ``identifier.locate``, or a prepared input.
    individual : str
        The one that the heatmap explains.
    heatmap : ndarray of shape (rows, cols), float
        Enlarged to the input with straight lines between its values; a coarser map is covered in
        larger pieces. Pixels of equal value come in a random order, always the same.
    steps : int
        Equal parts of the pixels, each one forward pass of either curve.
    fill : float
        Value of covered pixels after normalisation; 0 is the data set's mean.
    target : str
        ``probability`` or ``logit``.

    Returns
    -------
    Curves

    Raises
    ------
    SettingsError
        If the individual is unknown, the heatmap is no finite grid or a setting is not allowed.
    """
    if target not in ("probability", "logit"):
        raise SettingsError(f"The target '{target}' is unknown: choose probability or logit.")
    prepared = prepared_input(identifier, photo)
    (column,) = columns_of(identifier, individual)
    order = _order(heatmap, *prepared.shape[1:])
    if not 1 <= steps <= len(order):
        raise SettingsError(
            f"{steps} steps are not possible for a photo of {len(order)} pixels: choose 1 or more, "
            "and no more than pixels."
        )
    place = torch.empty(len(order), dtype=torch.long)
    place[order] = torch.arange(len(order))
    place = place.view(prepared.shape[1:]).to(prepared.device)
    counts = [round(len(order) * step / steps) for step in range(steps + 1)]
    covered = [(place < count, prepared.new_tensor(fill), prepared) for count in counts]
    uncovered = [(place < count, prepared, prepared.new_tensor(fill)) for count in counts]
    scores = []
    for start in range(0, 2 * len(counts), BATCH):
        part = (covered + uncovered)[start : start + BATCH]
        logits = identifier.logits(torch.stack([torch.where(*one) for one in part])).double()
        found = identifier.scores(logits) if target == "probability" else logits
        scores.append(found[:, column].cpu().numpy())
    deletion, insertion = np.split(np.concatenate(scores), 2)
    return Curves(np.asarray(counts) / len(order), deletion, insertion)


def random_map(rows: int, cols: int, seed: int = 0) -> np.ndarray:
    """A heatmap from chance, float32 (rows, cols): what every explanation must beat."""
    return np.random.default_rng(seed).random((rows, cols), dtype=np.float32)


def centre_blob(rows: int, cols: int) -> np.ndarray:
    """A heatmap that knows only that the fluke is in the middle, float32 (rows, cols)."""
    down, across = (
        np.exp(-(((np.arange(count) + 0.5) / count - 0.5) ** 2) / (2 * WIDTH_OF_BLOB**2))
        for count in (rows, cols)
    )
    return (down[:, None] * across).astype(np.float32)


def edge_map(prepared: torch.Tensor, rows: int, cols: int) -> np.ndarray:
    """A heatmap that knows only where the photo has edges, and nothing of the network.

    Parameters
    ----------
    prepared : Tensor of shape (3, height, width)

    Returns
    -------
    ndarray of shape (rows, cols), float32
        Mean length of the brightness' gradient in each cell.
    """
    grey = prepared.float().mean(dim=0)
    down, across = torch.gradient(grey)
    length = torch.hypot(down, across)[None]
    return functional.adaptive_avg_pool2d(length, (rows, cols))[0].cpu().numpy()


def enlarged(heatmap: np.ndarray, height: int, width: int) -> np.ndarray:
    """A heatmap at the size of the input, with straight lines between its values.

    Returns
    -------
    ndarray of shape (height, width), float64

    Raises
    ------
    SettingsError
        If it is no grid of finite numbers.
    """
    grid = np.asarray(heatmap, np.float64)
    if grid.ndim != 2 or grid.size == 0 or not np.isfinite(grid).all():
        raise SettingsError(
            f"A heatmap of shape {grid.shape} cannot be tested: it needs rows and columns of "
            "finite numbers."
        )
    values = torch.from_numpy(grid)[None, None]
    return functional.interpolate(values, (height, width), mode="bilinear", align_corners=False)[
        0, 0
    ].numpy()


def _order(heatmap: np.ndarray, height: int, width: int) -> torch.Tensor:
    """Pixels from the highest value to the lowest, as places in the flattened input."""
    values = enlarged(heatmap, height, width).ravel()
    # Grad-CAM has many zeros: in reading order they would be covered from the top downwards.
    chance = np.random.default_rng(0).permutation(len(values))
    return torch.from_numpy(np.lexsort((chance, -values)))
