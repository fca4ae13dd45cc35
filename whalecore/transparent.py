"""A heatmap as a transparent picture, to be laid over a photo where it is shown.

Laid over a crop with the opacity ``strength``, it looks as `whalecore.overlays.overlay` with that
strength, but it can be faded and hidden without being drawn again.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from whalecore.overlays import SIGNED, TINTS, colours, enlarge, scale_limit

WIDTH = 360
"""Of the picture, in pixels; a heatmap is smooth."""


def heatmap_layer(
    values: np.ndarray,
    shape: tuple[int, int],
    limit: float | None = None,
    kind: str = SIGNED,
    width: int = WIDTH,
) -> bytes:
    """WebP of the colours of a heatmap, as opaque as its influence is strong.

    Parameters
    ----------
    values : ndarray of shape (rows, cols), float
        The method's own grid.
    shape : (height, width)
        Proportions of the crop.
    limit : float, optional
        Where the colours are full; the largest magnitude of the map where not given.
    kind : str
        ``signed`` (OSM) or ``sequential`` (Grad-CAM).
    width : int
        In pixels.
    """
    limit = scale_limit(values) if limit is None else limit
    grid = enlarge(values, max(1, round(width * shape[0] / shape[1])), width)
    cover = np.clip((np.abs(grid) if kind == SIGNED else grid) / limit, 0, 1)
    if kind == SIGNED:
        full = np.where(grid[..., None] < 0, *np.asarray(TINTS, np.float32))
    else:
        full = colours(grid, limit, kind)
    layer = np.concatenate([full, 255 * cover[..., None]], axis=-1)
    buffer = io.BytesIO()
    # The colours are few and the opacity is smooth: lossless is small, and sharp edges stay.
    Image.fromarray(np.rint(layer).astype(np.uint8), "RGBA").save(
        buffer, format="WEBP", lossless=True, quality=0, method=0, exact=True
    )
    return buffer.getvalue()
