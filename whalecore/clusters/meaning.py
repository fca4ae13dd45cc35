"""What a cluster of heatmaps rests on, and when that is no kind of evidence.

After the analysis of groups of heatmaps in Lapuschkin et al. 2019, "Unmasking Clever Hans
predictors": a group can rest on the border, the background or printed text instead of the animal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from whalecore.clusters.descriptor import BLOCK, mirrored, parts_of

PARTS = ("left tip", "right tip", "trailing edge", "notch", "leading edge", "inner surface")
"""Parts of a crop, in the order of `part_shares`."""

RING = 0.05
"""Width of the border as a share of the crop's height and width, at least one cell."""

MORE_THAN_CHANCE = 2.0
"""What a warning speaks of must be this many times as much as chance gives."""

FEW = 10
"""Heatmaps below which shares say nothing."""

MOST = 0.5
"""'Mostly' is at least this share."""

LEAST_PRINTED = 0.05
"""Least share of the evidence on printed text that is worth a warning."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Where the crops show something else than the fluke; nan for heatmaps not looked at.

    Attributes
    ----------
    background, background_area : ndarray of shape (heatmaps,), float32
        Share of the positive values beside the fluke, and of the crop's area.
    printed, printed_area : ndarray of shape (heatmaps,), float32
        The same of printed text.
    """

    background: np.ndarray
    background_area: np.ndarray
    printed: np.ndarray
    printed_area: np.ndarray


@dataclass(frozen=True)
class ClusterMeaning:
    """What a cluster rests on. Shares are 0 to 1; nan where nothing could be looked at.

    Attributes
    ----------
    cluster : int
    heatmaps : int
    individuals : int
        Different candidates that the heatmaps speak for or against.
    purity : float
        Share of the most frequent candidate.
    individual : str
        That one; the first in the alphabet among equals.
    photo_individuals : int
        Different individuals on the photos, as the catalogue names them.
    photo_purity : float
        Share of the heatmaps whose photos show the most frequent of these; 0 without any name.
    photo_individual : str or None
        That one.
    one_whale : bool
        Whether the photos of the cluster are of one animal: those of more than one of its
        heatmaps, of at least half of them, and at least twice its share of all heatmaps.
    part_shares : dict of str to float
        Mean share of the positive values on each part of the crop, see `fluke_parts`.
    border_share, background_share, printed_share : float
        Mean share of the positive values on the crop's border, beside the fluke, on printed text.
    mirrored_share : float
        Share of heatmaps that rest more on the right half.
    blurred_share, new_share : float
        Share of heatmaps of blurred photos, and of whales not yet known.
    warnings : tuple of str
        One sentence each.
    """

    cluster: int
    heatmaps: int
    individuals: int
    purity: float
    individual: str
    photo_individuals: int
    photo_purity: float
    photo_individual: str | None
    one_whale: bool
    part_shares: dict[str, float]
    border_share: float
    background_share: float
    printed_share: float
    mirrored_share: float
    blurred_share: float
    new_share: float
    warnings: tuple[str, ...] = ()


def fluke_parts(rows: int, cols: int) -> dict[str, np.ndarray]:
    """The parts of a crop that holds a fluke, trailing edge up, as the drawings and photos show it.

    With x and y from 0 to 1 at the cells' centres and a = |x - 0.5|: the tips are the outer 20 %
    of the width (a > 0.3); of the rest, the trailing edge is above y = 0.55 - 0.75 a and the
    leading edge below y = 1.2 - 2 a; the notch is the middle of the trailing edge (a < 0.1).

    Returns
    -------
    dict of str to ndarray of shape (rows, cols), bool
        In the order of `PARTS`; each cell belongs to exactly one part.
    """
    y = ((np.arange(rows) + 0.5) / rows)[:, None]
    x = ((np.arange(cols) + 0.5) / cols)[None]
    aside = np.broadcast_to(np.abs(x - 0.5), (rows, cols))
    tip = aside > 0.3
    upper = ~tip & (y < 0.55 - 0.75 * aside)
    lower = ~tip & ~upper & (y >= 1.2 - 2 * aside)
    masks = (
        tip & (x < 0.5),
        tip & (x > 0.5),
        upper & (aside >= 0.1),
        upper & (aside < 0.1),
        lower,
        ~tip & ~upper & ~lower,
    )
    return dict(zip(PARTS, masks, strict=True))


