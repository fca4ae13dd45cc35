"""Turn the bytes of a file into an upright 8-bit RGB photo, or refuse it in one sentence."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from whalecore.errors import PhotoError
from whalecore.photos.exif import UNREADABLE, read_exif
from whalecore.photos.text import printable
from whalecore.types import Photo

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
"""Kinds of file that are opened; Pillow's many other readers are never tried."""

MAX_PIXELS = 50_000_000
"""Larger photos are refused by what their header says, before anything is decoded."""

MAX_BYTES = 300_000_000
"""Larger files are refused before they are read: 50 megapixels need no more."""

BACKGROUND = 128
"""Grey shown through transparent pixels: neither black nor burnt out."""

DAMAGE = (*UNREADABLE, MemoryError, Image.DecompressionBombError)
"""Everything Pillow's readers raise on damaged files."""


def photo_id_of(data: bytes) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def load_photo(source: str | Path | bytes, name: str | None = None) -> Photo:
    """Read one photo: JPEG, PNG, WEBP or TIFF of at most 50 megapixels.

    EXIF orientation is applied; 16-bit and float grey is scaled to 8 bits, transparency is
    laid over grey. Damaged EXIF is ignored; a damaged picture is refused.

    Parameters
    ----------
    source : str, Path or bytes
        A file, or its bytes.
    name : str, optional
        Name for people; by default the file's name.

    Returns
    -------
    Photo
        ``pixels`` is a uint8 array of shape (height, width, 3) that cannot be written to.

    Raises
    ------
    PhotoError
        When the file is missing, empty, too large, damaged or of another kind.
    """
    if isinstance(source, bytes):
        data, name = source, name or "the photo"
    else:
        name = name or Path(source).name
        data = _read_bytes(Path(source), name)
    shown = printable(name)
    if not data:
        raise PhotoError(f"'{shown}' is empty (0 bytes): copy it again from the camera or archive.")
    image = _open(data, shown)
    _check_header(image, shown)
    try:
        image.load()
        # Only now: Pillow turns TIFF upright while loading, and then says so in the EXIF.
        exif = read_exif(image)
        pixels = _to_rgb(image, shown)
    except DAMAGE as error:
        raise PhotoError(
            f"'{shown}' is damaged or cut short: copy it again from the camera or archive."
        ) from error
    pixels = np.ascontiguousarray(_upright(pixels, exif.orientation))
    pixels.flags.writeable = False
    return Photo(
        photo_id=photo_id_of(data),
        name=name,
        pixels=pixels,
        taken_at=exif.taken_at,
        latitude=exif.latitude,
        longitude=exif.longitude,
    )


def _read_bytes(path: Path, name: str) -> bytes:
    shown = printable(name)
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise PhotoError(f"The photo '{shown}' {what}: check its name and folder.")
        if path.stat().st_size > MAX_BYTES:
            raise PhotoError(
                f"'{shown}' is larger than {MAX_BYTES // 1_000_000} megabytes: "
                "save it as a JPEG and try again."
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise PhotoError(
            f"The photo '{shown}' cannot be read from the disk: check that it is there and that "
            "you may open it."
        ) from error


def _open(data: bytes, shown: str) -> Image.Image:
    if len(data) > MAX_BYTES:
        raise PhotoError(
            f"'{shown}' is larger than {MAX_BYTES // 1_000_000} megabytes: "
            "save it as a JPEG and try again."
        )
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(_too_large(shown, "far more than")) from error
    except UnidentifiedImageError as error:
        raise PhotoError(
            f"'{shown}' is not a JPEG, PNG, WEBP or TIFF photo, whatever its name says: "
            "export it as a JPEG and try again."
        ) from error
    except DAMAGE as error:
        raise PhotoError(
            f"'{shown}' is damaged or cut short: copy it again from the camera or archive."
        ) from error


def _check_header(image: Image.Image, shown: str) -> None:
    """Refuse by the header alone, while nothing has been decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(_too_large(shown, f"{width} x {height} pixels, more than"))
    # Many cameras store a preview behind the photo in one JPEG (multi-picture format): the
    # photo is its first picture. In the other formats several pictures are an animation or
    # a stack, and which of them to take is for a person to say.
    if image.format not in ("JPEG", "MPO") and getattr(image, "is_animated", False):
        raise PhotoError(
            f"'{shown}' holds several pictures (an animation or a stack of pages): "
            "save the one to use as a JPEG and try again."
        )


def _too_large(shown: str, size: str) -> str:
    return (
        f"'{shown}' has {size} the {MAX_PIXELS // 1_000_000} megapixels allowed: "
        "save a smaller copy and try again."
    )


def _to_rgb(image: Image.Image, shown: str) -> np.ndarray:
    """Decoded picture of any mode -> uint8 array of shape (height, width, 3)."""
    if image.mode == "F" or image.mode.startswith("I"):
        grey = _scaled_to_bytes(image, shown)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if "transparency" in image.info or image.mode in ("RGBA", "RGBa", "LA", "La", "PA"):
        picture = image.convert("RGBA")
        ground = Image.new("RGB", picture.size, (BACKGROUND, BACKGROUND, BACKGROUND))
        ground.paste(picture, mask=picture.getchannel("A"))
        return np.asarray(ground)
    return np.asarray(image.convert("RGB"))


def _scaled_to_bytes(image: Image.Image, shown: str) -> np.ndarray:
    """Grey of more than 8 bits -> uint8.

    16-bit grey is full at 65,535. For 32-bit and float grey, white is the smallest of 1 (float
    only), 255 and 65,535 that no pixel exceeds; values outside those are stretched from the
    smallest to the largest.
    """
    values = np.asarray(image, dtype=np.float32)
    if not np.isfinite(values).all():
        raise PhotoError(
            f"'{shown}' holds pixels that are not numbers: export it again as a JPEG or 8-bit TIFF."
        )
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16"):
        whites = (65535.0,)
    elif image.mode == "I":
        whites = (255.0, 65535.0)
    else:
        whites = (1.0, 255.0, 65535.0)
    fitting = [white for white in whites if low >= 0 and high <= white]
    start, white = (0.0, fitting[0]) if fitting else (low, max(high - low, 1e-30))
    return np.rint((values - start) * (255.0 / white)).clip(0, 255).astype(np.uint8)


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo the camera's rotation; orientation as in EXIF, 1 (upright) to 8."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
