"""Heatmaps as pictures: over a crop, as a mean, as a thumbnail, with a legend.

Arrays in, arrays or WebP bytes out. A signed map (OSM) is drawn with PRGn: green supports the
individual, purple points to others, and no influence leaves the photo as it is. A Grad-CAM has
no sign and is drawn with a sequential scale.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from whalecore.errors import SettingsError
from whalecore.types import Box

PRGN = (
    (64, 0, 75),
    (118, 42, 131),
    (153, 112, 171),
    (194, 165, 207),
    (231, 212, 232),
    (247, 247, 247),
    (217, 240, 211),
    (166, 219, 160),
    (90, 174, 97),
    (27, 120, 55),
    (0, 68, 27),
)
"""ColorBrewer's PRGn in eleven steps, from -1 (purple) over 0 to +1 (green)."""

CIVIDIS = (
    (0, 34, 78),
    (18, 53, 112),
    (59, 73, 108),
    (87, 93, 109),
    (112, 113, 115),
    (138, 134, 120),
    (165, 156, 116),
    (195, 179, 105),
    (225, 204, 85),
    (254, 232, 56),
)
"""Cividis in ten steps, from 0 (blue) to 1 (yellow): no green or purple, which have a meaning
in a signed map."""

TINTS = (PRGN[2], PRGN[8])
"""PRGn's purple and green as they are laid over a photo, where fading takes the place of the pale
middle; its dark ends would not be seen on a black fluke."""

SIGNED = "signed"
SEQUENTIAL = "sequential"

LEGEND_HEIGHT = 60

SMALLEST_LIMIT = 1e-6
"""Below this the values are rounding noise of the network, not influence."""


def kind_of(method: str) -> str:
    """Colour scale of a method: ``signed`` for ``osm``, ``sequential`` for ``gradcam``."""
    return SIGNED if method == "osm" else SEQUENTIAL


def scale_limit(*grids: np.ndarray) -> float:
    """Largest magnitude in all grids: the end of the scale they share.

    At least ``SMALLEST_LIMIT``, so that a map of nothing but rounding noise stays empty.
    """
    largest = [float(np.abs(_finite(grid)).max()) for grid in grids if np.size(grid)]
    return max([SMALLEST_LIMIT, *largest])