def border(rows: int, cols: int) -> np.ndarray:
    """Cells at the edge of the crop, bool (rows, cols): 5 % of its height and width."""
    high, wide = max(1, round(RING * rows)), max(1, round(RING * cols))
    mask = np.ones((rows, cols), bool)
    mask[high : rows - high, wide : cols - wide] = False
    return mask


def mass_shares(values: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share of each heatmap's positive values that lies under each mask.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)
    masks : ndarray of shape (masks, rows, cols), bool, or float as the share of the cell

    Returns
    -------
    ndarray of shape (heatmaps, masks), float32
        0 where a heatmap has no positive value.
    """
    (values,) = parts_of(values)
    under = np.asarray(masks, np.float32).reshape(len(masks), -1).T
    shares = np.empty((len(values), len(masks)), np.float32)
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        positive = np.maximum(block.reshape(len(block), -1).astype(np.float32), 0)
        whole = positive.sum(axis=1, keepdims=True)
        shares[start : start + BLOCK] = (positive @ under) / np.where(whole > 0, whole, 1)
    return shares


def part_shares(values: np.ndarray) -> np.ndarray:
    """Share of each heatmap's positive values on each part of the fluke.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)

    Returns
    -------
    ndarray of shape (heatmaps, 6), float32
        In the order of `PARTS`; sums to 1, or to 0 where a heatmap has no positive value.
    """
    return mass_shares(values, np.stack(list(fluke_parts(*values.shape[1:]).values())))


def describe_clusters(
    labels: np.ndarray,
    values: np.ndarray,
    individuals: Sequence[str],
    blurred: np.ndarray,
    new: np.ndarray,
    surroundings: Surroundings,
    photographed: Sequence[str | None],
    aligned: bool = False,
) -> list[ClusterMeaning]:
    """Describe what each cluster rests on, and warn where that is no kind of evidence.

    A cluster of fewer than 10 heatmaps is warned of for that alone; another one when

    - one whale is on the photos of at least half of it, and twice as often as among all heatmaps;
    - twice as much of its evidence lies on the crop's border as the border's share of the area;
    - more of its evidence lies beside the fluke than the background's share of the area, which is
      what heatmaps that ignore the fluke would give;
    - at least 5 % of its evidence lies on printed text, and twice the text's share of the area;
    - at least half of it are blurred photos, or new whales, and twice as many as of all heatmaps.

    Parameters
    ----------
    labels : ndarray of shape (heatmaps,), int
    values : ndarray of shape (heatmaps, rows, cols)
    individuals : sequence of str
        The candidate of each heatmap.
    blurred, new : ndarray of shape (heatmaps,), bool
        Whether the photo is blurred, and whether its whale is not yet known.
    surroundings : Surroundings
    photographed : sequence of str or None
        Whom the photo of each heatmap shows; None where the catalogue does not say.
    aligned : bool
        Whether heatmaps that rest more on the right were turned before they were compared; their
        parts of the fluke are then those of the turned heatmaps.

    Returns
    -------
    list of ClusterMeaning
        By number of the cluster.
    """
    labels, names = np.asarray(labels), np.asarray(individuals, dtype=object)
    shown = np.asarray(photographed, dtype=object)
    ring = border(*values.shape[1:])
    on_parts, right = part_shares(values), mirrored(values)
    if aligned:
        # Turning a heatmap makes its tips change places; the other parts lie on both sides alike.
        on_parts[right, :2] = on_parts[right, 1::-1]
    on_border = mass_shares(values, ring[None])[:, 0]
    lit = on_parts.sum(axis=1) > 0
    meanings = []
    for cluster in np.unique(labels).tolist():
        here = labels == cluster
        candidates, animals = _counted(names[here]), _counted(shown[here])
        individual, most = candidates[0]
        animal, most_photos = animals[0] if animals else (None, 0)
        photo_purity = most_photos / int(here.sum())
        chance = float((shown == animal).mean())
        found = ClusterMeaning(
            cluster=cluster,
            heatmaps=int(here.sum()),
            individuals=len(candidates),
            purity=most / int(here.sum()),
            individual=individual,
            photo_individuals=len(animals),
            photo_purity=photo_purity,
            photo_individual=animal,
            one_whale=most_photos > 1 and photo_purity >= max(MOST, MORE_THAN_CHANCE * chance),
            part_shares={
                part: float(on_parts[here, column].sum() / max(1, (here & lit).sum()))
                for column, part in enumerate(PARTS)
            },
            border_share=_mean(on_border[here & lit]),
            background_share=_mean(surroundings.background[here & lit]),
            printed_share=_mean(surroundings.printed[here & lit]),
            mirrored_share=_mean(right[here]),
            blurred_share=_mean(blurred[here]),
            new_share=_mean(new[here]),
        )
        by_chance = {
            "border": float(ring.mean()),
            "background": _mean(surroundings.background_area[here & lit]),
            "printed": _mean(surroundings.printed_area[here & lit]),
            "blurred": _mean(blurred),
            "new": _mean(new),
        }
        meanings.append(_warned(found, by_chance))
    return meanings


def _warned(found: ClusterMeaning, chance: dict[str, float]) -> ClusterMeaning:
    """The same with its warnings; a comparison with nan warns of nothing."""
    if found.heatmaps < FEW:
        number = "heatmap is" if found.heatmaps == 1 else "heatmaps are"
        few = f"Only {found.heatmaps} {number} here: too few to say what they share."
        return replace(found, warnings=(few,))
    sentences = []
    if found.one_whale:
        sentences.append(
            f"{found.photo_purity:.0%} of these heatmaps are of photos of one whale, "
            f"{found.photo_individual}: the cluster is about this animal, not about a kind of "
            "evidence."
        )
    if found.border_share >= MORE_THAN_CHANCE * chance["border"]:
        sentences.append(
            f"{found.border_share:.0%} of the evidence lies on the border of the picture, which is "
            f"{chance['border']:.0%} of its area: look whether the crops cut the fluke off."
        )
    if found.background_share > chance["background"]:
        sentences.append(
            f"{found.background_share:.0%} of the evidence lies beside the fluke, on sea or sky, "
            f"which are {chance['background']:.0%} of the area: it says little about the animal."
        )
    if found.printed_share >= max(LEAST_PRINTED, MORE_THAN_CHANCE * chance["printed"]):
        sentences.append(
            f"{found.printed_share:.0%} of the evidence lies on printed text: the network reads "
            "the catalogue's label instead of the animal."
        )
    for share, by_chance, photos in (
        (found.blurred_share, chance["blurred"], "blurred photos"),
        (found.new_share, chance["new"], "photos of whales not yet known"),
    ):
        if share >= MOST and share >= MORE_THAN_CHANCE * by_chance:
            sentences.append(
                f"{share:.0%} of these heatmaps are of {photos}, against {by_chance:.0%} of all."
            )
    return replace(found, warnings=tuple(sentences))


def _counted(names: np.ndarray) -> list[tuple[str, int]]:
    """How often each name occurs, the most frequent first; None is no name."""
    counts = Counter(name for name in names.tolist() if name is not None)
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _mean(shares: np.ndarray) -> float:
    """Mean without nan; nan where nothing is left."""
    known = np.asarray(shares, np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")
