import hashlib
import random
import struct
import zlib
from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from whalecore.errors import PhotoError
from whalecore.photos.decode import BACKGROUND, load_photo, photo_id_of

ORIENTATION, CAMERA_BLOCK, PLACE_BLOCK, TAKEN = 0x0112, 0x8769, 0x8825, 0x9003


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def scene(width: int = 64, height: int = 32) -> Image.Image:
    """Red left, blue right, so that every turn shows."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    pixels[: height // 2, :, 1] = 90
    return Image.fromarray(pixels)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to no pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


def with_exif(fill) -> bytes:
    exif = Image.Exif()
    fill(exif)
    return encoded(scene(), "JPEG", exif=exif)


def refusal(source, **options) -> str:
    with pytest.raises(PhotoError) as caught:
        load_photo(source, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_pixels_of_a_lossless_photo_come_out_as_they_went_in(kind):
    photo = load_photo(encoded(scene(), kind, lossless=True))
    assert photo.pixels.dtype == np.uint8
    assert np.array_equal(photo.pixels, np.asarray(scene()))


def test_the_photo_id_is_the_start_of_the_files_sha256(tmp_path):
    data = encoded(scene(), "JPEG")
    (tmp_path / "IMG_1.jpg").write_bytes(data)
    photo = load_photo(tmp_path / "IMG_1.jpg")
    assert photo.photo_id == hashlib.sha256(data).hexdigest()[:16] == photo_id_of(data)
    assert photo.name == "IMG_1.jpg"


def test_pixels_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        load_photo(encoded(scene(), "PNG")).pixels[0, 0] = 1


def test_a_text_file_named_jpg_is_refused(tmp_path):
    (tmp_path / "notes.jpg").write_text("seen off the point, two flukes")
    assert "'notes.jpg' is not a JPEG, PNG, WEBP or TIFF" in refusal(tmp_path / "notes.jpg")


@pytest.mark.parametrize("kind", ["GIF", "BMP", "PPM", "ICO"])
def test_other_picture_kinds_are_never_opened(kind):
    assert "not a JPEG, PNG, WEBP or TIFF" in refusal(encoded(scene(), kind))


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.jpg").touch()
    assert "'empty.jpg' is empty (0 bytes)" in refusal(tmp_path / "empty.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_photo_is_refused_in_one_sentence(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    sentence = refusal(data[: int(len(data) * share)], name="cut")
    assert "'cut' is damaged or cut short" in sentence or "'cut' is not a JPEG" in sentence


def test_a_truncated_progressive_jpeg_is_refused():
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG", progressive=True)
    assert "damaged or cut short" in refusal(data[: len(data) * 2 // 3])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [20_000, 10_000, 7_072])
def test_a_photo_of_more_than_50_megapixels_is_refused_by_its_header_alone(side):
    assert "50 megapixels allowed" in refusal(png_header(side, side))


def test_a_photo_just_under_50_megapixels_gets_past_the_header():
    assert "damaged or cut short" in refusal(png_header(7_071, 7_071))


def test_a_missing_photo_and_a_folder_are_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.jpg")
    assert "is not a file" in refusal(tmp_path)
    assert "'a?b.jpg'" in refusal("a\0b.jpg")


def test_control_characters_of_a_name_do_not_reach_the_message():
    assert "'a?b?.jpg'" in refusal(b"", name="a\nb\x1b.jpg")


def test_cmyk_becomes_rgb():
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    photo = load_photo(encoded(ink, "TIFF"))
    assert tuple(photo.pixels[4, 4]) == (255, 0, 0)
    red = load_photo(encoded(ink, "JPEG", quality=95)).pixels[4, 4].astype(int)
    assert np.abs(red - (255, 0, 0)).max() <= 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_shades(kind):
    ramp = np.array([[0, 257, 25_700, 32_896, 65_535]], np.uint16)
    photo = load_photo(encoded(Image.fromarray(ramp), kind))
    assert photo.pixels[0, :, 0].tolist() == [0, 1, 100, 128, 255]
    assert np.array_equal(photo.pixels[..., 0], photo.pixels[..., 2])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.2, 1.0], [0, 51, 255]),
        ([0.0, 51.0, 200.0], [0, 51, 200]),
        ([0.0, 257.0, 65_535.0], [0, 1, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.5, 0.5, 0.5], [128, 128, 128]),
    ],
)
def test_float_grey_keeps_its_shades(values, expected):
    photo = load_photo(encoded(Image.fromarray(np.array([values], np.float32)), "TIFF"))
    assert photo.pixels[0, :, 0].tolist() == expected


def test_pixels_that_are_not_numbers_are_refused():
    picture = np.full((4, 4), np.nan, np.float32)
    assert "not numbers" in refusal(encoded(Image.fromarray(picture), "TIFF"))


def test_transparent_pixels_show_grey_in_every_mode():
    palette = Image.new("P", (4, 2), 0)
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((0, 0), 1)
    photo = load_photo(encoded(palette, "PNG", transparency=0))
    assert tuple(photo.pixels[0, 0]) == (200, 100, 50)
    assert tuple(photo.pixels[1, 1]) == (BACKGROUND,) * 3

    half = Image.new("RGBA", (2, 2), (255, 255, 255, 0))
    assert tuple(load_photo(encoded(half, "PNG")).pixels[0, 0]) == (BACKGROUND,) * 3
    grey = Image.new("LA", (2, 2), (255, 255))
    assert tuple(load_photo(encoded(grey, "PNG")).pixels[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_black_and_white_grey_and_palette_become_rgb(mode):
    photo = load_photo(encoded(Image.new("L", (5, 3), 255).convert(mode), "PNG"))
    assert photo.pixels.shape == (3, 5, 3)
    assert (photo.pixels == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photo_comes_out_upright(kind, orientation):
    stored = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, 3),
    }[orientation](np.asarray(scene()))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {"lossless": True}
    photo = load_photo(encoded(image, kind, exif=exif, **options))
    assert photo.pixels.shape == (32, 64, 3)
    assert np.abs(photo.pixels.astype(int) - np.asarray(scene())).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_animations_and_stacks_are_refused(kind):
    others = [Image.new("RGB", (64, 32), (0, shade, 0)) for shade in (40, 200)]
    data = encoded(scene(), kind, save_all=True, append_images=others)
    assert "holds several pictures" in refusal(data)


def test_a_jpeg_with_the_cameras_preview_behind_it_is_read():
    data = encoded(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (8, 4))])
    assert load_photo(data).pixels.shape == (32, 64, 3)


def test_date_and_place_are_read_from_exif():
    def fill(exif):
        exif.get_ifd(CAMERA_BLOCK)[TAKEN] = "2019:07:03 14:05:59"
        exif.get_ifd(PLACE_BLOCK).update(
            {1: "N", 2: (42.0, 30.0, 0.0), 3: "W", 4: (70.0, 15.0, 36)}
        )

    photo = load_photo(with_exif(fill))
    assert photo.taken_at == datetime(2019, 7, 3, 14, 5, 59)
    assert photo.latitude == pytest.approx(42.5)
    assert photo.longitude == pytest.approx(-70.26)


@pytest.mark.parametrize("date", ["0000:00:00 00:00:00", "2019:13:45 99:00:00", "yesterday", ""])
def test_an_unreadable_camera_date_counts_as_absent(date):
    def fill(exif):
        exif.get_ifd(CAMERA_BLOCK)[TAKEN] = date

    assert load_photo(with_exif(fill)).taken_at is None


@pytest.mark.parametrize(
    "place",
    [
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "X", 2: (5.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: (5.0, 0.0, 0.0)},
    ],
)
def test_a_place_that_cannot_be_counts_as_absent(place):
    def fill(exif):
        exif.get_ifd(PLACE_BLOCK).update(place)

    photo = load_photo(with_exif(fill))
    assert (photo.latitude, photo.longitude) == (None, None)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_never_stops_a_photo():
    generator = random.Random(0)
    for _ in range(50):
        noise = b"Exif\0\0" + generator.choice([b"MM\0*", b"II*\0", b""]) + generator.randbytes(90)
        photo = load_photo(encoded(scene(), "JPEG", exif=noise))
        assert photo.width * photo.height == 64 * 32


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_flipped_bytes_give_a_photo_or_a_sentence_and_nothing_else(kind):
    generator = random.Random(1)
    data = encoded(scene(), kind)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(generator.randint(1, 6)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        try:
            photo = load_photo(bytes(damaged))
        except PhotoError:
            continue
        assert photo.pixels.shape == (photo.height, photo.width, 3)
