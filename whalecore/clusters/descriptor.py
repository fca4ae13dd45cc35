"""Heatmaps as points: pooled, scaled to [0, 1] and projected on their principal components."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from whalecore.errors import SettingsError

POOL = 4
"""Pixels of the model's input that the paper pools along each axis."""

COMPONENTS = 1000
"""Largest number of principal components."""


def pool_of(stride: int) -> int:
    """Return how many cells are pooled along each axis: 4 pixels of the input, at least a cell."""
    if stride < 1:
        raise SettingsError(f"The stride {stride} is too small: use at least 1 pixel.")
    return max(1, POOL // stride)


def descriptors(values: np.ndarray, stride: int) -> np.ndarray:
    """Describe each heatmap by its pooled cells, brought to the range 0 to 1.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols), float
    stride : int
        Distance of neighbouring cells in pixels of the model's input: blocks of 4 x 4 pixels
        are pooled by their maximum, so a stride of 4 or more is left as it is. Blocks at the
        right and lower edge may be smaller.

    Returns
    -------
    ndarray of shape (heatmaps, ceil(rows / pool) * ceil(cols / pool)), float32
        Each map has 0 as its smallest and 1 as its largest value; a constant map is all 0.

    Raises
    ------
    SettingsError
        If the values are not a stack of maps or not all finite.

    References
    ----------
    Kierdorf et al. 2020, section 4.2.
    """
    if values.ndim != 3 or 0 in values.shape:
        raise SettingsError(
            f"Heatmaps to be clustered have the shape (heatmaps, rows, cols), not {values.shape}: "
            "compute heatmaps first and stack those of one method and one setting."
        )
    broken = ~np.isfinite(values).all(axis=(1, 2))
    if broken.any():
        raise SettingsError(
            f"{broken.sum()} of {len(values)} heatmaps hold values that are not finite, the first "
            f"at place {int(broken.argmax())}: compute them again."
        )
    pool = pool_of(stride)
    count, rows, cols = values.shape
    high, wide = -(-rows // pool), -(-cols // pool)
    padding = ((0, 0), (0, high * pool - rows), (0, wide * pool - cols))
    padded = np.pad(values.astype(np.float32), padding, constant_values=-np.inf)
    pooled = padded.reshape(count, high, pool, wide, pool).max(axis=(2, 4)).reshape(count, -1)
    low = pooled.min(axis=1, keepdims=True)
    spread = pooled.max(axis=1, keepdims=True) - low
    return (pooled - low) / np.where(spread > 0, spread, 1)


VARIANCE_KEPT = 0.99
"""Share of the variance that is kept to place heatmaps to come."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The way from a heatmap to the point it is clustered by; kept for heatmaps to come.

    Attributes
    ----------
    rows, cols : int
        Cells of the heatmaps it was fitted on.
    stride : int
        In pixels of the model's input.
    mean : ndarray of shape (features,), float32
    components : ndarray of shape (components, features), float32 or float16
    """

    rows: int
    cols: int
    stride: int
    mean: np.ndarray
    components: np.ndarray

    def points(self, values: np.ndarray) -> np.ndarray:
        """Return the points of heatmaps.

        Parameters
        ----------
        values : ndarray of shape (heatmaps, rows, cols)

        Returns
        -------
        ndarray of shape (heatmaps, components), float32

        Raises
        ------
        SettingsError
            If the heatmaps have another grid than those the projection was fitted on.
        """
        if values.shape[1:] != (self.rows, self.cols):
            raise SettingsError(
                f"These heatmaps have {values.shape[1:]} cells, the clustered ones "
                f"({self.rows}, {self.cols}): use the same method, patch, stride and model."
            )
        return (descriptors(values, self.stride) - self.mean) @ self.components.T.astype(np.float32)


def shortened(projection: Projection, points: np.ndarray) -> Projection:
    """The leading components that hold 99 % of the points' variance, in half precision.

    Enough to tell which heatmaps are near, at a tenth of the size of them all.
    """
    variance = np.cumsum(np.square(points, dtype=np.float64).sum(axis=0))
    kept = int(np.searchsorted(variance, VARIANCE_KEPT * variance[-1])) + 1
    return replace(projection, components=projection.components[:kept].astype(np.float16))


def fit_projection(values: np.ndarray, stride: int, seed: int = 0) -> Projection:
    """Fit the principal components of heatmaps.

    Parameters
    ----------
    values : ndarray of shape (heatmaps, rows, cols)
    stride : int
        See `descriptors`.
    seed : int
        Of the approximate decomposition that is used for many long descriptors.

    Returns
    -------
    Projection
        On at most 1000 components, fewer where there are fewer heatmaps or features.
    """
    from sklearn.decomposition import PCA

    described = descriptors(values, stride).astype(np.float64)
    count, features = described.shape
    if np.ptp(described, axis=0).max() == 0:
        components = np.eye(1, features)
    else:
        kept = max(1, min(COMPONENTS, count - 1, features))
        components = PCA(n_components=kept, random_state=seed).fit(described).components_
    return Projection(
        rows=values.shape[1],
        cols=values.shape[2],
        stride=stride,
        mean=described.mean(axis=0).astype(np.float32),
        components=components.astype(np.float32),
    )
