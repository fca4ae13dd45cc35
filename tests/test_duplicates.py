import csv
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from whalecore.errors import SettingsError
from whalecore.photos import duplicates
from whalecore.photos.decode import load_photo
from whalecore.photos.duplicates import (
    close_pairs,
    copies_of,
    group_numbers,
    look_alike_groups,
    near_duplicate_groups,
    perceptual_hash,
)
from whalecore.types import Photo

FLUKES = Path(__file__).resolve().parents[1] / ".." / "shared" / "flukes"


def picture(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (12, 24, 3), np.uint8)
    return Image.fromarray(noise).resize((320, 160)).filter(ImageFilter.GaussianBlur(2))


def hash_of(image: Image.Image) -> str:
    return perceptual_hash(Photo(photo_id="0" * 16, name="x", pixels=np.asarray(image)))


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def flipped(text: str, bits: list[int]) -> str:
    """The hash with some of its 320 bits turned over."""
    value = int(text, 16)
    for bit in bits:
        value ^= 1 << (319 - bit)
    return f"{value:080x}"


def differing_bits(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


def test_copies_are_found_and_other_photos_are_not():
    first, second = picture(1), picture(2)
    photos = [
        first,
        second,
        jpeg(first, 30),
        picture(3),
        first.resize((160, 80)),
        first.convert("L").convert("RGB"),
        second.crop((3, 2, 317, 158)),
    ]
    assert near_duplicate_groups([hash_of(photo) for photo in photos]) == [[0, 2, 4, 5], [1, 6]]


def test_the_limit_is_the_number_of_fine_bits_that_may_differ():
    start = hash_of(picture(1))
    hashes = [start, flipped(start, list(range(0, 200, 5)))]
    assert differing_bits(*hashes) == 40
    assert near_duplicate_groups(hashes) == [[0, 1]]
    assert near_duplicate_groups(hashes, limit=39) == []


def test_copies_of_one_photo_are_those_within_the_limit():
    start = hash_of(picture(1))
    near, far = (flipped(start, list(range(count))) for count in (40, 41))
    assert copies_of(start, [far, near, start]).tolist() == [False, True, True]
    assert copies_of(start, []).tolist() == []


def test_coarse_bits_make_look_alikes_and_no_copies():
    start = hash_of(picture(1))
    other = flipped(start, list(range(0, 200, 4)))
    assert near_duplicate_groups([start, other]) == []
    assert look_alike_groups([start, other]) == [[0, 1]]
    assert look_alike_groups([start, flipped(other, [256, 270, 290, 300, 319])]) == []


def test_copies_of_copies_are_one_group():
    start = hash_of(picture(1))
    near = flipped(start, list(range(0, 30)))
    far = flipped(near, list(range(100, 130)))
    assert near_duplicate_groups([start, far]) == []
    assert near_duplicate_groups([far, start, near]) == [[0, 1, 2]]


@pytest.mark.parametrize("at_once", [1, 777, 4_000_000])
def test_all_pairs_are_found_as_by_comparing_one_by_one(monkeypatch, at_once):
    generator = np.random.default_rng(0)
    hashes = [generator.bytes(32).hex() for _ in range(60)]
    hashes += [f"{int(hashes[n], 16) ^ (2 ** (n * 2) - 1):064x}" for n in range(40)]
    expected = {
        (a, b)
        for b in range(len(hashes))
        for a in range(b)
        if differing_bits(hashes[a], hashes[b]) <= 40
    }
    monkeypatch.setattr(duplicates, "COMPARED_AT_ONCE", at_once)
    found = list(close_pairs(hashes, 40))
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert len(expected) == 21


def test_a_hash_and_its_opposite_are_not_close():
    assert list(close_pairs(["0" * 64, "f" * 64], 40)) == []


def test_thousands_of_equal_photos_are_one_group():
    assert near_duplicate_groups(["0" * 80] * 20_000) == [list(range(20_000))]


def test_few_photos_are_no_special_case():
    assert near_duplicate_groups([]) == []
    assert near_duplicate_groups([hash_of(picture(1))]) == []


def test_every_photo_gets_a_group_number():
    assert group_numbers([[1, 4], [2, 3]], 6).tolist() == [0, 1, 2, 2, 1, 5]


@pytest.mark.parametrize("text", ["", "0" * 79, "0" * 64, "g" * 80])
def test_a_hash_of_another_kind_is_refused(text):
    with pytest.raises(SettingsError, match="80 hexadecimal digits"):
        near_duplicate_groups([text])


@pytest.mark.slow
@pytest.mark.skipif(not FLUKES.is_dir(), reason="the real fluke photographs are not here")
def test_real_copies_are_found_without_a_false_pair():
    with (FLUKES / "near_duplicates.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    names = sorted(path.name for path in (FLUKES / "train").iterdir())
    hashes = [perceptual_hash(load_photo(FLUKES / "train" / name)) for name in names]
    truth = {frozenset((row["Image"], row["twin"])): row["kind"] for row in listed}

    copies = [{names[i] for i in group} for group in near_duplicate_groups(hashes)]
    assert all(len(group) == 2 for group in copies)
    assert all(truth.get(frozenset(group)) == "same_label" for group in copies)
    assert len(copies) == 17

    alike = [{names[i] for i in group} for group in look_alike_groups(hashes)]
    together = sum(any(pair <= group for group in alike) for pair in truth)
    assert together >= 34