def colours(values: np.ndarray, limit: float, kind: str = SIGNED) -> np.ndarray:
    """Colour of each value on the full scale, as for a heatmap without a photo.

    Parameters
    ----------
    values : ndarray of any shape, float
    limit : float
        End of the scale: -limit..limit for a signed map, 0..limit for a sequential one.
        Values beyond it take the colour of the end.
    kind : str
        ``signed`` or ``sequential``.

    Returns
    -------
    ndarray of shape (..., 3), float32
        Red, green and blue, 0 to 255.
    """
    if not limit > 0:
        raise SettingsError(f"The end of the colour scale is {limit:g}: it must be above 0.")
    relative = _finite(values) / limit
    if kind == SIGNED:
        stops, place = np.asarray(PRGN, np.float32), (np.clip(relative, -1, 1) + 1) / 2
    elif kind == SEQUENTIAL:
        stops, place = np.asarray(CIVIDIS, np.float32), np.clip(relative, 0, 1)
    else:
        raise SettingsError(
            f"The colour scale '{kind}' is unknown: choose '{SIGNED}' or '{SEQUENTIAL}'."
        )
    steps = np.linspace(0, 1, len(stops))
    channels = [np.interp(place, steps, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def tint(
    picture: np.ndarray, values: np.ndarray, limit: float, strength: float, kind: str = SIGNED
) -> np.ndarray:
    """Lay values over a picture of the same size, value by value.

    A value v covers the share ``strength * |v| / limit`` of the picture's pixel with its colour,
    so no influence leaves the pixel as it is and doubled influence covers twice as much.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
    values : ndarray of shape (height, width), float
    limit, strength, kind
        As in `overlay`.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
    """
    if not 0 <= strength <= 1:
        raise SettingsError(f"The strength {strength:g} is not allowed: choose 0 to 1.")
    full = colours(values, limit, kind)
    relative = _finite(values) / limit
    if kind == SIGNED:
        full = np.where(relative[..., None] < 0, *np.asarray(TINTS, np.float32))
        relative = np.abs(relative)
    cover = strength * np.clip(relative, 0, 1)[..., None]
    mixed = picture.astype(np.float32) * (1 - cover) + full * cover
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def enlarge(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """A native grid at the size of a crop, bilinear, float32 of shape (height, width)."""
    grid = _finite(values)
    if grid.ndim != 2 or grid.size == 0:
        raise SettingsError(
            f"A heatmap of shape {grid.shape} cannot be drawn: it needs rows and columns."
        )
    if height < 1 or width < 1:
        raise SettingsError(f"A picture of {height} x {width} pixels is not allowed: at least 1.")
    picture = Image.fromarray(np.ascontiguousarray(grid))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def overlay(
    crop: np.ndarray,
    values: np.ndarray,
    strength: float = 0.8,
    limit: float | None = None,
    kind: str = SIGNED,
) -> np.ndarray:
    """A heatmap laid over a crop.

    Parameters
    ----------
    crop : ndarray of shape (height, width, 3), uint8
    values : ndarray of shape (rows, cols), float
        The method's own grid; enlarged to the crop.
    strength : float
        0 shows the crop alone, 1 hides it where the influence is largest.
    limit : float, optional
        End of the colour scale; the largest magnitude of the map where not given. Give one
        limit to maps that are to be compared.
    kind : str
        ``signed`` (OSM) or ``sequential`` (Grad-CAM).

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
    """
    photo = _colour_picture(crop)
    limit = scale_limit(values) if limit is None else limit
    return tint(photo, enlarge(values, *photo.shape[:2]), limit, strength, kind)


def heatmap_picture(
    values: np.ndarray,
    height: int,
    width: int,
    limit: float | None = None,
    kind: str = SIGNED,
) -> np.ndarray:
    """A heatmap without a photo, on the scale's own colours (white is no influence)."""
    limit = scale_limit(values) if limit is None else limit
    return np.rint(colours(enlarge(values, height, width), limit, kind)).astype(np.uint8)


def difference(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How far one heatmap lies above another one of the same photo, place by place.

    Both are brought to the finer grid of the two, and each is divided by its own largest
    magnitude: maps of other methods, patches or layers have other units and strengths, so that
    only their patterns can be compared.

    Returns
    -------
    ndarray of shape (rows, cols), float32
        ``left`` - ``right``, -2 to 2; 1 is as much as the strongest place of either map.
    """
    rows, cols = np.maximum(np.shape(left), np.shape(right))
    one, two = (enlarge(map_, rows, cols) / scale_limit(map_) for map_ in (left, right))
    return one - two


def mean_heatmap(values: np.ndarray) -> np.ndarray:
    """Mean over heatmaps, (heatmaps, rows, cols) to (rows, cols), float32."""
    stack = _finite(values)
    if stack.ndim != 3 or not len(stack):
        raise SettingsError(
            f"A stack of shape {stack.shape} has no mean heatmap: it needs at least one heatmap."
        )
    return stack.mean(axis=0, dtype=np.float64).astype(np.float32)


def legend(
    limit: float,
    kind: str = SIGNED,
    unit: str = "score",
    width: int = 420,
    strength: float | None = None,
    dark: bool = False,
    words: tuple[str, str, str] | None = None,
) -> np.ndarray:
    """The colour scale as a strip with numbers in the map's unit, on a transparent ground.

    Parameters
    ----------
    limit : float
        End of the scale, in the map's unit.
    kind : str
        ``signed`` or ``sequential``.
    unit : str
        What the numbers are: ``score``, ``logit`` or ``gradient``.
    width : int
        In pixels.
    strength : float, optional
        Where given, the scale as it looks over white and over black parts of a photo; otherwise
        as it looks without a photo.
    dark : bool
        True for light writing on a dark page.
    words : (str, str, str), optional
        What the left end, the numbers and the right end mean, where that is something else.

    Returns
    -------
    ndarray of shape (60, width, 4), uint8
        Red, green, blue, opacity.
    """
    ink = (225, 233, 238, 255) if dark else (30, 45, 56, 255)
    low = -limit if kind == SIGNED else 0.0
    left, right, top, bottom = 30, width - 30, 2, 22
    picture = Image.new("RGBA", (width, LEGEND_HEIGHT), (0, 0, 0, 0))
    values = np.tile(np.linspace(low, limit, right - left), (bottom - top, 1))
    if strength is None:
        scale = np.rint(colours(values, limit, kind)).astype(np.uint8)
    else:
        ground = np.full((*values.shape, 3), 255, np.uint8)
        ground[len(ground) // 2 :] = 0
        scale = tint(ground, values, limit, strength, kind)
    picture.paste(Image.fromarray(scale), (left, top))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((left - 1, top - 1, right, bottom), outline=ink)
    font = ImageFont.load_default(size=12)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        place = left + share * (right - left - 1)
        value = low + share * (limit - low)
        draw.line((place, bottom, place, bottom + 4), fill=ink)
        draw.text((place, bottom + 4), _number(value, kind), fill=ink, font=font, anchor="ma")
    if words is None:
        signed = ("points to others", f"change of {unit}", "supports")
        words = signed if kind == SIGNED else ("none", unit, "strongest")
    draw.text((width / 2, LEGEND_HEIGHT - 1), "  ·  ".join(words), fill=ink, font=font, anchor="md")
    return np.asarray(picture)


def draw_box(
    photo: np.ndarray, box: Box, colour: tuple[int, int, int] = (255, 176, 0)
) -> np.ndarray:
    """A copy of the photo with the box drawn on it, in a colour seen on sea, sky and fluke.

    A dark line lies inside the coloured one, so that the box shows on a bright sky as well.
    """
    picture = Image.fromarray(_colour_picture(photo))
    draw = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 200))
    edges = _edges_inside(box, picture.width, picture.height)
    draw.rectangle(edges, outline=colour, width=line)
    inner = (edges[0] + line, edges[1] + line, edges[2] - line, edges[3] - line)
    if inner[2] > inner[0] and inner[3] > inner[1]:
        draw.rectangle(inner, outline=(15, 25, 32), width=1)
    return np.asarray(picture)


def thumbnail(picture: np.ndarray, width: int = 200, quality: int = 78) -> bytes:
    """A picture as WebP bytes, at most ``width`` wide, its proportions kept."""
    image = Image.fromarray(_colour_picture(picture))
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=quality, method=2)
    return buffer.getvalue()


def picture_bytes(picture: np.ndarray, lossless: bool = False) -> bytes:
    """A picture with or without opacity as WebP bytes, in its own size."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="WEBP", quality=85, method=2, lossless=lossless)
    return buffer.getvalue()


def contact_cell(
    crop: np.ndarray,
    values: np.ndarray,
    strength: float = 0.8,
    limit: float | None = None,
    kind: str = SIGNED,
    width: int = 200,
) -> bytes:
    """A cell of a contact sheet: the crop under its heatmap, as WebP bytes."""
    photo = Image.fromarray(_colour_picture(crop))
    if photo.width > width:
        height = max(1, round(photo.height * width / photo.width))
        photo = photo.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return thumbnail(overlay(np.asarray(photo), values, strength, limit, kind), width)


def _edges_inside(box: Box, width: int, height: int) -> tuple[float, float, float, float]:
    x0, x1 = (float(np.clip(x, 0, width - 1)) for x in (box.x0, box.x1 - 1))
    y0, y1 = (float(np.clip(y, 0, height - 1)) for y in (box.y0, box.y1 - 1))
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _number(value: float, kind: str) -> str:
    if value == 0:
        return "0"
    return f"{value:+.2g}" if kind == SIGNED else f"{value:.2g}"


def _finite(values: np.ndarray) -> np.ndarray:
    """float32 copy in which what is not a number counts as no influence."""
    return np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _colour_picture(picture: np.ndarray) -> np.ndarray:
    array = np.asarray(picture)
    if array.ndim != 3 or array.shape[2] != 3 or array.size == 0 or array.dtype != np.uint8:
        raise SettingsError(
            f"A picture of shape {array.shape} and type {array.dtype} cannot be drawn: "
            "it needs height, width and three colours of 0 to 255."
        )
    return np.ascontiguousarray(array)
