"""Heatmaps as points: pooled, scaled to [0, 1] and projected on their principal components.

A heatmap is described by one or more *parts*: maps of the same photo and individual by different
methods or settings. Maps are stored in half precision and are many, so that they are described in
blocks and never converted as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whalecore.clusters.alike import Alike
from whalecore.errors import SettingsError

POOL = 4
"""Pixels of the model's input that the paper pools along each axis."""

COMPONENTS = 1000
"""Largest number of principal components."""

SAMPLE = 10_000
"""Heatmaps that principal components are fitted on, where there are more."""

BLOCK = 2000
"""Heatmaps that are described together."""

Stacks = np.ndarray | Sequence[np.ndarray]
"""Heatmaps (heatmaps, rows, cols), or several such arrays, one per part."""


def pool_of(stride: int) -> int:
    """Return how many cells are pooled along each axis: 4 pixels of the input, at least a cell."""
    if stride < 1:
        raise SettingsError(f"The stride {stride} is too small: use at least 1 pixel.")
    return max(1, POOL // stride)


def parts_of(stacks: Stacks) -> tuple[np.ndarray, ...]:
    """The parts of heatmaps: one array alone is one part.

    Raises
    ------
    SettingsError
        If a part is no stack of maps, or the parts have different numbers of heatmaps.
    """
    parts = (stacks,) if isinstance(stacks, np.ndarray) else tuple(map(np.asarray, stacks))
    for part in parts:
        if part.ndim != 3 or 0 in part.shape:
            raise SettingsError(
                f"Heatmaps to be clustered have the shape (heatmaps, rows, cols), not {part.shape}:"
                " compute heatmaps first and stack those of one method and one setting."
            )
    counts = [len(part) for part in parts]
    if len(set(counts)) != 1:
        raise SettingsError(
            f"The parts hold {' and '.join(map(str, counts)) or 'no'} heatmaps: give for every "
            "heatmap one map of each method and setting, in the same order."
        )
    return parts


def descriptors(
    stacks: Stacks, strides: int | Sequence[int], signed: bool = False, aligned: bool = False
) -> np.ndarray:
    """Describe each heatmap by its pooled cells, brought to the range 0 to 1.

    Parameters
    ----------
    stacks : ndarray of shape (heatmaps, rows, cols), or a sequence of them
        The parts; any float dtype.
    strides : int, or one per part
        Distance of neighbouring cells in pixels of the model's input: blocks of 4 x 4 pixels
        are pooled by their maximum, so a stride of 4 or more is left as it is. Blocks at the
        right and lower edge may be smaller.
    signed : bool
        Whether what speaks against the individual is kept apart: the positive and the negative
        values are pooled by their maximum each, and both divided by the largest absolute value.
        A part is then twice as long: first its positive, then its negative cells. Otherwise the
        smallest pooled value becomes 0 and the largest 1, as in the paper.
    aligned : bool
        Whether maps that rest more on the right half are mirrored first, see `mirrored`; the
        first part decides for all parts of a heatmap.

    Returns
    -------
    ndarray of shape (heatmaps, features), float32
        The parts one after the other. Each is divided by the root of parts * length / features,
        so that long and short parts weigh alike; a single part is left as it is. A map without
        any difference, or without any value if signed, is all 0.

    Raises
    ------
    SettingsError
        If the values are not stacks of maps or not all finite.

    References
    ----------
    Kierdorf et al. 2020, section 4.2.
    """
    parts = parts_of(stacks)
    strides = _one_per_part(strides, len(parts))
    _check_finite(parts)
    features = sum(_lengths([part.shape[1:] for part in parts], strides, signed))
    described = np.empty((len(parts[0]), features), np.float32)
    for block in _blocks(len(described)):
        described[block] = _described([part[block] for part in parts], strides, signed, aligned)
    return described


def mirrored(stack: np.ndarray) -> np.ndarray:
    """Whether the positive values of a map sum to more on its right half than on its left.

    The middle column of an odd number belongs to neither half.

    Parameters
    ----------
    stack : ndarray of shape (heatmaps, rows, cols)

    Returns
    -------
    ndarray of shape (heatmaps,), bool
    """
    (stack,) = parts_of(stack)
    half = stack.shape[2] // 2
    heavier = np.empty(len(stack), bool)
    for block in _blocks(len(stack)):
        positive = np.maximum(stack[block], 0).sum(axis=1, dtype=np.float64)
        left, right = positive[:, :half], positive[:, ::-1][:, :half]
        heavier[block] = right.sum(axis=1) > left.sum(axis=1)
    return heavier


def turned(stack: np.ndarray) -> np.ndarray:
    """The same maps, those mirrored that rest more on the right half; see `mirrored`."""
    return np.where(mirrored(stack)[:, None, None], stack[:, :, ::-1], stack)


MOST_KEPT = 128
"""Components that are kept at most to place heatmaps to come."""

VARIANCE_KEPT = 0.999
"""Share of the variance that is kept to place heatmaps to come."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The way from a heatmap to the point it is clustered by; kept for heatmaps to come.

    Attributes
    ----------
    shapes : tuple of (int, int)
        Rows and columns of the heatmaps it was fitted on, one pair per part.
    strides : tuple of int
        In pixels of the model's input, one per part.
    signed, aligned : bool
        See `descriptors`.
    mean : ndarray of shape (features,), float32
    components : ndarray of shape (components, features), float32 or float16
    """

    shapes: tuple[tuple[int, int], ...]
    strides: tuple[int, ...]
    signed: bool
    aligned: bool
    mean: np.ndarray
    components: np.ndarray

    @property
    def features(self) -> int:
        """Length of a heatmap's descriptor."""
        return sum(_lengths(self.shapes, self.strides, self.signed))

    def points(self, stacks: Stacks) -> np.ndarray:
        """Return the points of heatmaps; those that are described alike have the same point.

        Parameters
        ----------
        stacks : ndarray of shape (heatmaps, rows, cols), or a sequence of them
            The same parts as those the projection was fitted on.

        Returns
        -------
        ndarray of shape (heatmaps, components), float32

        Raises
        ------
        SettingsError
            If the heatmaps have other parts or grids than those the projection was fitted on.
        """
        parts = parts_of(stacks)
        points = np.empty((len(parts[0]), len(self.components)), np.float32)
        self._check(parts)
        same = Alike()
        for block in _blocks(len(points)):
            described = self._described([part[block] for part in parts])
            points[block] = self.project(described)
            # A product of matrices rounds the same row differently at different places.
            points[block] = points[same.numbers(described)]
        return points

    def describe(self, stacks: Stacks) -> np.ndarray:
        """Return the descriptors of heatmaps, (heatmaps, features) float32; see `points`."""
        parts = parts_of(stacks)
        self._check(parts)
        return self._described(parts)

    def project(self, described: np.ndarray) -> np.ndarray:
        """Return the points (heatmaps, components), float32, of descriptors."""
        return (described - self.mean) @ self.components.T.astype(np.float32, copy=False)

    def _described(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        return _described(parts, self.strides, self.signed, self.aligned)

    def _check(self, parts: Sequence[np.ndarray]) -> None:
        shapes = tuple(part.shape[1:] for part in parts)
        if shapes != self.shapes:
            raise SettingsError(
                f"These heatmaps have {_in_words(shapes)} cells, the clustered ones "
                f"{_in_words(self.shapes)}: use the same methods, patch, stride and model."
            )
        _check_finite(parts)


def shortened(projection: Projection, points: np.ndarray) -> Projection:
    """The leading components that hold 99.9 % of the points' variance, at most 128.

    Enough to tell which heatmaps are near, at a fraction of the size and time of them all; rounded
    to half precision, as they are stored.
    """
    each = sum(
        np.square(points[block], dtype=np.float64).sum(axis=0) for block in _blocks(len(points))
    )
    variance = np.cumsum(each)
    kept = min(MOST_KEPT, int(np.searchsorted(variance, VARIANCE_KEPT * variance[-1])) + 1)
    rounded = projection.components[:kept].astype(np.float16).astype(np.float32)
    return replace(projection, components=rounded)


def fit_projection(
    stacks: Stacks,
    strides: int | Sequence[int],
    seed: int = 0,
    signed: bool = False,
    aligned: bool = False,
    components: int = COMPONENTS,
    sample: int = SAMPLE,
) -> Projection:
    """Fit the principal components of heatmaps.

    Parameters
    ----------
    stacks : ndarray of shape (heatmaps, rows, cols), or a sequence of them
    strides, signed, aligned
        See `descriptors`.
    seed : int
        Of the sample, and of the approximate decomposition that is used for long descriptors.
    components : int
        Largest number of components; fewer where there are fewer heatmaps or features.
    sample : int
        Heatmaps it is fitted on, drawn at random; all where there are no more.

    Returns
    -------
    Projection
    """
    from sklearn.decomposition import PCA

    parts = parts_of(stacks)
    strides = _one_per_part(strides, len(parts))
    # In double precision where all heatmaps count; a sample is an estimate in any case.
    precision = np.float64
    if len(parts[0]) > sample:
        drawn = np.random.default_rng(seed).choice(len(parts[0]), sample, replace=False)
        drawn.sort()
        parts = tuple(part[drawn] for part in parts)
        precision = np.float32
    described = descriptors(parts, strides, signed, aligned).astype(precision, copy=False)
    count, features = described.shape
    mean = described.mean(axis=0, dtype=np.float64).astype(np.float32)
    if np.ptp(described, axis=0).max() == 0:
        axes = np.eye(1, features)
    else:
        kept = max(1, min(components, count - 1, features))
        # The descriptors are not needed again: without a copy of them half the memory is enough.
        axes = PCA(n_components=kept, random_state=seed, copy=False).fit(described).components_
    return Projection(
        shapes=tuple(part.shape[1:] for part in parts),
        strides=strides,
        signed=signed,
        aligned=aligned,
        mean=mean,
        components=axes.astype(np.float32),
    )


def _described(
    parts: Sequence[np.ndarray], strides: Sequence[int], signed: bool, aligned: bool
) -> np.ndarray:
    """Descriptors of one block of heatmaps, (heatmaps, features) float32."""
    if aligned:
        flipped = mirrored(parts[0])[:, None, None]
        parts = [np.where(flipped, part[:, :, ::-1], part) for part in parts]
    scaled = [
        _scaled(part.astype(np.float32), pool_of(stride), signed)
        for part, stride in zip(parts, strides, strict=True)
    ]
    if len(scaled) == 1:
        return scaled[0]
    mean_length = sum(part.shape[1] for part in scaled) / len(scaled)
    return np.concatenate(
        [part * np.float32((mean_length / part.shape[1]) ** 0.5) for part in scaled], axis=1
    )


def _scaled(values: np.ndarray, pool: int, signed: bool) -> np.ndarray:
    if signed:
        both = (_pooled(np.maximum(side, 0), pool) for side in (values, -values))
        pooled = np.concatenate(list(both), axis=1)
        spread = pooled.max(axis=1, keepdims=True)
        return pooled / np.where(spread > 0, spread, 1)
    pooled = _pooled(values, pool)
    low = pooled.min(axis=1, keepdims=True)
    spread = pooled.max(axis=1, keepdims=True) - low
    return (pooled - low) / np.where(spread > 0, spread, 1)


def _pooled(values: np.ndarray, pool: int) -> np.ndarray:
    """Largest value of each block of cells, (heatmaps, blocks)."""
    count, rows, cols = values.shape
    high, wide = -(-rows // pool), -(-cols // pool)
    padding = ((0, 0), (0, high * pool - rows), (0, wide * pool - cols))
    padded = np.pad(values, padding, constant_values=-np.inf)
    return padded.reshape(count, high, pool, wide, pool).max(axis=(2, 4)).reshape(count, -1)


def _lengths(shapes: Sequence[tuple[int, int]], strides: Sequence[int], signed: bool) -> list[int]:
    pools = [pool_of(stride) for stride in strides]
    return [
        -(-rows // pool) * -(-cols // pool) * (2 if signed else 1)
        for (rows, cols), pool in zip(shapes, pools, strict=True)
    ]


def _one_per_part(strides: int | Sequence[int], parts: int) -> tuple[int, ...]:
    given = (strides,) * parts if isinstance(strides, int | np.integer) else tuple(strides)
    if len(given) != parts:
        raise SettingsError(
            f"{len(given)} strides were given for {parts} parts of a heatmap: give one for all, "
            "or one for each part."
        )
    return tuple(int(stride) for stride in given)


def _check_finite(parts: Sequence[np.ndarray]) -> None:
    broken = np.zeros(len(parts[0]), bool)
    for part in parts:
        for block in _blocks(len(part)):
            broken[block] |= ~np.isfinite(part[block]).all(axis=(1, 2))
    if broken.any():
        raise SettingsError(
            f"{broken.sum()} of {len(broken)} heatmaps hold values that are not finite, the first "
            f"at place {int(broken.argmax())}: compute them again."
        )


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))


def _in_words(shapes: Sequence[tuple[int, int]]) -> str:
    return " and ".join(f"({rows}, {cols})" for rows, cols in shapes)
